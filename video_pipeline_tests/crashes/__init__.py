"""Kills at every moment at which money could be spent twice.

worker        a process that makes music and pictures of jobs and dies where it is told to
test_matrix   each such moment once
"""
