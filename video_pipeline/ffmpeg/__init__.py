"""Owns the render engine and every measurement of media; hides ffmpeg, PyAV and codecs from all other rooms.

binary  command  runner          the ffmpeg program: which one, its arguments, its process
sniff  probe  pictures           what a file is, and drawings of it
plan                             timeline -> unique stretches of picture (pure)
canvas  codecs  h264  vp9        pixels and how they are encoded
motion  particles  transitions   what moves in a picture, and how one becomes another
coded  stretch                   encoded packets, and making those of one stretch
loudness  limiter  tracks        what sound measures
mixing  voice  sound             the programme's sound: mixed, encoded, measured, trimmed
cache  crew                      finished pieces kept, work spread over the cores
spectrum  overlay  live  hearing what is heard at each frame, drawn over the pictures
reel  mux                        the packets of a programme joined to one file
bmff  entries  iso               MP4 and QuickTime files of them, index first, in one pass
matroska  spool                  WebM files likewise; writing many pieces of memory
lettering  thumbnails  excerpts  words on pictures, previews, the programme drawn
cell  survey                     what a foreign video is, looked at where it can do no harm
conform  encoders  hardware      how it becomes ours: filters, encoders, those of the machine that work
workpiece  levelling  transcode  the steps from one to the other
render  tools                    one file out of the pieces; the public face is `tools.FfmpegTools`
"""

from video_pipeline.ffmpeg.binary import FfmpegBinary, find_ffmpeg
from video_pipeline.ffmpeg.tools import FfmpegTools

__all__ = ["FfmpegBinary", "FfmpegTools", "find_ffmpeg"]
