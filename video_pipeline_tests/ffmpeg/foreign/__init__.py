"""Tests of videos that somebody else made."""
