"""Owns the offline engine of clips; hides how a picture is brought to life.

depth       how near each part of a picture is, and how it is seen from beside
air         mist and motes of light between the picture and the camera
provider    the engine: worker processes and files

All of it is periodic in the turn, 0 to 1 through a clip: its end runs into its beginning, and so does its speed.
"""

from video_pipeline.providers.clips_procedural.provider import ProceduralClips

__all__ = ["ProceduralClips"]
