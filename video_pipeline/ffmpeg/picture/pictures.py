"""Owns single pictures: opening untrusted ones, measuring them, drawing new ones; hides the image libraries."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import ImageFacts
from video_pipeline.ffmpeg.work.aside import aside, not_made

MAX_PIXELS = 80_000_000
"""The largest picture that is decoded: 8K is 33 million; a small file can unpack to gigabytes."""

SMALLEST_SIDE, LONGEST_SIDE = 16, 30_000
"""Of a picture that somebody uploads: below, nothing is to be seen; above, it is a strip or was made to hurt."""

_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF")


def open_picture(path: Path) -> Image.Image:
    """Decode a PNG, JPEG, WebP or AVIF to 8-bit sRGB, upright, transparency on black; MediaError when it is not usable.

    Colours are converted by the profile in the file (ICC); where there is none, or a damaged one, they count as sRGB.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is lower
            opened = Image.open(path, formats=_FORMATS)
        with opened as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise MediaError(
                    f"{path.name} has {picture.width} x {picture.height} pixels; at most {MAX_PIXELS:,} are decoded"
                )
            return _as_rgb(ImageOps.exif_transpose(picture))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise MediaError(f"{path.name} is no usable PNG, JPEG, WebP or AVIF picture: {error}") from error


def check_still(path: Path) -> None:
    """MediaError unless the file is one picture with sides that can be worked with; nothing of it is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(path, formats=_FORMATS)
        with opened as picture:
            frames = getattr(picture, "n_frames", 1)
            # A JPEG of several pictures (MPO) has further views of the same behind the first one.
            if frames > 1 and picture.format != "MPO":
                raise MediaError(f"{path.name} is an animation of {frames} pictures; make a video of it, or a still")
            if not SMALLEST_SIDE <= min(picture.size) <= max(picture.size) <= LONGEST_SIDE:
                raise MediaError(
                    f"{path.name} has {picture.width} x {picture.height} pixels; "
                    f"each side may have {SMALLEST_SIDE} to {LONGEST_SIDE:,}"
                )
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise MediaError(f"{path.name} is no usable PNG, JPEG, WebP or AVIF picture: {error}") from error


def _as_rgb(picture: Image.Image) -> Image.Image:
    # Whoever writes the result must not write a profile that is no longer that of its colours.
    profile = picture.info.pop("icc_profile", None)
    if picture.mode.startswith(("I", "F")):
        # 16-bit grey: Pillow would clip it to 255 instead of scaling it.
        return _as_srgb(picture.point(lambda value: value / 256).convert("L"), profile)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        # Grey stays grey until it is converted: that is what its profile describes.
        opaque = picture.convert("L") if picture.mode == "LA" else layer.convert("RGB")
        ground = Image.new("RGB", layer.size)
        ground.paste(_as_srgb(opaque, profile), mask=layer.getchannel("A"))
        return ground
    return _as_srgb(picture, profile)


_DESCRIBED = {"RGB": ("RGB", "P"), "GRAY": ("L", "1"), "CMYK": ("CMYK",)}
"""Modes of pictures whose colours a profile of that kind describes; a palette has colours in RGB."""


def _as_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """`picture` in RGB, converted from the colours of `profile`; as it is when that says nothing about them."""
    if not profile:
        return picture.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        kind = source.profile.xcolor_space.strip()
        if picture.mode not in _DESCRIBED.get(kind, ()):
            return picture.convert("RGB")
        described = picture.convert({"GRAY": "L"}.get(kind, kind))
        # As browsers do: white stays white and black black, what lies between keeps its colour where sRGB has it.
        converted = ImageCms.profileToProfile(
            described,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture.convert("RGB")
    assert converted is not None
    # The profile that comes with it says when it was made: files of the same picture would differ.
    converted.info.pop("icc_profile", None)
    return converted


def draw_upright(picture: Path, out: Path) -> None:
    """Write a picture as a PNG in 8-bit RGB, upright, what is transparent on black; MediaError when it is none."""
    _save(open_picture(picture), out, "PNG", compress_level=3)


def image_facts(path: Path) -> ImageFacts:
    """Decode and measure a picture; MediaError when it is not one."""
    picture = open_picture(path)
    luma = np.asarray(picture.convert("L"))
    return ImageFacts(picture.width, picture.height, float(luma.mean()), perceptual_hash(picture))


def perceptual_hash(picture: Image.Image) -> str:
    """64 bits: which of the 8 x 8 lowest frequencies of the small grey picture exceed their median."""
    small = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float32)
    lowest = cv2.dct(small)[:8, :8].ravel()
    # The first one is the mean brightness, which says nothing about what is to be seen.
    bits = lowest > np.median(lowest[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


SHEET_COLUMNS = 5
_CELLS = ((384, 216), (216, 216), (216, 384))
"""Sizes of a picture on a sheet, one for each shape of a programme."""

_GAP = 8
_INK, _PAPER, _GRID = (236, 238, 242), (18, 20, 26), (42, 46, 56)


def draw_contact_sheet(pictures: Sequence[Path], out: Path) -> None:
    """Draw pictures in rows of five, numbered in their order and of the first one's shape, as a JPEG."""
    if not pictures:
        raise MediaError("a contact sheet needs at least one picture")
    opened = map(open_picture, pictures)
    first = next(opened)
    width, height = cell_size = _cell_for(first)
    rows = math.ceil(len(pictures) / SHEET_COLUMNS)
    columns = min(len(pictures), SHEET_COLUMNS)
    sheet = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP), _PAPER)
    for index, picture in enumerate(chain([first], opened)):
        row, column = divmod(index, SHEET_COLUMNS)
        cell = ImageOps.fit(picture, cell_size, Image.Resampling.LANCZOS)
        _number(cell, index + 1)
        sheet.paste(cell, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    _save(sheet, out, "JPEG", quality=88)


def _cell_for(picture: Image.Image) -> tuple[int, int]:
    """The size whose shape is nearest to that of `picture`."""
    shape = math.log(picture.width / picture.height)
    return min(_CELLS, key=lambda cell: abs(math.log(cell[0] / cell[1]) - shape))


def draw_preview(picture: Path, width: int, out: Path) -> None:
    """Draw `picture` as a JPEG at most `width` pixels wide; it is never enlarged."""
    image = open_picture(picture)
    if image.width > width:
        height = max(round(image.height * width / image.width), 1)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    _save(image, out, "JPEG", quality=84)


def _number(cell: Image.Image, number: int) -> None:
    draw = ImageDraw.Draw(cell, "RGBA")
    font = ImageFont.load_default(22)
    left, top, right, bottom = draw.textbbox((0, 0), str(number), font=font)
    width, height = right - left + 18, bottom - top + 14
    draw.rounded_rectangle((8, 8, 8 + width, 8 + height), 6, fill=(*_PAPER, 200))
    draw.text((8 + 9 - left, 8 + 7 - top), str(number), font=font, fill=_INK)


WAVEFORM_SIZE = (1600, 300)
_QUIETEST_DRAWN = 0.05
"""Sound that peaks below -26 dBFS is drawn small, so that near-silence is not mistaken for music."""

_WAVE, _CORE = np.array([86, 180, 214], np.float32), np.array([196, 236, 246], np.float32)


def draw_waveform(peaks: NDArray[np.float32], levels: NDArray[np.float32], out: Path) -> None:
    """Draw a waveform as a PNG from one peak and one effective level (RMS) for each column; the highest fills it."""
    highest = max(float(peaks.max(initial=0.0)), _QUIETEST_DRAWN)
    width, height = WAVEFORM_SIZE
    oversampled = height * 4
    distance = np.abs(np.arange(oversampled) - (oversampled - 1) / 2)[:, None] / (oversampled / 2)
    image = np.empty((oversampled, width, 3), np.float32)
    image[:] = np.array(_PAPER, np.float32)
    for level in (0.25, 0.5, 0.75):
        image[np.abs(distance[:, 0] - level) < 2 / oversampled] = np.array(_GRID, np.float32)
    # A hair line stays where it is silent.
    image[distance <= np.maximum(peaks / highest * 0.92, 3 / oversampled)] = _WAVE
    image[distance <= levels / highest * 0.92] = _CORE
    smooth = image.reshape(height, 4, width, 3).mean(axis=1)
    _save(Image.fromarray(np.rint(smooth).astype(np.uint8)), out, "PNG")


def _save(image: Image.Image, out: Path, kind: str, **options: int) -> None:
    content = io.BytesIO()
    image.save(content, kind, **options)
    put(content.getvalue(), out)


def put(content: bytes, out: Path) -> None:
    """Write a small file aside and rename it; MachineError when there is no room, and nothing is left then."""
    try:
        with aside(out) as part:
            part.write_bytes(content)
    except OSError as error:
        raise not_made(out, error) from error
