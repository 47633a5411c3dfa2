"""Owns what is done with a file that a vendor or a person delivered until it is what the ports promise; hides formats.

Nothing is trusted: neither the name of the file, nor what its header says, nor that all of it came.

kinds     what a file is, by its first bytes; what is refused, and how that is said
promises  what the structure of a file says about how much of it there should be
rates     sound at another rate, and its true peak, block by block
music     any piece -> FLAC, 48 kHz, stereo
pictures  any picture -> PNG, 8-bit RGB, of one size
clips     a clip as it is, if it looks like one
"""

from video_pipeline.providers.arrival.clips import take_clip
from video_pipeline.providers.arrival.kinds import Kind, kind_of
from video_pipeline.providers.arrival.music import MUSIC_KINDS, take_music
from video_pipeline.providers.arrival.pictures import PICTURE_KINDS, take_picture

__all__ = ["MUSIC_KINDS", "PICTURE_KINDS", "Kind", "kind_of", "take_clip", "take_music", "take_picture"]
