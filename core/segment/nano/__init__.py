"""The nano segmenter: our own small click and propagation network, with weights in assets."""
