"""Owns the PostgreSQL server and the way to it; hides processes, places and the driver.

premises    where an embedded server lives, and who may enter
postmaster  starting and stopping it
embedded    the server of a data directory, shared by its processes
engine      connections: URL, pool, time limits, errors
presence    whether a process of this machine still lives
"""
