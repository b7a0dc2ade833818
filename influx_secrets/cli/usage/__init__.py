"""Command `usage`."""
