"""What the program knows about video, sound, masks, sentences and models; no user interface, no database."""

import os

# Threads of one convolution that wait for each other do so asleep. By default they spin, and on a machine whose
# other core is busy a frame then takes five times as long. OpenMP reads this once, before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
