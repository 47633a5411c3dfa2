"""The command lines of plain ffmpeg: a rival that is slower than it need be would make the product look good."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.bench import plain
from tools.bench.programme import File, Programme, Scene

FFMPEG, OUT = Path("/bin/ffmpeg"), Path("/out.mp4")


def programme(scenes: int) -> Programme:
    made = [Scene(File(f"/p{n}.png", f"p{n}", 1), File(f"/m{n}.flac", f"m{n}", 1)) for n in range(scenes)]
    return Programme("test", 300, tuple(made))


def graphs(argv: list[str]) -> list[str]:
    return [argv[index + 1] for index, word in enumerate(argv) if word == "-filter_complex"]


def test_the_tutorial_command_is_the_well_known_one() -> None:
    argv = plain.tutorial(FFMPEG, programme(3), OUT)
    assert argv.count("-loop") == 3
    assert [argv[index + 1] for index, word in enumerate(argv) if word == "-t"] == [
        "11.000000",
        "12.000000",
        "11.000000",
    ]
    (graph,) = graphs(argv)
    assert re.findall(r"xfade=transition=fade:duration=2:offset=([\d.]+)", graph) == ["9.000000", "19.000000"]
    assert graph.count("acrossfade=d=4") == 2
    assert "loudnorm=I=-14:TP=-1" in graph
    assert argv[argv.index("-preset") + 1] == "medium"


@pytest.mark.parametrize("command", [plain.chain, plain.parts])
def test_the_tuned_commands_decode_each_picture_once_and_tag_its_colours(command: object) -> None:
    assert callable(command)
    argv = command(FFMPEG, programme(4), OUT, ["-aac_coder", "twoloop"])
    assert "-loop" not in argv
    assert sum(word.endswith(".png") for word in argv) == 4
    assert "out_color_matrix=bt709" in " ".join(graphs(argv))
    assert argv[argv.index("-colorspace") + 1] == "bt709"
    assert argv[argv.index("-aac_coder") + 1] == "twoloop"


@pytest.mark.parametrize("scenes", [1, 2, 3, 20])
def test_the_parts_add_up_to_the_programme(scenes: int) -> None:
    """Frames of stills and dissolves, as the graph says them."""
    whole = programme(scenes)
    picture, sound = graphs(plain.parts(FFMPEG, whole, OUT, []))
    stills = [int(frames) for frames in re.findall(r"\[s\d+\]loop[^;]*end_frame=(\d+)", picture)]
    assert sum(stills) + 60 * picture.count("xfade=") == whole.frames
    assert f"concat=n={2 * scenes - 1}:v=1:a=0" in picture
    assert "loudnorm" in sound


def test_motion_goes_on_where_the_part_before_ended() -> None:
    picture, _ = graphs(plain.parts(FFMPEG, programme(3).moving(), OUT, []))
    # A middle scene is seen for 360 frames: 60 of dissolve in, 240 alone, 60 of dissolve out.
    assert re.search(r"\[b1\]zoompan=z='1\+0\.05\*\(1-cos\(2\*PI\*\(on\+0\)/600\)\)/2'.*?:d=60:", picture)
    assert re.search(r"\[s1\]zoompan=[^;]*\(on\+60\)[^;]*:d=240:", picture)
    assert re.search(r"\[e1\]zoompan=[^;]*\(on\+300\)[^;]*:d=60:", picture)


def test_the_transcode_is_by_libvpx_at_good() -> None:
    words = " ".join(plain.vp9_transcode(FFMPEG, Path("/master.mp4"), Path("/out.webm")))
    assert "-c:v libvpx-vp9 -deadline good -cpu-used 4 -row-mt 1" in words
