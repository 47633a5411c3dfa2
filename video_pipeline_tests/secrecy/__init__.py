"""Keys on this machine."""
