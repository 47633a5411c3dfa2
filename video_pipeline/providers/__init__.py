"""Owns the makers of music, pictures and prompts; hides which vendor stands behind each."""
