"""Stepping Stone Plus: which pixels sound (AVS), and what they are (AVSS)."""
