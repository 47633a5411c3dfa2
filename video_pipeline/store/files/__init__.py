"""Owns files and their names; hides the file system.

keys   which names a file may have
media  the media store
"""
