"""Owns the offline composer: a prompt in, a mastered piece out, no network and no samples; hides theory and synthesis.

Modules in dependency order: randomness, character, theory, form, harmony, ensemble, score, melody, accompaniment,
groove, composition, voices, metering, reverb, mixing, mastering, piece, provider.
"""

from video_pipeline.providers.music_procedural.piece import compose_piece
from video_pipeline.providers.music_procedural.provider import ProceduralMusic

__all__ = ["ProceduralMusic", "compose_piece"]
