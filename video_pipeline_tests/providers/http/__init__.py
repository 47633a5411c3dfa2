"""Calls of vendors' interfaces."""
