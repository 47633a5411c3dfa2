"""Owns the render engine and every measurement of media; hides ffmpeg, PyAV and codecs from all other rooms.

Its rooms, the lowest first; each says in its own first lines what is in it, and imports point down only:

program    the ffmpeg program, and what a file is
work       finished pieces kept, work spread over the cores
lettering  words set for the screen, in every script
sound      the programme's sound: decoded, measured, mixed, limited, encoded
picture    what is seen at each frame, as pixels, and the plan of it
encoding   stretches of pictures -> packets
files      packets -> files, byte by byte
listening  the measure of a song: tempo, beats, sections
overlay    what is heard, drawn over the pictures
previews   thumbnails, a short piece of the sound, the loudness drawn
foreign    a video that somebody else made becomes one of ours

On top of them:

gallery    all pictures of a programme in one codec and size
delivery   one rendition, from its parts to its file
render     one order from a timeline to finished files
tools      the public face, `FfmpegTools`
"""

from video_pipeline.ffmpeg.program.binary import FfmpegBinary, find_ffmpeg
from video_pipeline.ffmpeg.tools import FfmpegTools

__all__ = ["FfmpegBinary", "FfmpegTools", "find_ffmpeg"]
