"""Owns work that many cores share and later renders find again; hides futures, waiting and the disk.

aside  where a file is written before it gets its name
cache  finished pieces, found by the hash of what went into them
crew   one order's tasks on the cores: urgency, progress, cancelling
coded  encoded packets between an encoder and a file
"""
