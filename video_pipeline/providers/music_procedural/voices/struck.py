"""Owns the figures of the struck and plucked instruments; hides nothing."""

from __future__ import annotations

from video_pipeline.providers.music_procedural.voices.modal import Modal

PIANO = Modal(
    stiffness=0.00035, pluck=1 / 8, slope=0.85, cutoff_hz=2300, t60_s=12.0, t60_slope=0.55, damping=0.7,
    detune_cents=0.7, twin=0.3, knock=0.16, knock_hz=520, knock_s=0.016, attack_s=0.0025, release_s=0.35, width=0.45,
)  # fmt: skip
FELT_PIANO = Modal(
    stiffness=0.0003, pluck=1 / 7, slope=1.15, cutoff_hz=780, t60_s=9.5, t60_slope=0.5, damping=0.9,
    detune_cents=1.1, twin=0.3, knock=0.32, knock_hz=260, knock_s=0.028, attack_s=0.009, release_s=0.45, width=0.3,
)  # fmt: skip
HARP = Modal(
    stiffness=0.00005, pluck=0.44, slope=1.1, cutoff_hz=2700, t60_s=5.0, t60_slope=0.7, damping=0.9,
    detune_cents=0.3, knock=0.07, knock_hz=700, knock_s=0.008, body=(165, 290), attack_s=0.003, release_s=0.6,
)  # fmt: skip
LUTE = Modal(
    stiffness=0.00008, pluck=1 / 6.5, slope=0.8, cutoff_hz=2600, t60_s=3.4, t60_slope=0.5, damping=1.2,
    detune_cents=4.5, knock=0.14, knock_hz=1500, knock_s=0.006, body=(130, 232, 415), release_s=0.2,
)  # fmt: skip
GUITAR = Modal(
    stiffness=0.00006, pluck=1 / 4.2, slope=1.0, cutoff_hz=2100, t60_s=6.5, t60_slope=0.5, damping=1.0,
    detune_cents=0.2, knock=0.10, knock_hz=380, knock_s=0.010, body=(102, 205, 390), release_s=0.25,
)  # fmt: skip
BELLS = Modal(
    ratios=(0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166, 5.433),
    levels=(0.25, 0.8, 0.34, 0.12, 1.0, 0.18, 0.22, 0.3, 0.16, 0.08),
    cutoff_hz=3400, t60_s=8.0, t60_slope=0.45, damping=0.55, detune_cents=1.6, knock=0.05, knock_hz=2400, knock_s=0.006,
    attack_s=0.003, release_s=1.5, width=0.6,
)  # fmt: skip
MUSIC_BOX = Modal(
    ratios=(1.0, 2.0, 3.0, 5.96, 6.31, 10.2), levels=(1.0, 0.22, 0.1, 0.3, 0.12, 0.07),
    cutoff_hz=5200, t60_s=3.0, t60_slope=0.4, damping=0.35, detune_cents=1.2, knock=0.16, knock_hz=3600, knock_s=0.004,
    attack_s=0.001, release_s=0.8, width=0.4,
)  # fmt: skip
KALIMBA = Modal(
    ratios=(1.0, 2.0, 5.42, 6.3, 12.9), levels=(1.0, 0.06, 0.16, 0.08, 0.03),
    cutoff_hz=2800, t60_s=1.9, t60_slope=0.55, damping=0.75, detune_cents=0.6, knock=0.28, knock_hz=420, knock_s=0.014,
    body=(180, 330), attack_s=0.002, release_s=0.4, width=0.3,
)  # fmt: skip
VIBRAPHONE = Modal(
    ratios=(1.0, 3.98, 10.1), levels=(1.0, 0.2, 0.03),
    cutoff_hz=2600, t60_s=5.5, t60_slope=0.4, damping=0.4, detune_cents=0.0, knock=0.06, knock_hz=900, knock_s=0.008,
    tremolo=0.22, attack_s=0.004, release_s=0.7, width=0.25,
)  # fmt: skip
BASS = Modal(
    stiffness=0.00002, pluck=0.36, slope=1.45, cutoff_hz=620, t60_s=2.6, t60_slope=0.3, damping=1.6,
    detune_cents=0.3, knock=0.08, knock_hz=160, knock_s=0.014, attack_s=0.008, release_s=0.16, width=0.04,
)  # fmt: skip
