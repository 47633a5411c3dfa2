"""Tests of finished files and their writers, read by eyes other than the engine's."""
