"""Owns the way from one schema to the next; hides alembic. `schema.py` is its only door."""
