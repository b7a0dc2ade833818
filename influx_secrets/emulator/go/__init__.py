"""How Go reads and writes what travels."""
