"""Tests of the cache of finished pieces, and of the crew that makes them."""
