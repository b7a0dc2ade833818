"""Command `review`."""
