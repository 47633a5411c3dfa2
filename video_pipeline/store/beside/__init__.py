"""Owns what lies beside a job's works in the books; hides SQL.

shelf    thumbnails and uploaded files
uploads  uploads that come in pieces
"""
