"""Owns the sound of a programme from its pieces to measured packets; hides filters, mixing and encoders.

weighting  the K-weighting filter
loudness   EBU R128 figures
limiter    true peaks kept below a ceiling
tracks     one piece of music, decoded and measured once
mixing     the pieces mixed to 16 bits
voice      the mix encoded in chunks that join without a seam
programme  the rounds until the loudness is right
lossless   the same for sound that is kept as it was mixed
"""
