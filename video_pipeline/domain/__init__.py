"""Owns the values and rules of the studio; hides nothing and needs only the standard library.

Modules in dependency order: errors, characters, timebase, media, timeline, job, brief, storyboard, delivery, progress,
money, publishing.
"""
