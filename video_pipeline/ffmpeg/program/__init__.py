"""Owns the ffmpeg program and what is read from a file before anything is made of it; hides processes and signatures.

binary   which ffmpeg is used
command  its command lines, as values
runner   its process: started, watched, ended
sniff    what a file is, by its first bytes
probe    the facts of a finished video
"""
