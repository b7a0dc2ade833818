"""What runs in the user's program."""
