"""Command `adopt`."""
