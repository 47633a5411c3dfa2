"""Owns turning the stretches of a plan into packets; hides encoders, their options and their bit streams.

h264          H.264 by x264
vp9           VP9 by libvpx
vp9_syntax    VP9 frames that say "the mean of two others"
vp9_dissolve  dissolves made of such frames
av1           AV1 by SVT-AV1
codecs        the table of all three, with their quantisers
stretch       one stretch made in a worker, below its ceiling
"""
