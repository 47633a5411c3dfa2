"""The port: files that appear at once, exact lengths, the same bytes everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import MachineError, ProviderUnavailableError
from video_pipeline.domain.storyboard import Instrument, Mode
from video_pipeline.ports import MusicProvider
from video_pipeline.providers.music_procedural import ProceduralMusic
from video_pipeline.providers.music_procedural.provider import write_piece
from video_pipeline.providers.workshop import Workshop
from video_pipeline_tests.providers.music_procedural.repertoire import prompt

ASKED = prompt(
    Instrument.FELT_PIANO,
    Instrument.STRINGS,
    Instrument.FLUTE,
    Instrument.HAND_DRUM,
    mode=Mode.DORIAN,
    tonic="G",
    seconds=12.00211,
)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def provider():
    with Cores(2) as cores:
        yield ProceduralMusic(Workshop(cores, Path()))


def test_writes_a_flac_of_exactly_the_length_asked_for(provider: MusicProvider, tmp_path: Path) -> None:
    out = tmp_path / "track one.flac"
    generation = provider.compose(ASKED, 3, out)
    facts = soundfile.info(out)
    assert (facts.format, facts.subtype, facts.samplerate, facts.channels) == ("FLAC", "PCM_16", 48_000, 2)
    assert facts.frames == ASKED.samples == 576_101
    assert generation.provider == provider.capabilities.name == "procedural"
    assert (generation.cost_usd, generation.provider_id) == (Decimal(0), None)
    assert generation.licence.name.startswith("CC0 1.0")
    assert generation.licence.url == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert [each.name for each in tmp_path.iterdir()] == ["track one.flac"]


def test_states_what_it_costs_and_how_many_it_makes_at_once() -> None:
    cores = Cores(3)
    facts = ProceduralMusic(Workshop(cores, Path())).capabilities
    assert (facts.name, facts.concurrency, facts.price_usd) == ("procedural", 3, Decimal(0))


def test_several_threads_get_the_bytes_that_one_process_makes(provider: MusicProvider, tmp_path: Path) -> None:
    outs = [tmp_path / f"{index}.flac" for index in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda out: provider.compose(ASKED, 3, out), outs))
    alone = tmp_path / "alone.flac"
    write_piece(ASKED, 3, alone)
    assert {_digest(out) for out in outs} == {_digest(alone)}


def test_a_fresh_interpreter_with_other_hashes_and_threads_makes_the_same_bytes(tmp_path: Path) -> None:
    here, there = tmp_path / "here.flac", tmp_path / "there.flac"
    write_piece(ASKED, 4, here)
    code = (
        "import sys, pathlib\n"
        "from video_pipeline_tests.providers.music_procedural.test_provider import ASKED, write_piece\n"
        "write_piece(ASKED, 4, pathlib.Path(sys.argv[1]))"
    )
    root = Path(__file__).parents[3]
    for threads, salt in (("1", "1"), ("2", "77")):
        environment = os.environ | {
            "OPENBLAS_NUM_THREADS": threads,
            "PYTHONHASHSEED": salt,
            "PYTHONPATH": str(root),
        }
        subprocess.run([sys.executable, "-c", code, str(there)], check=True, env=environment, cwd=root)
        assert _digest(there) == _digest(here), f"{threads} threads"


def test_seed_and_every_fact_of_the_prompt_change_the_piece(tmp_path: Path) -> None:
    variants = [
        (ASKED, 1),
        (ASKED, 2),
        (prompt(*ASKED.instruments, mode=Mode.DORIAN, tonic="G", seconds=12.00211, moods=("calm", "rain")), 1),
        (prompt(*ASKED.instruments, mode=Mode.DORIAN, tonic="G", seconds=12.00211, index=2), 1),
    ]
    seen = set()
    for index, (asked, seed) in enumerate(variants):
        out = tmp_path / f"{index}.flac"
        write_piece(asked, seed, out)
        seen.add(_digest(out))
    assert len(seen) == len(variants)


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "taken.flac"
    out.mkdir()
    (out / "precious").write_text("kept")
    with pytest.raises(MachineError, match=r"taken\.flac"):
        write_piece(prompt(Instrument.KALIMBA, seconds=10), 1, out)
    assert [each.name for each in tmp_path.iterdir()] == ["taken.flac"]
    assert (out / "precious").read_text() == "kept"


class _DyingCores(Cores):
    """Worker processes that end at once."""

    def submit(self, function, /, *args, **kwargs):
        return super().submit(os._exit, 9)


def test_a_killed_worker_is_a_reason_to_try_again(tmp_path: Path) -> None:
    with _DyingCores(1) as cores, pytest.raises(ProviderUnavailableError, match="compose it again"):
        ProceduralMusic(Workshop(cores, Path())).compose(ASKED, 1, tmp_path / "never.flac")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_dithered_and_stays_so_quiet_that_nobody_hears_it(tmp_path: Path) -> None:
    out = tmp_path / "end.flac"
    write_piece(ASKED, 3, out)
    samples, _ = soundfile.read(out, dtype="int16")
    last = samples[-200:].astype(int)
    # The music is over: what is left is the triangular noise of one step, without a mean.
    assert set(np.unique(last)) == {-1, 0, 1}
    assert abs(last.mean()) < 0.05
