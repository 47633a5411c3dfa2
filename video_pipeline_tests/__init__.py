"""Tests of the studio, folder by folder as the package."""
