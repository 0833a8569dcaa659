"""What stands around the player, one file a tab."""
