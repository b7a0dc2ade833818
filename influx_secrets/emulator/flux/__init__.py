"""The part of Flux that the emulator runs."""
