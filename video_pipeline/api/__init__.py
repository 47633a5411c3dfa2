"""Owns the studio over HTTP: the REST API and the page; hides FastAPI. Thin: every verb is a step or the books'."""
