"""Tests of measuring, mixing and encoding sound."""
