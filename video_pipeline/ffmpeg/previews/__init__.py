"""Owns what is seen of a video before it is watched; hides fonts, line breaks and cuts.

words       a title as large letters
glance      what draws the eye in a picture, and its colours
appeal      how much a picture promises: an estimate
canvas      what is done to pixels
designs     the thumbnails that a job may have
thumbnails  the picture that is clicked on
excerpts    a short piece of the sound, the loudness drawn
"""
