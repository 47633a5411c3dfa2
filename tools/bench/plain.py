"""Owns the command lines of plain ffmpeg, the rival; hides the text of filter graphs. Nothing is run here.

Three ways to the same programme (1080p at 30 frames a second, dissolves, crossfades, loudness -14 LUFS, H.264, AAC):

    tutorial   `-loop 1` for each picture, every frame through a chain of xfade, x264 medium: what is found on the web
    chain      the same graph, but each picture is decoded once (`loop` filter), tagged BT.709, x264 veryfast
    parts      stills and dissolves apart, joined by the concat filter: a frame of a still passes no xfade at all;
               picture and sound in filter graphs of their own, which run in threads of their own
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench.programme import Programme
from video_pipeline.domain.delivery import LADDER, LOUDNESS, Quality
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE
from video_pipeline.domain.timeline import Motion

Argv = list[str]

RATE = 30
_SIZE = LADDER[Quality.HIGH]
_SCALE = f"scale={_SIZE.width}:{_SIZE.height}"
# Without these ffmpeg converts RGB by the matrix of standard definition, and players show other colours.
_BT709_PIXELS = f"{_SCALE}:flags=lanczos:out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1"
_BT709_TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
_ENCODED_TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
# One pass; it works at 192 kHz, hence the rate afterwards.
_LOUDNORM = f"loudnorm=I={LOUDNESS.integrated_lufs:g}:TP={LOUDNESS.true_peak_dbtp:g}:LRA=11,aresample={SAMPLE_RATE}"

TUTORIAL_X264 = ("-preset", "medium", "-crf", "18")
TUNED_X264 = ("-preset", "veryfast", "-crf", "18")
# Tried beside others, see docs/benchmarks/README.md: rate control costs more than it brings on stills. The transform of
# 8x8 and CABAC make it High profile, which YouTube asks for and ours has, at no cost that could be measured.
BEST_X264 = ("-preset", "ultrafast", "-qp", "18", "-x264-params", "sliced-threads=1:8x8dct=1:cabac=1")
# The preset of the product's own loops; chosen for likeness, other presets were not tried on motion.
MOTION_X264 = ("-preset", "superfast", "-crf", "20")


@dataclass(frozen=True, slots=True)
class Plan:
    """A programme in the terms of filters: lengths of the inputs in frames, handles included."""

    programme: Programme

    @property
    def count(self) -> int:
        """Scenes."""
        return len(self.programme.scenes)

    def handles(self, index: int) -> int:
        """How many of its neighbours' cuts scene `index` reaches over."""
        return (index > 0) + (index < self.count - 1)

    def shown(self, index: int) -> int:
        """Frames for which scene `index` can be seen at all."""
        return self.programme.scene_frames + self.programme.dissolve_frames // 2 * self.handles(index)

    def alone(self, index: int) -> int:
        """Frames for which nothing else can be seen."""
        return self.programme.scene_frames - self.programme.dissolve_frames // 2 * self.handles(index)

    @property
    def dissolve(self) -> str:
        """The options of xfade, but for where it begins."""
        return f"xfade=transition=fade:duration={self.programme.dissolve_frames / RATE:g}"


def tutorial(ffmpeg: Path, programme: Programme, out: Path) -> Argv:
    """As tutorials do it."""
    plan = Plan(programme)
    pictures: Argv = []
    for index, scene in enumerate(programme.scenes):
        length = f"{plan.shown(index) / RATE:.6f}"
        pictures += ["-loop", "1", "-framerate", str(RATE), "-t", length, "-i", scene.picture.path]
    graph = [f"[{index}:v]{_SCALE},format=yuv420p,setsar=1[v{index}]" for index in range(plan.count)]
    graph += [*_xfade_chain(plan), _sound_graph(plan, "tri")]
    return [
        *_start(ffmpeg, programme, pictures),
        "-filter_complex",
        ";".join(graph),
        "-map",
        "[vout]",
        "-map",
        "[aout]",
        *_h264(TUTORIAL_X264),
        *_aac(()),
        *_finish(out),
    ]


def chain(ffmpeg: Path, programme: Programme, out: Path, aac: Sequence[str]) -> Argv:
    """One graph, each picture decoded once."""
    plan = Plan(programme)
    graph = [f"[{i}:v]{_BT709_PIXELS},{_motion(plan, plan.shown(i), 0)}[v{i}]" for i in range(plan.count)]
    graph += [*_xfade_chain(plan, _BT709_TAGS), _sound_graph(plan)]
    return [
        *_start(ffmpeg, programme, _once(programme)), "-filter_complex", ";".join(graph),
        "-map", "[vout]", "-map", "[aout]", *_h264(TUNED_X264), *_ENCODED_TAGS, *_aac(aac), *_finish(out),
    ]  # fmt: skip


def parts(ffmpeg: Path, programme: Programme, out: Path, aac: Sequence[str]) -> Argv:
    """Stills and dissolves apart, joined by the concat filter."""
    x264 = BEST_X264 if programme.motion is Motion.STILL else MOTION_X264
    plan = Plan(programme)
    return [
        *_start(ffmpeg, programme, _once(programme)),
        "-filter_complex", ";".join(_parts_graph(plan)), "-filter_complex", _sound_graph(plan),
        "-map", "[vout]", "-map", "[aout]", *_h264(x264), *_ENCODED_TAGS, *_aac(aac), *_finish(out),
    ]  # fmt: skip


def vp9_transcode(ffmpeg: Path, master: Path, out: Path) -> Argv:
    """A finished master to webm/high by libvpx, at its ceilings."""
    return [
        str(ffmpeg), *_QUIET, "-i", str(master),
        "-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "4", "-row-mt", "1", "-tile-columns", "2",
        "-b:v", str(_SIZE.video_bps), "-crf", "26", "-g", "150",
        "-c:a", "libopus", "-b:a", str(_SIZE.audio_bps), str(out),
    ]  # fmt: skip


_QUIET = ("-nostdin", "-hide_banner", "-v", "error", "-y")


def _start(ffmpeg: Path, programme: Programme, pictures: Sequence[str]) -> Argv:
    music = [word for scene in programme.scenes for word in ("-i", scene.music.path)]
    return [str(ffmpeg), *_QUIET, *pictures, *music]


def _once(programme: Programme) -> Argv:
    return [word for scene in programme.scenes for word in ("-framerate", str(RATE), "-i", scene.picture.path)]


def _h264(x264: Sequence[str]) -> Argv:
    return ["-r", str(RATE), "-c:v", "libx264", *x264, "-pix_fmt", "yuv420p"]


def _aac(options: Sequence[str]) -> Argv:
    return ["-c:a", "aac", "-b:a", str(_SIZE.audio_bps), *options]


def _finish(out: Path) -> Argv:
    return ["-movflags", "+faststart", str(out)]


def _xfade_chain(plan: Plan, last: str = "null") -> list[str]:
    """The inputs v0, v1, ... one after the other through xfade, to vout."""
    steps, so_far = [], "v0"
    for index, cut in enumerate(plan.programme.cuts, 1):
        offset = (cut - plan.programme.dissolve_frames // 2) / RATE
        steps.append(f"[{so_far}][v{index}]{plan.dissolve}:offset={offset:.6f}[x{index}]")
        so_far = f"x{index}"
    return [*steps, f"[{so_far}]{last}[vout]"]


def _parts_graph(plan: Plan) -> list[str]:
    """Each picture once, split into dissolve in (b), still (s) and dissolve out (e); everything joined to vout."""
    half = plan.programme.dissolve_frames // 2
    steps: list[str] = []
    order: list[str] = []
    for index in range(plan.count):
        before, after = index > 0, index < plan.count - 1
        uses = [name for name, used in ((f"b{index}", before), (f"s{index}", True), (f"e{index}", after)) if used]
        outputs = "".join(f"[{name}]" for name in uses)
        steps.append(f"[{index}:v]{_BT709_PIXELS},{_BT709_TAGS},split={len(uses)}{outputs}")
        if before:
            steps += [
                f"[e{index - 1}]{_motion(plan, 2 * half, plan.shown(index - 1) - 2 * half)}[out{index - 1}]",
                f"[b{index}]{_motion(plan, 2 * half, 0)}[in{index}]",
                f"[out{index - 1}][in{index}]{plan.dissolve}:offset=0[x{index}]",
            ]
            order.append(f"[x{index}]")
        steps.append(f"[s{index}]{_motion(plan, plan.alone(index), 2 * half * before)}[still{index}]")
        order.append(f"[still{index}]")
    return [*steps, f"{''.join(order)}concat=n={len(order)}:v=1:a=0[vout]"]


def _motion(plan: Plan, frames: int, phase: int) -> str:
    """`frames` frames made of one, the first of them `phase` frames into the scene."""
    if plan.programme.motion is Motion.STILL:
        return f"loop=loop=-1:size=1:start=0,trim=end_frame={frames},setpts=N"
    zoom = f"1+0.05*(1-cos(2*PI*(on+{phase})/{FPS_30.frames_in(20)}))/2"
    return (
        f"zoompan=z='{zoom}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d={frames}:s={_SIZE.width}x{_SIZE.height}:fps={RATE}"
    )


def _sound_graph(plan: Plan, curve: str = "qsin") -> str:
    seconds = plan.programme.crossfade_samples / SAMPLE_RATE
    steps, so_far = [], f"{plan.count}:a"
    for index in range(1, plan.count):
        fade = f"acrossfade=d={seconds:g}:c1={curve}:c2={curve}"
        steps.append(f"[{so_far}][{plan.count + index}:a]{fade}[a{index}]")
        so_far = f"a{index}"
    return ";".join([*steps, f"[{so_far}]{_LOUDNORM}[aout]"])
