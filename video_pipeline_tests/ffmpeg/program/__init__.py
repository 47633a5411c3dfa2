"""Tests of the ffmpeg program: which one, its arguments, its process."""
