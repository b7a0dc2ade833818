"""Command `doctor`."""
