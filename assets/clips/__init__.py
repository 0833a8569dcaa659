"""Sample clips, with titles and sentences to try in samples.json; written by `refavs world --samples`."""
