"""Owns the makers of music, pictures, clips and prompts; hides which vendor stands behind each."""
