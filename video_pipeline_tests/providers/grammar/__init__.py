"""Tests of the deterministic prompt writer."""
