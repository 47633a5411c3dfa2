"""Tests of the store, against a real PostgreSQL and a real file system."""
