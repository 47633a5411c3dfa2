"""Owns the material of the render tests: detailed pictures, music-like sound, short timelines, an outside view of it.

What is measured here about a finished file comes from the ffmpeg program or PyAV, not from the engine's own meters.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, FrameRate, TimeRange
from video_pipeline.domain.timeline import Motion, PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.ffmpeg import FfmpegTools


def reference(path: Path) -> MediaReference:
    content = path.read_bytes()
    return MediaReference(path.name, hashlib.sha256(content).hexdigest(), len(content))


def detailed_picture(path: Path, seed: int, size: tuple[int, int] = (1920, 1080)) -> Path:
    """Saturated colour fields with hard edges, fine stripes and a little grain."""
    width, height = size
    noise = np.random.default_rng(seed)
    fields = noise.integers(20, 236, (9, 16, 3))
    pixels = np.kron(fields, np.ones((height // 9 + 1, width // 16 + 1, 1)))[:height, :width]
    stripes = (np.arange(width) // 6 % 2 * 24)[None, :, None]
    pixels[: height // 3] += stripes
    pixels += noise.integers(-3, 4, (height, width, 1))
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, compress_level=1)
    return path


def music(seconds: float, seed: int, level: float = 0.1) -> NDArray[np.float64]:
    """Slowly swelling tones over soft noise, shape (samples, 2)."""
    noise = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(
        np.sin(2 * np.pi * pitch * time) * (0.6 + 0.4 * np.sin(2 * np.pi * noise.uniform(0.1, 0.5) * time))
        for pitch in (110 * (1 + seed % 4), 220.5, 331.0, 523.25)
    )
    return level * (tones[:, None] + noise.standard_normal((len(time), 2)) * 0.3)


def write_sound(path: Path, samples: NDArray[np.float64], subtype: str = "") -> Path:
    """By default FLAC of 24 bits, which is decoded by ffmpeg; one of 16 bits is read in the engine's own process."""
    soundfile.write(path, samples, SAMPLE_RATE, subtype=subtype or ("PCM_24" if path.suffix == ".flac" else "FLOAT"))
    return path


@dataclass(frozen=True)
class Workshop:
    """A directory with material, and tools to render it."""

    folder: Path
    tools: FfmpegTools
    ffmpeg: Path

    def album(
        self,
        scenes: int,
        *,
        seconds: float = 8.0,
        fade: float = 1.0,
        rate: FrameRate = FPS_30,
        motion: Motion = Motion.STILL,
        pictures: list[Path] | None = None,
        sounds: list[Path] | None = None,
    ) -> Timeline:
        """Scenes of equal length with dissolves and crossfades of `fade` seconds on the cuts."""
        pictures = pictures or [self.picture(number) for number in range(scenes)]
        sounds = sounds or [self.sound(number, seconds) for number in range(scenes)]
        length, half = round(seconds * SAMPLE_RATE), round(fade * SAMPLE_RATE / 2)
        starts = [number * (length - 2 * half) + (half if number else 0) for number in range(scenes)]
        # The last frame boundary inside the last piece.
        frames = rate.frame_at(starts[-1] + length - half) - 1
        ends = [*starts[1:], rate.samples_at(frames)]
        cuts = [*(rate.frame_at(start) for start in starts), frames]
        before, after = rate.frames_in(1) * round(fade * 2) // 4, rate.frames_in(1) * round(fade * 2) // 4
        return Timeline(
            name="album",
            rate=rate,
            pictures=tuple(
                PictureClip(f"scene {n}", reference(pictures[n]), cuts[n + 1] - cuts[n], motion) for n in range(scenes)
            ),
            transitions=(Transition(TransitionKind.DISSOLVE, before, after),) * (scenes - 1),
            sounds=tuple(
                SoundClip(
                    f"track {n}",
                    reference(sounds[n]),
                    TimeRange(half if n else 0, ends[n] - starts[n]),
                    TimeRange(0, length),
                )
                for n in range(scenes)
            ),
            crossfades=tuple(TimeRange(start - half, 2 * half) for start in starts[1:]),
        )

    def picture(self, number: int) -> Path:
        path = self.folder / f"picture{number}.png"
        return path if path.exists() else detailed_picture(path, number)

    def sound(self, number: int, seconds: float) -> Path:
        path = self.folder / f"sound{number}_{seconds}.flac"
        # Pieces of different loudness: that is what is to be evened out. Both ways of decoding take turns.
        level, subtype = 0.03 + 0.05 * (number % 3), ("PCM_16", "PCM_24")[number % 2]
        return path if path.exists() else write_sound(path, music(seconds, number, level), subtype)

    def render(
        self,
        timeline: Timeline,
        rendition: str,
        out: Path,
        *,
        report: Callable[[float, str], None] = lambda share, message: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> RenderReport:
        return self.tools.render(
            timeline,
            Rendition.parse(*rendition.split("_")),
            out,
            locate=lambda media: self.folder / media.key,
            report=report,
            cancelled=cancelled,
        )

    def run(self, *arguments: str) -> str:
        """The messages of the ffmpeg program, run on its own."""
        command = [str(self.ffmpeg), "-hide_banner", "-nostdin", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return done.stderr + done.stdout

    def loudness(self, file: Path) -> tuple[float, float]:
        """Integrated loudness and true peak as ffmpeg's ebur128 filter measures them."""
        said = self.run("-i", str(file), "-vn", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-")
        summary = said[said.rindex("Summary:") :]
        integrated = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
        peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
        assert integrated
        assert peak
        return float(integrated[1]), float(peak[1])

    def sound_of(self, file: Path) -> NDArray[np.float32]:
        """The decoded sound, shape (samples, 2)."""
        command = [
            str(self.ffmpeg),
            "-v",
            "error",
            "-i",
            str(file),
            "-vn",
            "-f",
            "f32le",
            "-ac",
            "2",
            "-ar",
            "48000",
            "-",
        ]
        raw = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
        return np.frombuffer(raw, np.float32).reshape(-1, 2)

    def frame_hashes(self, file: Path) -> list[str]:
        """A hash of each decoded frame."""
        return self.decoded(file, sound=False)[0]

    def decoded(self, file: Path, *, sound: bool = True) -> tuple[list[str], str]:
        """A hash of each frame, and what the decoders of picture and sound complain about, of one pass."""
        # MD5 of a frame of 1080p takes longer than decoding it.
        outputs = ["-map", "0:v", "-f", "framehash", "-hash", "murmur3", "-"]
        outputs += ["-map", "0:a", "-f", "null", "-"] if sound else []
        command = [str(self.ffmpeg), "-hide_banner", "-nostdin", "-v", "warning", "-i", str(file), *outputs]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        lines = done.stdout.splitlines()
        return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")], done.stderr


@dataclass
class Stamps:
    """The timestamps of one stream in seconds, and what its packets hold."""

    pts: list[float] = field(default_factory=list)
    dts: list[float] = field(default_factory=list)
    keys: int = 0
    end: float = 0.0


def stamps_of(file: Path, kind: str) -> Stamps:
    found = Stamps()
    with av.open(str(file)) as container:
        stream = getattr(container.streams, kind)[0]
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            found.pts.append(float(packet.pts * packet.time_base))
            found.dts.append(float(packet.dts * packet.time_base))
            found.keys += packet.is_keyframe
            found.end = max(found.end, float((packet.pts + packet.duration) * packet.time_base))
    found.pts.sort()
    return found


def luma_frames(file: Path, numbers: list[int]) -> dict[int, NDArray[np.uint8]]:
    """The planes (yuv420p) of some frames, decoded from the start."""
    wanted = set(numbers)
    found = {}
    with av.open(str(file)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                found[number] = frame.to_ndarray()
            if number >= max(wanted):
                break
    return found
