"""Owns copies of the books and of what belongs to them; hides their form on the disk.

folder     the folder of a backup: written aside, and checked before it is used
copies     the files of the media store, taken and put back
tables     rows to files and back
replacing  whether books may be replaced, and making room for others
backups    the verbs
"""
