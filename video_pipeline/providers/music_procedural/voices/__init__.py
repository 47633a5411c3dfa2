"""Owns the table of voices: every instrument has one; hides how each is synthesised.

Modules in dependency order: tone, modal, struck, spectral, solo, drums.
"""

from __future__ import annotations

from video_pipeline.domain.storyboard import Instrument
from video_pipeline.providers.music_procedural.voices import drums, solo, spectral, struck
from video_pipeline.providers.music_procedural.voices.tone import Voice

VOICES: dict[Instrument, Voice] = {
    Instrument.PIANO: struck.PIANO,
    Instrument.FELT_PIANO: struck.FELT_PIANO,
    Instrument.HARP: struck.HARP,
    Instrument.LUTE: struck.LUTE,
    Instrument.GUITAR: struck.GUITAR,
    Instrument.STRINGS: spectral.STRINGS,
    Instrument.CELLO: solo.CELLO,
    Instrument.FLUTE: solo.FLUTE,
    Instrument.CHOIR: spectral.CHOIR,
    Instrument.ORGAN: spectral.ORGAN,
    Instrument.PAD: spectral.PAD,
    Instrument.GLASS_PAD: spectral.GLASS_PAD,
    Instrument.BELLS: struck.BELLS,
    Instrument.MUSIC_BOX: struck.MUSIC_BOX,
    Instrument.KALIMBA: struck.KALIMBA,
    Instrument.VIBRAPHONE: struck.VIBRAPHONE,
    Instrument.ELECTRIC_PIANO: solo.ELECTRIC_PIANO,
    Instrument.BASS: struck.BASS,
    Instrument.BRUSHES: drums.DRUMS,
    Instrument.HAND_DRUM: drums.DRUMS,
    Instrument.TEXTURE: spectral.TEXTURE,
}
