"""Owns the studio's life inside Dagster: assets, checks, resources, sensors, schedules, op jobs; hides Dagster.

Everything here is thin: an asset calls one step, a check compares one measurement with one limit.
"""
