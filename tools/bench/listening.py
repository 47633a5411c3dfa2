"""Owns the comparison of sound encoders by what a listener might hear; hides the model of the ear.

    .venv/bin/python -m tools.bench.listening                    the product's own music
    .venv/bin/python -m tools.bench.listening --music DIRECTORY  yours

The proxy compares the noise that an encoder adds with what the sound itself masks. Both are summed in critical bands
(E. Zwicker: Bark), the sound is spread to its neighbours by 15 dB a band upwards and 27 dB downwards, and noise counts
as masked 14.5 dB below that (the lowest offset for tones in J. D. Johnston, 1988). It is no listening test.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from tools.bench import machine
from tools.bench.material import music_of, own_music, procedural_pool
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.sound.voice import VOICES, AudioCodec, Voice

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "listening.json"
EXCERPT_S = 20
EXCERPT_FROM_S = 30

_WINDOW = 2048
_EVERY = 7  # windows: a seventh of the spectra says the same
_OFFSET_DB = 14.5
_UPWARDS_DB, _DOWNWARDS_DB = 15.0, 27.0
_FLOOR = 1e-9 * _WINDOW

AAC = {
    "twoloop": {"aac_coder": "twoloop"},
    "twoloop, no substitutes": {"aac_coder": "twoloop", "aac_is": "0", "aac_pns": "0"},
    "fast": {"aac_coder": "fast"},
    "fast, no noise": {"aac_coder": "fast", "aac_pns": "0", "aac_is": "1"},
    "fast, no substitutes": {"aac_coder": "fast", "aac_pns": "0", "aac_is": "0"},
}
OPUS = {
    f"complexity {level}, {mode}": {"vbr": vbr, "compression_level": str(level), "application": "audio"}
    for level in (5, 7, 10)
    for mode, vbr in (("free", "on"), ("constrained", "constrained"))
}
RATES = (128_000, 192_000, 256_000)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one way of encoding does, on average over all excerpts."""

    cpu_s_per_hour: float
    bps: float
    signal_to_noise_db: float
    noise_to_mask_db: float  # lower is better
    bands_above_mask_percent: float  # lower is better


def judge(sound: NDArray[np.float32], voice: Voice, options: dict[str, str]) -> Verdict:
    """Encode `sound`, shape (samples, 2), decode it again and compare."""
    began = time.process_time()
    packets, header = _encoded(sound, voice, options)
    spent = time.process_time() - began
    heard = _decoded(packets, header, voice)[voice.facts.delay :]
    length = min(len(heard), len(sound))
    original, noise = sound[:length], heard[:length] - sound[:length]
    bands, mask = _in_bands(noise), _mask(_in_bands(original))
    hours = len(sound) / SAMPLE_RATE / 3600
    return Verdict(
        cpu_s_per_hour=spent / hours,
        bps=sum(map(len, packets)) * 8 / (hours * 3600),
        signal_to_noise_db=float(10 * np.log10(np.square(original).sum() / np.square(noise).sum())),
        noise_to_mask_db=float(10 * np.log10((bands / mask).mean(axis=1)).mean()),
        bands_above_mask_percent=float((bands > mask).mean() * 100),
    )


def _encoded(sound: NDArray[np.float32], voice: Voice, options: dict[str, str]) -> tuple[list[bytes], bytes]:
    encoder = av.CodecContext.create(voice.facts.encoder, "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", voice.facts.sample_format
    encoder.bit_rate, encoder.thread_count, encoder.options = voice.bit_rate, 1, options
    packets: list[bytes] = []
    whole, step = len(sound) // voice.facts.frame * voice.facts.frame, 64 * voice.facts.frame
    for start in range(0, whole, step):
        piece = sound[start : min(start + step, whole)]
        shaped = np.ascontiguousarray(piece.T) if voice.facts.sample_format == "fltp" else piece.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(shaped, voice.facts.sample_format, "stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        packets += map(bytes, encoder.encode(frame))
    packets += map(bytes, encoder.encode(None))
    return packets, bytes(encoder.extradata or b"")


def _decoded(packets: Sequence[bytes], header: bytes, voice: Voice) -> NDArray[np.float32]:
    decoder = av.CodecContext.create(voice.facts.decoder, "r")
    decoder.sample_rate, decoder.layout = SAMPLE_RATE, "stereo"
    if voice.facts.decoder_needs_header:
        decoder.extradata = header
    frames = [frame.to_ndarray() for packet in packets for frame in decoder.decode(av.Packet(packet))]
    return np.concatenate(frames, axis=1).T


def _in_bands(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """The energy in each critical band of every seventh window, shape (windows, bands)."""
    middle, window = sound.mean(axis=1), np.hanning(_WINDOW).astype(np.float32)
    starts = range(0, len(middle) - _WINDOW, _WINDOW // 2 * _EVERY)
    energies = np.square(np.abs(np.fft.rfft(np.stack([middle[at : at + _WINDOW] * window for at in starts]))))
    hertz = np.arange(energies.shape[1]) * SAMPLE_RATE / _WINDOW
    bark = 13 * np.arctan(0.00076 * hertz) + 3.5 * np.arctan((hertz / 7500) ** 2)
    edges = np.searchsorted(bark, np.arange(24))
    return np.asarray(np.add.reduceat(energies, edges, axis=1), np.float64)


def _mask(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """What `bands` make inaudible in each band."""
    distance = np.subtract.outer(np.arange(bands.shape[1]), np.arange(bands.shape[1]))
    falls_db = np.where(distance > 0, _UPWARDS_DB * distance, -_DOWNWARDS_DB * distance)
    return np.asarray(bands @ (10 ** (-falls_db.T / 10)) * 10 ** (-_OFFSET_DB / 10) + _FLOOR)


def _ways() -> Iterator[tuple[str, Voice, dict[str, str]]]:
    for codec, ways in ((AudioCodec.AAC, AAC), (AudioCodec.OPUS, OPUS)):
        for rate in RATES:
            voice = Voice(codec, rate)
            for name, options in ways.items():
                chosen = " (ours)" if options == voice.options else ""
                yield f"{VOICES[codec].encoder} {rate // 1000}k {name}{chosen}", voice, options


def main(words: Sequence[str] | None = None) -> int:
    """Print the table and store it."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.listening", description=__doc__)
    parser.add_argument("--music", type=Path, help="a directory with music of your own")
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as work:
        if given.music:
            music = own_music(Path(work), music_of(given.music))
            origin = f"{len(music)} pieces of {given.music.name}"
        else:
            pool = procedural_pool(Path(work), 5, 64)
            music, origin = pool.music, pool.origin
        excerpts = [_excerpt(path) for path in music]
    print(f"{'':52}" + "  ".join(f"{word:>9}" for word in ("CPU s/h", "bit/s", "SNR dB", "NMR dB", "% audible")))
    table = {}
    for name, voice, options in _ways():
        verdicts = [judge(sound, voice, options) for sound in excerpts]
        table[name] = {field: float(np.mean([getattr(v, field) for v in verdicts])) for field in asdict(verdicts[0])}
        figures = "  ".join(f"{value:9.2f}" if value < 1000 else f"{value:9.0f}" for value in table[name].values())
        print(f"{name:52}{figures}", flush=True)
    results = {"machine": machine.describe(), "material": origin, "excerpt_s": EXCERPT_S, "ways": table}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def _excerpt(path: Path) -> NDArray[np.float32]:
    start = min(EXCERPT_FROM_S, max(soundfile.info(path).duration - EXCERPT_S, 0))
    first = int(start * SAMPLE_RATE)
    sound, _ = soundfile.read(path, EXCERPT_S * SAMPLE_RATE, first, dtype="float32", always_2d=True)
    return np.asarray(sound, np.float32)


if __name__ == "__main__":
    sys.exit(main())
