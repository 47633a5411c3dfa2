"""Owns hearing the measure of a song; hides spectra, tempo grids and how sections are told apart.

Modules in dependency order:

onsets     where something begins to sound
pulse      tempo and beats
structure  sections, and the rhythm as it is kept
"""
