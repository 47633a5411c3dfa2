"""Owns the terminal: `video-pipeline`; hides typer and rich. It is the outer door and may use every other room."""

from video_pipeline.cli.app import main

__all__ = ["main"]
