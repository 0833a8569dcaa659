"""Sample clips and shipped weights, read through importlib.resources."""
