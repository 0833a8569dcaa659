"""Evaluation: a dataset, a system, and the scores of every protocol; streams and can be resumed. No torch
here.
"""

from core.evaluation.run import BrokenSamples, Evaluation, Progress, evaluate, evaluate_each, fingerprint
from core.evaluation.sounds import Audio, parse_audio
from core.evaluation.tasks import LAYOUTS, Scores, Task, task

__all__ = [
    "LAYOUTS",
    "Audio",
    "BrokenSamples",
    "Evaluation",
    "Progress",
    "Scores",
    "Task",
    "evaluate",
    "evaluate_each",
    "fingerprint",
    "parse_audio",
    "task",
]
