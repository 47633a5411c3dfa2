"""Owns what is heard, drawn over the pictures; hides windows, masks and when the mix is ready.

spectrum  how loud each band is at each frame
drawings  how that looks: bars, a line
live      a stretch with it, made in a worker
hearing   listening to a programme: the table for all its stretches
"""
