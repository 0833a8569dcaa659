"""Scores: Ref-AVS and AVSBench as published, free of batch effects, and DAVIS J&F. Shares are 0 to 100."""

from core.metrics.result import Result, table

__all__ = ["Result", "table"]
