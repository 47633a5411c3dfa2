"""Owns making a video that somebody else made one of ours; hides where it comes from and what it may do to us.

cell       a process of its own for what may be hostile
survey     what the video is, seen from such a cell
admission  what an uploaded file is, by its content
conform    filters that give its picture our size, rate and colour
encoders   the encoders that may be used
hardware   those of this machine that work
workpiece  one video under way: limits, progress, notes
picture    its picture decoded, made ours, encoded
mezzanine  footage for a programme made of it
wish       what is to be made, and whether it can be
levelling  its sound brought to the target loudness
transcode  the steps from one file to the other
"""
