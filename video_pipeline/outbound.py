"""Owns HTTP to addresses that users name; hides DNS, TLS and what may not be reached."""
