"""Owns the sound of a programme from its pieces to measured packets; hides filters, mixing and encoders.

weighting  the K-weighting filter
loudness   EBU R128 figures
limiter    true peaks kept below a ceiling
tracks     one piece of music, decoded and measured once
beds       sounds that lie under the whole programme
mixing     pieces and beds mixed to 16 bits
forecast   what a mix will measure
voice      the mix encoded in chunks that join without a seam
programme  the rounds until the loudness is right
lossless   the same for sound that is kept as it was mixed
"""
