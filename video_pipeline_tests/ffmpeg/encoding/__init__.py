"""Tests of the encoders, and of stretches that join without a trace."""
