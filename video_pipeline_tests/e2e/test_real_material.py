"""A build of real photographs, a real clip and a real song, which Debian's packages have and nobody here made."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from video_pipeline_tests.e2e.conftest import Installation

PHOTOGRAPHS = ("Dune", "Garden", "Storm")
SONG_BYTES = 360_000
"""36 s of an MP3 of 80 kbit/s; its frames stand alone, so it may be cut anywhere."""
SEEN = (64, 36)


def unpacked(package: str, folder: Path) -> Path:
    """What Debian's package holds, below `folder`."""
    if shutil.which("apt-get") is None:
        pytest.skip("the real material comes from Debian's packages, and this is no Debian")
    fetched = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        pytest.skip(f"Debian's package {package} is not to be had here: {fetched.stderr.strip()[-200:]}")
    (archive,) = folder.glob(f"{package}_*.deb")
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    return folder / "usr" / "share"


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """A folder as an operator has it: photographs, a clip of a street and a song, the shortest of their package."""
    found, folder = tmp_path / "packages", tmp_path / "material"
    found.mkdir()
    folder.mkdir()
    photographs = unpacked("mate-backgrounds", found) / "backgrounds" / "mate" / "nature"
    for number, name in enumerate(PHOTOGRAPHS, start=1):
        shutil.copy(photographs / f"{name}.jpg", folder / f"{number} {name}.jpg")
    shutil.copy(unpacked("opencv-doc", found) / "doc/opencv-doc/examples/data/vtest.avi", folder / "4 street.avi")
    song = unpacked("asc-music", found) / "games/asc/music/time_to_strike.mp3"
    (folder / "song.mp3").write_bytes(song.read_bytes()[:SONG_BYTES])
    (folder / "words.txt").write_text("Time to strike.\n", encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_build_of_real_material_shows_it_all_and_sounds_like_it(installation: Installation, material: Path) -> None:
    printed = installation.call("run", "--kind", "build", "--files", str(material), "--json")
    report = json.loads(printed.splitlines()[-1])
    song = heard(material / "song.mp3")
    assert report["duration_s"] == pytest.approx(song.size / RATE, abs=0.2)
    assert report["integrated_lufs"] == pytest.approx(-14, abs=0.5)
    assert report["true_peak_dbtp"] <= -1

    programme = Path(report["path"])
    scenes = installation.json("job", "show", report["job_id"])["scenes"]
    assert [scene["frames"] > 0 for scene in scenes] == [True] * 4
    starts = np.cumsum([0, *(scene["frames"] for scene in scenes)]) / 30
    shown = [seen_at(programme, (start + end) / 2) for start, end in pairwise(starts)]
    for picture, name in zip(shown, PHOTOGRAPHS, strict=False):
        (photograph,) = material.glob(f"*{name}.jpg")
        with Image.open(photograph) as opened:
            whole = ImageOps.fit(opened.convert("RGB"), (1920, 1080))
        # The words are over the lowest third; the camera may have come a little closer.
        assert likeness(picture, small(whole)) > 0.8, name
    # The street lies still but for its people, so any of its frames is like any other one.
    assert likeness(shown[3], small(ImageOps.fit(frame(material / "4 street.avi", 5.0), (1920, 1080)))) > 0.8
    ours = heard(programme)
    size = min(ours.size, song.size)
    assert likeness(ours[:size], song[:size]) > 0.9


RATE = 8_000


def heard(path: Path) -> NDArray[np.float64]:
    """The sound of a file in one channel at 8000 samples a second."""
    with av.open(str(path)) as opened:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        pieces = [each.to_ndarray() for part in opened.decode(audio=0) for each in resampler.resample(part)]
    return np.concatenate(pieces, axis=1)[0].astype(np.float64)


def frame(path: Path, seconds: float) -> Image.Image:
    """The first frame of a video at or behind a time."""
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        opened.seek(int(seconds * av.time_base))
        return next(each.to_image() for each in opened.decode(stream) if each.time is not None and each.time >= seconds)


def small(picture: Image.Image) -> NDArray[np.float64]:
    """Its brightness above the words, coarse enough that a slow camera does not matter."""
    grey = np.asarray(picture.convert("L").resize(SEEN, Image.Resampling.BOX), dtype=np.float64)
    return grey[: SEEN[1] * 2 // 3]


def seen_at(path: Path, seconds: float) -> NDArray[np.float64]:
    """The same of a frame of a video."""
    return small(frame(path, seconds))


def likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The correlation coefficient of two signals of the same shape."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
