"""Owns the revisions, one a module, oldest first; hides nothing."""
