"""Tests of what is heard, and of how it is drawn."""
