"""Owns the form of what is kept: tables, their versions, facts about a database; hides alembic.

tables      the tables
migrations  how one version becomes the next
version     bringing the schema forward and back
facts       what a database says of itself
"""
