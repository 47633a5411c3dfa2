"""Owns the offline picture provider; hides how its pictures are painted."""
