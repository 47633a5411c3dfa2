"""Owns obtaining the music of a job; hides what is there already and what is still to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import InvalidInputError, MediaError
from video_pipeline.domain.media import AudioFacts, Generation, MediaReference
from video_pipeline.domain.purchases import Item
from video_pipeline.domain.records import TrackRecord
from video_pipeline.domain.storyboard import BedPlan, MusicPrompt, Song, Storyboard, item_seed, seed_of
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import MusicProvider
from video_pipeline.steps.assemble import PIECE_MIN_S
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.batch import make_all
from video_pipeline.steps.materials import as_brought, uploaded
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.studio import Studio, chosen, in_turn, seed_for, stated
from video_pipeline.steps.wording import music_item

SILENCE_MAX_S = 8.0
"""Longest silence accepted inside a piece; a listener takes more for a fault."""

PEAK_MAX_DBTP = 0.0
"""True peak above which a piece clips."""

BED_MIN_S = 2
"""A shorter sound is heard as a beat when it is repeated."""

AMBIENCE_PROVIDER = "procedural"
"""Rain costs nothing to make, and no vendor sells it by the minute."""

LENGTH_TOLERANCE = 0.25
"""A vendor may deliver a piece up to this share shorter than asked; the timeline follows what was delivered."""


def compose(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard) -> list[TrackRecord]:
    """All pieces of the storyboard, in order, and the sounds beneath them.

    Those that exist with the recorded checksum are not made again.
    """
    _beds(studio, attempt, brief, storyboard.beds)
    if storyboard.songs:
        return _songs(studio, attempt, storyboard.songs)
    pieces = dict(enumerate(storyboard.pieces, 1))
    kept = {
        track.order_index: track
        for track in studio.jobs.tracks(attempt.job_id)
        if studio.media.holds(track.media)
        and track.order_index in pieces
        and track.prompt_text == pieces[track.order_index].text
    }
    missing = [index for index in pieces if index not in kept]
    provider = chosen(studio.music, brief.music_provider)
    with studio.media.scratch(attempt.job_id) as scratch:

        def make(index: int) -> TrackRecord:
            attempt.raise_if_stopped()
            return _obtained(studio, attempt, brief, pieces[index], index, scratch=scratch)

        made = make_all(
            attempt,
            missing,
            make,
            at_once=provider.capabilities.concurrency,
            finished_before=len(kept),
            noun="pieces of music",
        )
    every = kept | {track.order_index: track for track in made}
    return [every[index] for index in sorted(every)]


def _obtained(
    studio: Studio, attempt: Attempt, brief: Brief, written: MusicPrompt, index: int, *, scratch: Path
) -> TrackRecord:
    """The piece of a prompt, in its place `index`, which may not be the one that it was written for."""
    made = scratch / f"{index:02}.flac"
    prompt = replace(written, order_index=index)

    @cache  # books that did not answer are told again, when the file is in the store already
    def brought() -> tuple[MediaReference, AudioFacts]:
        facts = studio.tools.audio_facts(made)
        check_piece(made, prompt, facts)
        key = f"jobs/{attempt.job_id}/music/{index:02}-a{attempt.lease.attempt}.flac"
        return studio.media.adopt(made, key), facts

    def keep(generation: Generation) -> TrackRecord:
        return studio.jobs.save_track(attempt.lease, prompt, generation, *brought())

    def offer(provider: MusicProvider) -> Offer[TrackRecord]:
        facts, seed = provider.capabilities, seed_for(provider, written, brief.seed)
        return Offer(
            facts.name,
            facts.price_usd,
            facts.limits,
            lambda buying: stated(studio, facts, provider.compose(written, seed, made, buying), seed),
            keep,
        )

    item = Item(music_item(index), written.text, seed_of(written, brief.seed), (written.samples,))
    chain = in_turn(studio.music, brief.music_provider, studio.fallbacks)
    return obtain(studio.jobs, attempt, item, [offer(provider) for provider in chain])


def _songs(studio: Studio, attempt: Attempt, songs: Sequence[Song]) -> list[TrackRecord]:
    """The tracks of what was uploaded: the very files, measured once."""
    there = {track.order_index: track for track in studio.jobs.tracks(attempt.job_id)}
    made = []
    for song in songs:
        track = there.get(song.order_index)
        if track is None or track.media.sha256 != song.source.sha256 or not studio.media.holds(track.media):
            attempt.raise_if_stopped()
            media = uploaded(studio, attempt.job_id, song.source)
            facts = studio.tools.audio_facts(studio.media.locate(media))
            track = studio.jobs.save_track(attempt.lease, song, as_brought(song.source), media, facts)
        made.append(track)
        attempt.report(len(made) / len(songs), f"{len(made)} of {len(songs)} songs")
    return made


def _beds(studio: Studio, attempt: Attempt, brief: Brief, beds: Sequence[BedPlan]) -> None:
    """Obtain the sounds beneath the music: what was uploaded as it is, an ambience from the offline provider."""
    there = {bed.order_index: bed for bed in studio.jobs.works(attempt.job_id).beds}
    for bed in beds:
        made = there.get(bed.order_index)
        if made is not None and made.name == bed.name and studio.media.holds(made.media):
            continue
        attempt.raise_if_stopped()
        if bed.source is not None:
            media, generation = uploaded(studio, attempt.job_id, bed.source), as_brought(bed.source)
        else:
            media, generation = _ambience(studio, attempt, brief, bed)
        facts = studio.tools.audio_facts(studio.media.locate(media))
        if facts.samples < BED_MIN_S * SAMPLE_RATE:
            raise InvalidInputError(
                f"the sound {bed.name} lasts {facts.duration_s:.1f} s; at least {BED_MIN_S} s are needed"
            )
        studio.jobs.save_bed(attempt.lease, bed, generation, media, facts)


def _ambience(studio: Studio, attempt: Attempt, brief: Brief, bed: BedPlan) -> tuple[MediaReference, Generation]:
    provider = chosen(studio.ambience, AMBIENCE_PROVIDER)
    with studio.media.scratch(attempt.job_id) as scratch:
        made = scratch / f"bed-{bed.order_index:02}.flac"
        seed = item_seed(brief.seed, "sound", bed.order_index)
        generation = stated(studio, provider.capabilities, provider.generate(Ambience(bed.name), seed, made), seed)
        key = f"jobs/{attempt.job_id}/music/bed-{bed.order_index:02}-a{attempt.lease.attempt}.flac"
        return studio.media.adopt(made, key), generation


def check_piece(made: Path, prompt: MusicPrompt, facts: AudioFacts) -> None:
    """Raise MediaError when a delivered piece is not usable: too short, silent for long, or clipped."""
    if facts.samples < PIECE_MIN_S * SAMPLE_RATE:
        raise MediaError(
            f"piece {prompt.order_index} ({made.name}) lasts {facts.duration_s:.1f} s; "
            f"music lasts at least {PIECE_MIN_S} s, so generate it again"
        )
    shortest = prompt.samples * (1 - LENGTH_TOLERANCE)
    if facts.samples < shortest:
        raise MediaError(
            f"piece {prompt.order_index} ({made.name}) lasts {facts.duration_s:.1f} s, "
            f"asked for were {prompt.duration_s:.1f} s"
        )
    if facts.longest_silence_s > SILENCE_MAX_S:
        raise MediaError(f"piece {prompt.order_index} is silent for {facts.longest_silence_s:.1f} s")
    if facts.loudness.true_peak_dbtp > PEAK_MAX_DBTP:
        raise MediaError(f"piece {prompt.order_index} clips: its true peak is {facts.loudness.true_peak_dbtp:.1f} dBTP")
