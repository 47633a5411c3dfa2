"""Owns finding, counting and following jobs; hides the queries.

search      words
pages       lists in pages
statistics  sums
feed        what happens, for live readers
"""
