"""Owns words set for the screen, in every script; hides fonts, shaping, directions and where lines break.

clusters  a text as what people call its letters
bidi      in which order a line of both directions is written
breaks    where a line may end
faces     one font: which characters it has
shelf     the fonts of this machine, and which of them draws what
runs      letters of one font and one direction, measured
setting   lines, their size and their places
blur      what is out of focus: shadows
drawing   the finished picture of the words
"""
