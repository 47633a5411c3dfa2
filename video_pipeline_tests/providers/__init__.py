"""Tests of the makers of music, pictures and prompts."""
