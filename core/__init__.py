"""What the program knows about video, sound, masks, sentences and models; no user interface, no database."""
