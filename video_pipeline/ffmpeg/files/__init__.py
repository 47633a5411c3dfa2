"""Owns finished files: what each format holds and how its bytes are written; hides boxes, elements and tables.

containers  container, codecs and options of each format
spool       many pieces of memory written in one pass
reel        the tracks of a programme, ready to be joined
bmff        ISO base media files: MP4, M4A, QuickTime
entries     what such a file says about codecs, chapters, title
iso         a programme as the samples of such a file
matroska    WebM files
mux         which writer a kind of file has; Ogg
flac        FLAC files
"""
