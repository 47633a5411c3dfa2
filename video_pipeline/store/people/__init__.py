"""Owns who may do what; hides hashes.

users     users
api_keys  keys
sessions  logins
answers   answers that are given once
access    the door to all of them
"""
