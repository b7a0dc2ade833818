"""Settings of one server."""
