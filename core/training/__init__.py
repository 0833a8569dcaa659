"""Training: one loop, losses, and what each network learns from."""
