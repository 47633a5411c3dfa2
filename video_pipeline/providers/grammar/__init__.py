"""Owns the deterministic prompt writer: brief in, script out, no network; hides its vocabulary and its templates.

Modules in dependency order: dice, wording, world, forms, moods, the four books of worlds, atlas, album, music, titles,
visuals, publication, writer.
"""

from video_pipeline.providers.grammar.writer import GrammarWriter

__all__ = ["GrammarWriter"]
