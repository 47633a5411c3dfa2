"""Owns files and their names; hides the file system.

keys   which names a file may have
parts  files that are not whole yet
media  the media store
"""
