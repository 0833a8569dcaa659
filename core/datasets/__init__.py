"""Datasets on disk: paths, reading, writing, checking. One file a layout."""
