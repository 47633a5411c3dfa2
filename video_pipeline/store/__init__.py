"""Owns what is kept: the books in PostgreSQL and the files; hides SQL, the server and the file system."""
