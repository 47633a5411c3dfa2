"""Tests of what is seen at each frame, before it is encoded and after."""
