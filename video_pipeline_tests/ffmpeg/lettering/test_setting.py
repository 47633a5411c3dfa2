"""Which font draws what, and where words stand in a picture."""

from __future__ import annotations

import random
import time
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ffmpeg.lettering.drawing import SIZES, check_words
from video_pipeline.ffmpeg.lettering.faces import faces_in, is_shaping
from video_pipeline.ffmpeg.lettering.setting import Setting, set_words
from video_pipeline.ffmpeg.lettering.shelf import OWN, Shelf, installed_shelf
from video_pipeline_tests.ffmpeg.lettering.needed import need

ONLY_OWN = Shelf(faces_in(OWN))
LONG = (
    "It is not the critic who counts; not the man who points out how the strong man stumbles, or where the doer of "
    "deeds could have done them better. The credit belongs to the man who is actually in the arena, whose face is "
    "marred by dust and sweat and blood; who strives valiantly; who errs, who comes short and ou"
)


def words_of(setting: Setting) -> str:
    return " ".join("".join(placed.run.text for placed in line.runs).strip() for line in setting.lines)


def test_the_table_of_characters_says_what_is_drawn() -> None:
    (face,) = faces_in(OWN)
    assert (face.family, face.is_upright, face.is_monospaced, face.is_coloured) == ("Literata", True, False, False)
    font = ImageFont.truetype(OWN, 40, layout_engine=ImageFont.Layout.BASIC)
    absent = bytes(font.getmask("\uffff"))
    chance = random.Random(1)
    tried = [chr(code) for code in chance.sample(range(0x21, 0x2500), 600)]
    tried = [letter for letter in tried if unicodedata.category(letter)[0] in "LNPS"]
    drawn = [letter for letter in tried if bytes(font.getmask(letter)) != absent]
    assert [letter for letter in tried if face.has(letter)] == drawn
    assert 50 < len(drawn) < len(tried)


def test_a_file_that_is_no_font_has_no_faces(tmp_path: Path) -> None:
    for number, content in enumerate([b"", b"\0\1\0\0", b"ttcf" + b"\xff" * 40, OWN.read_bytes()[:3000], b"x" * 999]):
        path = tmp_path / f"{number}.ttf"
        path.write_bytes(content)
        assert faces_in(path) == []
    assert faces_in(tmp_path / "absent.ttf") == []


@pytest.mark.parametrize(
    ("text", "package", "named"),
    [
        ("静けさ", "fonts-noto-cjk", "U\\+9759"),
        ("שקט", "fonts-noto-core", "U\\+05E9 hebrew letter shin"),
        ("Sea 🌊", "fonts-noto-color-emoji", "U\\+1F30A"),
        ("Fly 👩‍🚀", "fonts-noto-color-emoji", "U\\+1F469"),
        ("क्षण", "fonts-noto-core", "devanagari"),
    ],
)
def test_letters_that_no_font_has_are_refused_by_name(text: str, package: str, named: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"no font on this machine has .*{named}.*apt install.* {package}"):
        set_words(text, 1920, 1080, ONLY_OWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no words"),
        (" \n ", "no words"),
        ("\u3164\n\u115f\u1160 \uffa0", "no words"),
        ("a\x00b", "not shown: U\\+0000"),
        ("a\u202eb", "not shown: U\\+202E"),
        ("a\x1b[2J", "not shown: U\\+001B"),
        ("a\ud800", "not shown: U\\+D800"),
        ("x" * 120, "too long for a picture of 1920 x 1080: a word of it is longer"),
        (f"Be.\n\n— {'n' * 80}", "a word of it is longer than a line; put a zero-width space"),
        ("word " * 81, "at most 400 fit"),
        ("\n".join("abcdefghijklmnopqrstuvwxyz"), "too long for a picture of 1920 x 1080: it takes too many lines"),
    ],
)
def test_what_cannot_be_drawn_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        check_words(text)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("text", ["Breathe.", LONG[:300], f"{LONG[:300]}\n\n— Theodore Roosevelt of Oyster Bay"])
def test_words_stay_inside_of_the_safe_area(text: str, width: int, height: int) -> None:
    setting = set_words(text, width, height, ONLY_OWN)
    for line in setting.lines:
        left, top, right, bottom = line.ink
        assert 0.1 * width <= left < right <= 0.9 * width
        assert 0.1 * height <= top < bottom <= 0.76 * height
    for above, below in zip(setting.lines, setting.lines[1:], strict=False):
        assert above.ink[3] < below.ink[1]
    assert " ".join(text.split()) == words_of(setting)
    # 0.03 of the shorter side is what subtitles on television have at least.
    assert setting.em_px >= 0.03 * min(width, height)


def test_letters_are_larger_in_smaller_pictures_and_shorter_texts() -> None:
    def share(text: str, height: int) -> float:
        return set_words(text, height * 16 // 9 // 2 * 2, height, ONLY_OWN).em_px / height

    assert share("Breathe.", 480) > share("Breathe.", 1080) > share(LONG, 1080)


def test_the_author_stands_below_and_smaller() -> None:
    setting = set_words("Two short\nlines\n\n— Rumi", 1280, 720, ONLY_OWN)
    assert [line.runs[0].run.text for line in setting.lines] == ["Two short", "lines", "— Rumi"]
    sizes = [line.runs[0].em_px for line in setting.lines]
    assert sizes[0] == sizes[1] > 1.3 * sizes[2]


def test_all_lines_are_as_far_apart() -> None:
    """The space below a line depended on how far its own letters reach."""
    need("ِّقلب")
    text = "السكينة تبدأ حين\nيصمت كل\nبِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ\nدا را"
    bases = [line.runs[0].base for line in set_words(text, 1280, 720, installed_shelf()).lines]
    steps = [below - above for above, below in pairwise(bases)]
    assert max(steps) == pytest.approx(min(steps))


def test_both_directions_in_one_line() -> None:
    need("אבגד")
    (line,) = set_words("שלום Dagster 1.13 עולם!", 1920, 1080, installed_shelf()).lines
    text = [placed.run.text.strip() for placed in line.runs if placed.run.text.strip()]
    assert text[text.index("Dagster 1.13") + 1 :] == ["שלום"]
    assert text[0] == "!" or text[0].endswith("עולם!")
    lefts = [placed.left for placed in line.runs]
    assert lefts == sorted(lefts)


def test_chinese_signs_are_those_of_the_text_s_country() -> None:
    need("古池や漢")
    setting = set_words("古池や蛙飛びこむ水の音\n\n— 芭蕉", 1920, 1080, installed_shelf())
    families = {placed.run.face.family for line in setting.lines for placed in line.runs} - {"Literata"}
    assert len(families) == 1
    family = families.pop()
    assert "CJK" not in family or family.endswith("JP")


def test_no_line_of_japanese_begins_with_what_closes() -> None:
    need("古池や漢")
    text = "古池や、蛙飛びこむ。「水」の音っと、静けさの中に、すべての始まりがある、と彼は言った。" * 3
    lines = set_words(text[:130], 1080, 1920, installed_shelf()).lines
    assert len(lines) > 4
    assert not [line for line in lines if line.runs[0].run.text[0] in "、。」っ"]


@pytest.mark.skipif(not is_shaping(), reason="letters cannot be shaped here: apt install libfribidi0")
@settings(max_examples=25)
@given(st.lists(st.text("abcdefgé ,.;—'αβγжщ", min_size=1, max_size=12), min_size=1, max_size=20))
def test_all_words_are_there_in_their_order(parts: list[str]) -> None:
    text = " ".join(" ".join(parts).split())
    try:
        setting = set_words(text, 854, 480, ONLY_OWN)
    except InvalidInputError:
        return
    assert words_of(setting).replace(" ", "") == unicodedata.normalize("NFC", text).replace(" ", "")


def test_three_hundred_different_signs_are_checked_in_a_moment() -> None:
    """Hundreds of fonts were asked for each, and all ways of breaking lines weighed in 25 sizes: 6 s a quote."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 300 * 60, 60)))
    need(text)
    began = time.process_time()
    check_words(text)
    assert time.process_time() - began < 1.5
