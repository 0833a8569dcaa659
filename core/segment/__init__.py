"""Segmenters: prompts -> mask, masks -> track."""

from core.segment.protocol import Click, FrameMask, ObjectId, Prediction, Prompts, Segmenter

__all__ = ["Click", "FrameMask", "ObjectId", "Prediction", "Prompts", "Segmenter"]
