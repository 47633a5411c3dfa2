"""Owns what is seen of a video before it is watched; hides fonts, line breaks and cuts.

lettering   words set on pictures
thumbnails  the picture that is clicked on
excerpts    a short piece of the sound, the loudness drawn
"""
