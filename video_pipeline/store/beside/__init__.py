"""Owns what lies beside a job's works in the books; hides SQL.

publications  what was published, and what is old
shelf         thumbnails and uploaded files
uploads       uploads that come in pieces
"""
