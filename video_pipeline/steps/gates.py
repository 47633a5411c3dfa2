"""Owns the gates of a job: what must be true of the things made before the flow goes on; hides how it is measured.

Each gate compares measurements of the real files with a limit. The flow asks the blocking gates of a stage before it
moves the job on; Dagster asks all of them again and shows one asset check per gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from video_pipeline.domain.brief import ALBUM_MINUTES, AlbumBrief, StoryboardBrief, brief_from_json
from video_pipeline.domain.delivery import LOUDNESS, MASTER
from video_pipeline.domain.errors import ConflictError, MediaError
from video_pipeline.domain.job import JobKind
from video_pipeline.domain.media import UPLOADED
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import ExportRecord, JobRecord, RenderReport
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, clock
from video_pipeline.steps.compose import PEAK_MAX_DBTP, SILENCE_MAX_S
from video_pipeline.steps.export import planned
from video_pipeline.steps.lengths import scene_frames
from video_pipeline.steps.paint import BLACK_LUMA_MAX, picture_size
from video_pipeline.steps.studio import Studio

LENGTH_TOLERANCE_S = 0.05
"""How far a piece may be from its planned length before the operator is told; the timeline follows the piece."""

PROGRAMME_TOLERANCE = 0.02
"""How far a programme may be from the ordered length, as a share of it."""

ALBUM_MIN_FRAMES = FPS_30.frames_in(ALBUM_MINUTES.start * 60) - 1
"""An album lasts an hour; its pieces need not end on a whole frame, so the last one may be missing."""

ALIKE_BITS = 5
"""Perceptual hashes (64 bits) that differ in at most this many bits show the same picture."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one gate."""

    passed: bool
    text: str  # one sentence for people
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gate:
    """One question about what a stage made."""

    name: str
    stage: Stage
    question: str
    blocking: bool
    ask: Callable[[Studio, JobRecord], Finding]


def check_gates(studio: Studio, job: JobRecord, stage: Stage) -> None:
    """Ask the blocking gates of `stage`; MediaError names those that fail, what they found and what to do."""
    found = [(gate.name, gate.ask(studio, job)) for gate in GATES if gate.stage is stage and gate.blocking]
    failed = [f"gate {name} failed: {finding.text}" for name, finding in found if not finding.passed]
    if failed:
        raise MediaError(
            f"{'; '.join(failed)}. Delete the files concerned, which 'video-pipeline job files {job.id}' lists, and "
            f"they are made again by 'video-pipeline job retry {job.id}'; if they come out the same, order again with "
            "another seed or provider"
        )


def _lengths(studio: Studio, job: JobRecord) -> Finding:
    """Each piece has its planned length."""
    storyboard, _ = planned(job)
    want = {piece.order_index: piece.samples / SAMPLE_RATE for piece in storyboard.songs}
    want = want or {scene.order_index: scene.music.duration_s for scene in storyboard.scenes if scene.music}
    off = {t.order_index: round(t.facts.duration_s - want[t.order_index], 3) for t in studio.jobs.tracks(job.id)}
    worst = max((abs(each) for each in off.values()), default=0.0)
    return Finding(worst <= LENGTH_TOLERANCE_S, f"furthest from its planned length: {worst:.3f} s", {"off_s": off})


def _sound(studio: Studio, job: JobRecord) -> Finding:
    """No piece is silent for long, and none clips."""
    # What somebody brought is as it is: its rests are wanted, and the programme's limiter keeps its peaks down.
    tracks = [track for track in studio.jobs.tracks(job.id) if track.provider != UPLOADED]
    silence = max((track.facts.longest_silence_s for track in tracks), default=0.0)
    peak = max((track.facts.loudness.true_peak_dbtp for track in tracks), default=-99.0)
    text = f"longest silence {silence:.1f} s, highest true peak {peak:.1f} dBTP"
    return Finding(
        silence <= SILENCE_MAX_S and peak <= PEAK_MAX_DBTP, text, {"silence_s": silence, "true_peak_dbtp": peak}
    )


def _pairing(studio: Studio, job: JobRecord) -> Finding:
    """Every scene has exactly one picture of its number, and every piece that was planned is there."""
    storyboard, _ = planned(job)
    works, scenes, pieces = studio.jobs.works(job.id), len(storyboard.scenes), len(storyboard.music_indexes)
    text = f"{len(works.tracks)} of {pieces} pieces and {len(works.images)} pictures for {scenes} scenes"
    if storyboard.beds:
        text += f", {len(works.beds)} of {len(storyboard.beds)} sounds beneath"
    return Finding(works.complete(storyboard), text, {"scenes": scenes})


def _pictures(studio: Studio, job: JobRecord) -> Finding:
    """No picture that was made is black, and each fills the frame; what somebody brought is as it is."""
    width, height = picture_size(brief_from_json(job.brief))
    images = [image for image in studio.jobs.images(job.id) if image.provider != UPLOADED]
    darkest = min((image.facts.mean_luma for image in images), default=255.0)
    small = [each.order_index for each in images if each.facts.width < width or each.facts.height < height]
    text = f"darkest mean luma {darkest:.1f} of 255, {len(small)} too small"
    return Finding(darkest > BLACK_LUMA_MAX and not small, text, {"darkest_luma": darkest, "too_small": small})


def _variety(studio: Studio, job: JobRecord) -> Finding:
    """No two pictures look alike."""
    hashes = [(image.order_index, int(image.facts.perceptual_hash, 16)) for image in studio.jobs.images(job.id)]
    pairs = [(a, b, (x ^ y).bit_count()) for i, (a, x) in enumerate(hashes) for b, y in hashes[i + 1 :]]
    closest = min(pairs, key=lambda pair: pair[2], default=(0, 0, 64))
    text = f"closest pair {closest[0]} and {closest[1]}: {closest[2]} of 64 bits differ"
    return Finding(closest[2] > ALIKE_BITS, text, {"closest_bits": closest[2]})


def _files(studio: Studio, job: JobRecord, stage: Stage) -> list[RenderReport]:
    """The finished programmes of a stage; ConflictError when there is none."""
    master = studio.jobs.master(job.id)
    made: list[ExportRecord] = studio.jobs.exports(job.id) if stage is Stage.EXPORTS else []
    reports = [record.report for record in made] if stage is Stage.EXPORTS else [master] if master else []
    if not reports:
        raise ConflictError(f"job {job.id} has no finished {stage} to look at")
    return reports


def _loudness(stage: Stage, studio: Studio, job: JobRecord) -> Finding:
    """Integrated loudness and true peak are on target."""
    sounds = [report.loudness for report in _files(studio, job, stage)]
    off = max(abs(sound.integrated_lufs - LOUDNESS.integrated_lufs) for sound in sounds)
    peak = max(sound.true_peak_dbtp for sound in sounds)
    text = f"{off:.2f} LU from {LOUDNESS.integrated_lufs:g} LUFS, true peak {peak:.2f} dBTP"
    passed = off <= LOUDNESS.tolerance_lu and peak <= LOUDNESS.true_peak_dbtp
    return Finding(passed, text, {"off_lu": off, "true_peak_dbtp": peak})


def _length(studio: Studio, job: JobRecord) -> Finding:
    """The programme is as long as ordered, and an album lasts an hour."""
    frames = _files(studio, job, Stage.MASTER)[0].frames
    storyboard, brief = planned(job)
    album = brief.kind is JobKind.ALBUM
    # Not what the storyboard says: once it was reordered, its lengths are those of the delivered pieces. Where the
    # music was there first, the order is to be as long as it is.
    ordered = sum(scene_frames(brief)) if isinstance(brief, AlbumBrief | StoryboardBrief) else storyboard.frames
    passed = abs(frames - ordered) <= ordered * PROGRAMME_TOLERANCE and (not album or frames >= ALBUM_MIN_FRAMES)
    text = f"the programme lasts {clock(FPS_30.seconds(frames))}, ordered were {clock(FPS_30.seconds(ordered))}"
    return Finding(passed, text, {"frames": frames, "ordered_frames": ordered})


def _frames(stage: Stage, studio: Studio, job: JobRecord) -> Finding:
    """The file holds exactly the frames of its timeline."""
    report = _files(studio, job, stage)[0]
    found = int(studio.tools.inspect(studio.media.locate(report.media))["frames"])
    text = f"{found} frames in the file, {report.frames} on the timeline"
    return Finding(found == report.frames, text, {"frames": found, "timeline_frames": report.frames})


def _together(stage: Stage, studio: Studio, job: JobRecord) -> Finding:
    """Picture and sound are equal in length within one frame."""
    frame_s = float(FPS_30.seconds(1))
    worst = 0.0
    for report in _files(studio, job, stage):
        facts = studio.tools.inspect(studio.media.locate(report.media))
        # An album without pictures is as long as its timeline.
        wanted = float(facts["video_s"]) if facts["video_codec"] else report.duration_s
        worst = max(worst, abs(wanted - float(facts["audio_s"])))
    return Finding(worst <= frame_s, f"picture and sound differ by {worst * 1000:.1f} ms", {"difference_s": worst})


def _format(studio: Studio, job: JobRecord) -> Finding:
    """The master is what YouTube asks for."""
    facts = studio.tools.inspect(studio.media.locate(_files(studio, job, Stage.MASTER)[0].media))
    rung = MASTER.rung_for(brief_from_json(job.brief).aspect_ratio)
    want = {
        "width": rung.width,
        "height": rung.height,
        "video_codec": "h264",
        "video_profile": "High",
        "pixel_format": "yuv420p",
        "color_space": "bt709",
        "audio_codec": "aac",
        "audio_rate": 48_000,
        "audio_channels": 2,
        "index_first": True,
    }
    wrong = {name: facts[name] for name, value in want.items() if facts[name] != value}
    text = "all as wanted" if not wrong else f"not as wanted: {wrong}"
    return Finding(not wrong, text, {name: str(facts[name]) for name in want})


def _shown_right(stage: Stage, studio: Studio, job: JobRecord) -> Finding:
    """Players that know little show each file right: from 0 on, without edits, in square pixels and HD colours."""
    wrong: dict[str, str] = {}
    for report in _files(studio, job, stage):
        facts = studio.tools.inspect(studio.media.locate(report.media))
        want: dict[str, Any] = {"edit_lists": 0, "index_first": True, "first_pts_s": 0.0}
        if facts["video_codec"]:
            want |= {"sample_aspect": "1:1", "color_range": "limited"}
            want |= dict.fromkeys(("color_space", "color_primaries", "color_transfer"), "bt709")
        wrong |= {f"{report.rendition.name} {k}": str(facts[k]) for k, value in want.items() if facts[k] != value}
    return Finding(not wrong, f"not as wanted: {wrong}" if wrong else "all as wanted", {"wrong": wrong})


def _chapters(stage: Stage, studio: Studio, job: JobRecord) -> Finding:
    """Each file lists the scenes, or the songs, as chapters; a single one needs none."""
    storyboard, _ = planned(job)
    pieces = len(storyboard.music_indexes)
    wanted = pieces if pieces > 1 else 0
    found = {
        report.rendition.name: int(studio.tools.inspect(studio.media.locate(report.media))["chapters"])
        for report in _files(studio, job, stage)
    }
    text = ", ".join(f"{name}: {count} of {wanted} chapters" for name, count in found.items())
    return Finding(all(count == wanted for count in found.values()), text, found)


def _not_black(studio: Studio, job: JobRecord) -> Finding:
    """The master shows no black picture, unless somebody brought videos, which may fade from black."""
    black = studio.tools.black_frames(studio.media.locate(_files(studio, job, Stage.MASTER)[0].media))
    storyboard, _ = planned(job)
    brought = any(scene.footage for scene in storyboard.scenes)
    return Finding(black == 0 or brought, f"{black} black frames", {"black_frames": black})


GATES: tuple[Gate, ...] = (
    Gate("lengths", Stage.MUSIC, "Does each piece have its planned length?", False, _lengths),
    Gate("sound", Stage.MUSIC, "Is no piece silent for long or clipped?", True, _sound),
    Gate("pairing", Stage.IMAGES, "Has every scene exactly one piece and one picture?", True, _pairing),
    Gate("pictures", Stage.IMAGES, "Is no picture black or too small?", True, _pictures),
    Gate("variety", Stage.IMAGES, "Do no two pictures look alike?", False, _variety),
    Gate("length", Stage.MASTER, "Is the programme as long as ordered?", True, _length),
    Gate("loudness", Stage.MASTER, "Is the programme at its target loudness?", True, partial(_loudness, Stage.MASTER)),
    Gate(
        "frames", Stage.MASTER, "Does the file hold every frame of the timeline?", True, partial(_frames, Stage.MASTER)
    ),
    Gate("together", Stage.MASTER, "Are picture and sound equally long?", True, partial(_together, Stage.MASTER)),
    Gate("format", Stage.MASTER, "Are codecs, size, colours and index as wanted?", True, _format),
    Gate("not_black", Stage.MASTER, "Is no sampled frame black?", True, _not_black),
    Gate("players", Stage.MASTER, "Will every player show it right?", True, partial(_shown_right, Stage.MASTER)),
    Gate("chapters", Stage.MASTER, "Is every scene a chapter?", False, partial(_chapters, Stage.MASTER)),
    Gate(
        "delivered_loudness",
        Stage.EXPORTS,
        "Are all exports at target loudness?",
        True,
        partial(_loudness, Stage.EXPORTS),
    ),
    Gate(
        "delivered_together",
        Stage.EXPORTS,
        "Are picture and sound equally long in all?",
        True,
        partial(_together, Stage.EXPORTS),
    ),
    Gate(
        "delivered_players",
        Stage.EXPORTS,
        "Will every player show them all right?",
        True,
        partial(_shown_right, Stage.EXPORTS),
    ),
    Gate(
        "delivered_chapters",
        Stage.EXPORTS,
        "Is every scene a chapter in all exports?",
        False,
        partial(_chapters, Stage.EXPORTS),
    ),
)
"""Every gate, in the order of the flow."""
