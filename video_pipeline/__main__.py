"""Owns `python -m video_pipeline`; hides nothing."""

from video_pipeline.cli import main

if __name__ == "__main__":
    main()
