"""Owns the offline maker of ambience: a kind and a seed in, a loop out, no network and no recordings; hides synthesis.

Modules in dependency order: circle, mastering, rain, fire, wind, sea, night, cafe, provider.
"""

from video_pipeline.providers.ambience_procedural.provider import ProceduralAmbience

__all__ = ["ProceduralAmbience"]
