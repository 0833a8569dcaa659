"""The cue reasoner: looks, listens, reads, matches, answers and reflects; needs no weights."""
