"""Tests of the steps room."""
