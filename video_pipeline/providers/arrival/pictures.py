"""Owns a delivered picture until it is a PNG of the size asked for; hides decoding, colour profiles and scaling."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from video_pipeline.providers.arrival.kinds import Kind, admitted, refusal
from video_pipeline.providers.offline import written

PICTURE_KINDS = (Kind.PNG, Kind.JPEG, Kind.WEBP, Kind.AVIF)

MOST_BYTES = 200 * 2**20
MOST_PIXELS = 80_000_000
"""The largest picture that is decoded: 8K is 33 million; a small file can unpack to gigabytes."""

LONGEST_SIDE = 30_000

MOST_ENLARGED = 3
"""How many times a picture may be scaled up: beyond it a viewer sees that it was."""

BLACK_LUMA = 6.0
"""Mean luma (0-255) up to which a picture is black."""

FLAT = 1.0
"""Standard deviation (0-255) of the liveliest channel up to which a picture shows one colour and nothing else."""

_REMEDIES = {
    Kind.HEIC: "convert it to PNG or JPEG",
    Kind.GIF: "convert it to PNG; what moves is no picture",
}


def take_picture(raw: Path, out: Path, *, vendor: str, size: tuple[int, int]) -> None:
    """Make `raw`, which `vendor` delivered, a picture of `size` (width, height; PNG, 8-bit RGB).

    It is turned upright, converted to sRGB, laid on black where it is transparent, scaled to fill `size`, and what then
    sticks out is cut off evenly. MediaError when it is no picture, damaged, too large to decode, too small to be
    scaled up, black or of one colour; MachineError when `out` cannot be written. Nothing is left at `out` then.
    """
    admitted(raw, vendor, PICTURE_KINDS, most_bytes=MOST_BYTES, remedies=_REMEDIES)
    picture = _filled(_decoded(raw, vendor, size), size)
    pixels = np.asarray(picture)
    luma = float(np.asarray(picture.convert("L")).mean())
    if luma <= BLACK_LUMA:
        raise refusal(vendor, raw, f"which is black (mean luma {luma:.1f} of 255)")
    if float(pixels.std(axis=(0, 1)).max()) <= FLAT:
        colour = ", ".join(str(round(value)) for value in pixels.mean(axis=(0, 1)))
        raise refusal(vendor, raw, f"which shows nothing but one colour (RGB {colour})")
    with written(out) as aside:
        picture.save(aside, "PNG", compress_level=3)


def picture_sides(raw: Path, *, vendor: str) -> tuple[int, int]:
    """Width and height of `raw` when it is upright; errors as of `take_picture`, as far as its header tells."""
    admitted(raw, vendor, PICTURE_KINDS, most_bytes=MOST_BYTES, remedies=_REMEDIES)
    with _opened(raw, vendor) as picture:
        return _upright(picture)


def _decoded(raw: Path, vendor: str, size: tuple[int, int]) -> Image.Image:
    """The whole picture in 8-bit sRGB, upright."""
    with _opened(raw, vendor) as picture:
        width, height = _upright(picture)
        if max(size[0] / width, size[1] / height) > MOST_ENLARGED:
            what = f"which has {width} x {height} pixels; to fill {size[0]} x {size[1]} it would be enlarged"
            raise refusal(vendor, raw, f"{what} more than {MOST_ENLARGED} times")
        return _as_rgb(ImageOps.exif_transpose(picture))


@contextmanager
def _opened(raw: Path, vendor: str) -> Iterator[Image.Image]:
    """The picture, of which nothing is decoded yet, if it is not too large for that; whoever decodes it need not look
    at Pillow's errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is lower
            opened = Image.open(raw, formats=[kind.name for kind in PICTURE_KINDS])
        with opened as picture:
            if picture.width * picture.height > MOST_PIXELS or max(picture.size) > LONGEST_SIDE:
                limits = f"at most {MOST_PIXELS:,} are decoded, and {LONGEST_SIDE:,} to a side"
                raise refusal(vendor, raw, f"which has {picture.width} x {picture.height} pixels; {limits}")
            yield picture
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise refusal(vendor, raw, f"a picture that is damaged or cut off: {error}") from error


_ORIENTATION, _LYING = 0x0112, (5, 6, 7, 8)
"""The tag of EXIF, and what it says of pictures that lie on their side."""


def _upright(picture: Image.Image) -> tuple[int, int]:
    width, height = picture.size
    return (height, width) if picture.getexif().get(_ORIENTATION) in _LYING else (width, height)


def _filled(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of a picture that fills `size`."""
    scale = min(picture.width / size[0], picture.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    # Rounding may put an edge a little outside of the picture, which Pillow refuses.
    left, top = max((picture.width - width) / 2, 0.0), max((picture.height - height) / 2, 0.0)
    box = (left, top, min(left + width, picture.width), min(top + height, picture.height))
    return picture.resize(size, Image.Resampling.LANCZOS, box=box)


def _as_rgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.pop("icc_profile", None)
    if picture.mode.startswith(("I", "F")):
        # 16-bit grey: Pillow would cut it off at 255 instead of scaling it.
        return _as_srgb(picture.point(lambda value: value / 256).convert("L"), profile)
    if not picture.has_transparency_data:
        return _as_srgb(picture, profile)
    layer = picture.convert("RGBA")
    ground = Image.new("RGB", layer.size)
    ground.paste(_as_srgb(layer.convert("RGB"), profile), mask=layer.getchannel("A"))
    return ground


def _as_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """`picture` in RGB; a profile that is damaged, or describes other colours than it has, counts as sRGB."""
    if profile:
        # Who made the picture did not mean it to be lost for its profile.
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            described = picture.convert("RGB") if picture.mode == "P" else picture
            converted = ImageCms.profileToProfile(described, source, target, outputMode="RGB")
            assert converted is not None
            # It says when it was made: files of the same picture would differ.
            converted.info.pop("icc_profile", None)
            return converted
    return picture.convert("RGB")
