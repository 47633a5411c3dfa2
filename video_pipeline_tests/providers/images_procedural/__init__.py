"""Tests of the offline pictures."""
