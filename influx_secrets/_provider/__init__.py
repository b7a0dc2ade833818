"""What runs in the provider process, which the engine starts."""
