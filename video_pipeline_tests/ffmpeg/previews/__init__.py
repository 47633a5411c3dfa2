"""Tests of thumbnails, the preview and the drawn programme."""
