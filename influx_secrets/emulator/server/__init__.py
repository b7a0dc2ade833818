"""How the emulator is served."""
