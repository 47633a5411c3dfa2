"""What becomes of a delivered picture or clip, good or hostile."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from video_pipeline.domain.errors import MachineError, MediaError
from video_pipeline.providers.arrival import take_clip, take_picture
from video_pipeline.providers.film import planes_of, write_film

SIZE = (320, 180)
Take = Callable[..., Image.Image]


def view(width: int, height: int) -> Image.Image:
    """Red grows to the right, green downwards, blue is even."""
    red, green = np.meshgrid(np.linspace(20, 235, width), np.linspace(20, 235, height))
    return Image.fromarray(np.dstack([red, green, np.full_like(red, 90)]).astype(np.uint8))


def written_as(form: str, picture: Image.Image, **options: Any) -> bytes:
    """A file of the picture."""
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Take bytes for a picture and give it; its folder has nothing else."""

    def taken(raw: bytes, size: tuple[int, int] = SIZE) -> Image.Image:
        (tmp_path / "03.raw").write_bytes(raw)
        (out := tmp_path / "out").mkdir()
        try:
            take_picture(tmp_path / "03.raw", out / "a", vendor="Acme", size=size)
        except MediaError:
            assert list(out.iterdir()) == []
            raise
        assert [path.name for path in out.iterdir()] == ["a"]
        with Image.open(out / "a") as picture:
            assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", size)
            assert picture.info == {}
            return picture.copy()

    return taken


def corner(picture: Image.Image, x: int = 0, y: int = 0) -> tuple[int, ...]:
    found = picture.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("size", [(640, 360), (160, 90), (321, 181)])
def test_a_picture_of_any_kind_fills_the_size(take: Take, form: str, size: tuple[int, int]) -> None:
    picture = take(written_as(form, view(*size), quality=95))
    assert np.abs(np.asarray(picture).astype(int) - np.asarray(view(*SIZE))).mean() < 3


def test_its_middle_is_kept(take: Take) -> None:
    square = np.asarray(take(written_as("PNG", view(360, 360)))).astype(int)
    assert square[0, 0, 0] == pytest.approx(20, abs=3)
    assert square[0, 0, 1] == pytest.approx(20 + 215 * 7 / 32, abs=3)
    assert square[-1, -1, 1] == pytest.approx(235 - 215 * 7 / 32, abs=3)


def test_it_is_turned_upright(take: Take) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = view(320, 180).transpose(Image.Transpose.ROTATE_90)
    picture = take(written_as("JPEG", lying, exif=exif, quality=95))
    assert np.abs(np.asarray(picture).astype(int) - np.asarray(view(*SIZE))).mean() < 3


def test_what_is_transparent_lies_on_black(take: Take) -> None:
    layer = view(*SIZE).convert("RGBA")
    layer.paste((255, 255, 255, 0), (0, 0, 100, 180))
    picture = take(written_as("PNG", layer))
    assert corner(picture) == (0, 0, 0)
    assert corner(picture, 319, 179)[0] > 200


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "I;16", "1", "LA"])
def test_colours_of_any_kind_become_rgb(take: Take, mode: str) -> None:
    if mode == "I;16":
        given = Image.fromarray(np.asarray(view(*SIZE).convert("L")).astype(np.uint16) * 257)
    else:
        given = view(*SIZE).convert(mode)
    picture = np.asarray(take(written_as("JPEG" if mode == "CMYK" else "PNG", given))).astype(int)
    assert picture[:20, :20].mean() + 40 < picture[-20:, -20:].mean()
    assert picture.mean() == pytest.approx(np.asarray(view(*SIZE).convert("L")).mean(), abs=12)


def test_a_profile_is_applied_and_does_not_stay(take: Take) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = take(written_as("PNG", view(*SIZE), icc_profile=profile))
    assert np.abs(np.asarray(picture).astype(int) - np.asarray(view(*SIZE))).max() <= 1


def test_colours_are_converted_by_their_profile(take: Take) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # What this profile calls red is green, and the other way round: so is what is to be seen.
    red, green = (profile.index(name + b"XYZ", 128) for name in (b"r", b"g"))
    profile[red : red + 4], profile[green : green + 4] = profile[green : green + 4], profile[red : red + 4]
    picture = np.asarray(take(written_as("PNG", view(*SIZE), icc_profile=bytes(profile)))).astype(int)
    assert np.abs(picture - np.asarray(view(*SIZE))[:, :, [1, 0, 2]]).max() <= 2


def test_a_damaged_profile_counts_as_srgb(take: Take) -> None:
    picture = take(written_as("PNG", view(*SIZE), icc_profile=b"no profile" * 20))
    assert np.array_equal(np.asarray(picture), np.asarray(view(*SIZE)))


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (Image.new("RGB", SIZE, (2, 3, 2)), r"is black \(mean luma"),
        (Image.new("RGB", SIZE, (90, 10, 200)), r"nothing but one colour \(RGB 90, 10, 200\)"),
        (Image.new("RGBA", SIZE, (200, 100, 50, 0)), "is black"),
        (view(100, 180), "has 100 x 180 pixels; to fill 320 x 180 it would be enlarged more than 3 times"),
        (view(1280, 40), "enlarged"),
        (view(4, 31_000), "at most 80,000,000 are decoded, and 30,000 to a side"),
    ],
)
def test_what_nobody_wants_to_see_is_refused(take: Take, picture: Image.Image, said: str) -> None:
    with pytest.raises(MediaError, match=rf"^Acme delivered 03\.raw, which .*{said}"):
        take(written_as("PNG", picture))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("sides", [(20_000, 20_000), (9_000, 9_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_decoded(take: Take, sides: tuple[int, int]) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *sides, 8, 2, 0, 0, 0))
    # What follows is no picture: whoever decodes it says something else.
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000)))
    with pytest.raises(MediaError, match=r"80,000,000 are decoded|decompression bomb"):
        take(bomb)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_what_was_cut_off_on_its_way_is_refused(take: Take, form: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (180, 320, 3), np.uint8))
    raw = written_as(form, noise)
    with pytest.raises(MediaError, match="damaged or cut off"):
        take(raw[: round(len(raw) * share)])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "which is empty; expected was one of PNG, JPEG, WEBP, AVIF"),
        (b'{"code": "moderated"}', "JSON answer that says .*moderated"),
        (b"<html><body>sign in</body>", "web page"),
        (b"GIF89a" + bytes(50), "a GIF; .*convert it to PNG"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xff\xd8\xff\xe0" + bytes(500), "damaged or cut off"),
        (b"RIFF\x00\x00\x00\x00WEBP" + bytes(500), "damaged or cut off"),
    ],
    ids=lambda value: value[:6].hex() if isinstance(value, bytes) else "",
)
def test_what_is_no_picture_is_named(take: Take, raw: bytes, said: str) -> None:
    with pytest.raises(MediaError, match=r"^Acme delivered 03\.raw, ") as refused:
        take(raw)
    assert refused.match(said)


def test_a_place_that_cannot_be_written_is_an_error_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(written_as("PNG", view(*SIZE)))
    with pytest.raises(MachineError, match=r"cannot write out: .*room"):
        take_picture(tmp_path / "a", tmp_path / "missing" / "out", vendor="Acme", size=SIZE)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MP4 of a second."""
    out = tmp_path_factory.mktemp("clip") / "clip.mp4"
    picture = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    write_film((planes_of(np.roll(picture, number, axis=1)) for number in range(30)), (64, 64), out)
    return out.read_bytes()


def test_a_clip_is_taken_as_it_is(clip: bytes, tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(clip)
    take_clip(tmp_path / "raw", tmp_path / "out", vendor="Acme", seconds=1)
    assert (tmp_path / "out").read_bytes() == clip
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_no_clip_or_not_all_of_it_is_refused(clip: bytes, tmp_path: Path) -> None:
    refused = {
        b"<html><title>Gone</title>": "web page.*'Gone'; expected was one of MP4, MOV, MATROSKA",
        clip[:-1]: "an MP4 that is cut off: its part",
        clip[: len(clip) // 3]: "an MP4 that is cut off: its part",
        clip + bytes(3): "cut off: its last part is not whole",
        clip[:32] + struct.pack(">I", 2000) + b"mdat" + bytes(1992): "it has no part 'moov'",
        b"\x1aE\xdf\xa3" + bytes(50): "of 54 bytes, in which there is no clip",
    }
    for raw, said in refused.items():
        (tmp_path / "raw").write_bytes(raw)
        with pytest.raises(MediaError, match=f"^Acme delivered raw, .*{said}"):
            take_clip(tmp_path / "raw", tmp_path / "out", vendor="Acme", seconds=1)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_a_clip_that_is_far_too_large_for_its_length_is_refused(clip: bytes, tmp_path: Path) -> None:
    with (tmp_path / "raw").open("wb") as file:
        file.write(clip)
        file.truncate(200_000_000)  # a hole: it takes no room
    with pytest.raises(MediaError, match=r"has 200,000,000 bytes; at most 83,554,432"):
        take_clip(tmp_path / "raw", tmp_path / "out", vendor="Acme", seconds=1)
