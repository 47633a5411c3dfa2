"""Owns what is done with a file that a vendor or a person delivered until it is what the ports promise; hides formats.

Nothing is trusted: neither the name of the file, nor what its header says, nor that all of it came.

kinds       what a file is, by its first bytes; what is refused, and how that is said
promises    what the structure of a file says about how much of it there should be
rates       sound at another rate, and its true peak, block by block
repetition  a piece that its vendor cannot make longer, longer
music       any piece -> FLAC, 48 kHz, stereo
pictures    any picture -> PNG, 8-bit RGB, of one size
clips       a clip as it is, if it looks like one
workers     any of them in a process of its own, which may crash
"""

from video_pipeline.providers.arrival.clips import take_clip
from video_pipeline.providers.arrival.kinds import Kind, kind_of
from video_pipeline.providers.arrival.music import MUSIC_KINDS, music_samples, take_music
from video_pipeline.providers.arrival.pictures import MOST_ENLARGED, PICTURE_KINDS, picture_sides, take_picture
from video_pipeline.providers.arrival.workers import apart

__all__ = [
    "MOST_ENLARGED",
    "MUSIC_KINDS",
    "PICTURE_KINDS",
    "Kind",
    "apart",
    "kind_of",
    "music_samples",
    "picture_sides",
    "take_clip",
    "take_music",
    "take_picture",
]
