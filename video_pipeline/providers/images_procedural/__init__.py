"""Owns the offline picture provider; hides how its pictures are painted.

Modules in dependency order: lexicon, reader (words to scenery); noise, stage (grid, streams, colours), light, grading;
sky, terrain, water, trees, props, flames, rooms (things); one module per motif; weather, painter, provider.
"""

from video_pipeline.providers.images_procedural.lexicon import DETAILS
from video_pipeline.providers.images_procedural.painter import paint
from video_pipeline.providers.images_procedural.provider import ProceduralImages
from video_pipeline.providers.images_procedural.reader import Scenery, read_prompt

__all__ = ["DETAILS", "ProceduralImages", "Scenery", "paint", "read_prompt"]
