"""Uploaded files: kept under a name of ours, known by their content, refused without a trace."""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from uuid import UUID, uuid4

import pytest
from PIL import Image

from video_pipeline.domain.errors import ConflictError, InvalidInputError, MachineError, MediaError, NotFoundError
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import UPLOAD_MAX_BYTES, FileType
from video_pipeline.ffmpeg import find_ffmpeg
from video_pipeline.steps.files import job_files, remove_unrecorded
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import chunks_of, keep_upload, remove_upload

Order = Callable[..., JobRecord]
V, M, S, Q = FileType


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """Makes small real files with ffmpeg: the name decides the kind."""
    folder, made = tmp_path_factory.mktemp("footage"), dict[str, bytes]()
    picture, sound = "testsrc2=s=128x72:r=10:d=1", "sine=d=1"

    def make(name: str, *options: str) -> bytes:
        if name not in made:
            inputs = [("-f", "lavfi", "-i", picture)] if Path(name).suffix in {".mp4", ".mov", ".webm", ".mkv"} else []
            inputs += [("-f", "lavfi", "-i", sound)]
            arguments = [str(find_ffmpeg(None).path), "-v", "error", *(word for each in inputs for word in each)]
            subprocess.run([*arguments, *options, "-t", "1", str(folder / name)], check=True)
            made[name] = (folder / name).read_bytes()
        return made[name]

    return make


@pytest.fixture
def job_id(order: Order) -> UUID:
    return order().id


def kept_files(studio: Studio) -> list[str]:
    """All files below the root of the store, scratch included, locks not."""
    root = studio.media.path("jobs").parent
    return sorted(
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and ".locks" not in path.parts
    )


def pieces(content: bytes, size: int = 7) -> Iterator[bytes]:
    yield from (content[start : start + size] for start in range(0, len(content), size))


H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")
VP9 = ("-c:v", "libvpx-vp9", "-c:a", "libopus")


@pytest.mark.parametrize(
    ("file_type", "name", "options", "extension"),
    [
        (V, "film.mp4", H264, "mp4"),
        (V, "film.mov", H264, "mov"),
        (V, "film.webm", VP9, "webm"),
        (V, "film.mkv", H264, "mkv"),
        (M, "song.flac", (), "flac"),
        (M, "song.mp3", (), "mp3"),
        (M, "song.m4a", ("-c:a", "aac"), "m4a"),
        (S, "rain.wav", (), "wav"),
        (S, "rain.ogg", ("-c:a", "libvorbis"), "ogg"),
        (S, "rain.aac", ("-c:a", "aac"), "aac"),
        (S, "rain.aiff", (), "aiff"),
    ],
)
def test_what_is_what_it_says_is_kept_under_a_name_of_ours(
    studio: Studio,
    job_id: UUID,
    footage: Callable[..., bytes],
    file_type: FileType,
    name: str,
    options: tuple[str, ...],
    extension: str,
) -> None:
    content = footage(name, *options)
    # The name lies about everything.
    kept = keep_upload(studio, job_id, file_type, "the harbour.exe", io.BytesIO(content), declared_bytes=len(content))
    assert (kept.job_id, kept.file_type, kept.filename) == (job_id, file_type, "the harbour.exe")
    assert Path(kept.media.key).suffix == f".{extension}"
    assert Path(kept.media.key).parent.as_posix() == f"jobs/{job_id}/files"
    assert "harbour" not in kept.media.key
    assert studio.media.locate(kept.media).read_bytes() == content
    assert studio.media.holds(kept.media)
    assert studio.jobs.get_file(job_id, kept.id) == kept
    assert kept_files(studio) == [kept.media.key]


def test_quotes_are_plain_text_lines(studio: Studio, job_id: UUID) -> None:
    text = "\ufeffBe still.\r\nCafé —\u00a0« ça va »\r می\u200cشود\n\n🧘🏽\u200d♀️ breathe\tin"
    kept = keep_upload(studio, job_id, Q, "quotes.txt", pieces(text.encode()))
    assert Path(kept.media.key).suffix == ".txt"
    stored = studio.media.locate(kept.media).read_bytes().decode()
    assert stored == "Be still.\nCafé —\u00a0« ça va »\n می\u200cشود\n\n🧘🏽\u200d♀️ breathe\tin"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("Grüße".encode("latin-1"), "no UTF-8 text: byte 2"),
        (b"MZ\x90\x00\x03", "no UTF-8|not shown"),
        (b"a\x00b", r"line 1 .* not shown: U\+0000"),
        (b"one\ntwo\x1b[2J", r"line 2 .* not shown: U\+001B"),
        ("one\n\u202egnp.exe".encode(), r"line 2 .* not shown: U\+202E"),
        ("one\u2028two".encode(), r"U\+2028"),
        (b" \n\t\r\n", "no line with a word"),
        (b"\xef\xbb\xbf", "no line with a word"),
        ("\u3164\n\u2800".encode(), "no line with a word"),
    ],
)
def test_quotes_that_are_no_plain_text_are_refused(
    studio: Studio, job_id: UUID, content: bytes, complaint: str
) -> None:
    with pytest.raises(MediaError, match=complaint):
        keep_upload(studio, job_id, Q, "quotes.txt", pieces(content))
    assert_nothing_stays(studio, job_id)


def assert_nothing_stays(studio: Studio, job_id: UUID) -> None:
    assert kept_files(studio) == []
    assert studio.jobs.get_job_files(job_id) == []
    assert set(studio.jobs.get_file_counts(job_id).values()) == {0}


def still(kind: str, width: int = 64, height: int | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height or width), "teal").save(out, kind, **options)
    return out.getvalue()


def png(width: int = 64, height: int | None = None) -> bytes:
    return still("PNG", width, height)


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("teal", "navy")]
    return still(kind, save_all=True, append_images=frames)


def bomb() -> bytes:
    """Some kilobytes that unpack to 1.2 GB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    packed = zlib.compressobj(9)
    row = bytes(60_001)
    rows = b"".join([*(packed.compress(row) for _ in range(200)), packed.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def avif_of(width: int, height: int) -> bytes:
    """A small picture that says it has so many pixels."""
    size = struct.pack(">4sIII", b"ispe", 0, 64, 32)
    content = still("AVIF", 64, 32)
    assert size in content
    return content.replace(size, struct.pack(">4sIII", b"ispe", 0, width, height))


def turned() -> bytes:
    """A photograph as phones make it: lying, with the word that it is to be stood up."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return still("JPEG", 64, 32, exif=exif)


@pytest.mark.parametrize(
    ("content", "extension"),
    [(png(), "png"), (turned(), "jpg"), (still("WEBP"), "webp"), (still("AVIF"), "avif"), (png(30_000, 16), "png")],
)
def test_a_still_picture_is_taken_beside_videos(studio: Studio, job_id: UUID, content: bytes, extension: str) -> None:
    kept = keep_upload(studio, job_id, V, "photo.mp4", [content])
    assert Path(kept.media.key).suffix == f".{extension}"
    assert studio.media.locate(kept.media).read_bytes() == content
    if extension == "jpg":
        facts = studio.tools.image_facts(studio.media.locate(kept.media))
        assert (facts.width, facts.height) == (32, 64)


def test_a_picture_says_among_its_brands_that_it_is_avif(studio: Studio, job_id: UUID) -> None:
    """Some programs name the container first and the coding behind it."""
    content = still("AVIF").replace(b"ftypavif", b"ftypmif1", 1)
    assert Path(keep_upload(studio, job_id, V, "photo.avif", [content]).media.key).suffix == ".avif"


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"


HOSTILE = (
    (M, "concat.mp3", CONCAT),
    (S, "concat.wav", CONCAT),
    (V, "playlist.mp4", PLAYLIST),
    (M, "playlist.mp3", PLAYLIST),
    (V, "inside.mp4", b"\0\0\0\x14ftypisom\0\0\2\0isom" + PLAYLIST),
    (M, "inside.mp3", b"ID3\x04\0\0\0\0\0\0" + PLAYLIST * 9),
    (V, "text.mp4", b"Dear Sir or Madam, this is a video."),
    (M, "picture.mp3", png()),
    (V, "cut.png", png()[:60]),
    (V, "small.png", png(15)),
    (V, "strip.png", png(30_001, 16)),
    (V, "bomb.png", bomb()),
    (V, "lies.jpg", b"\xff\xd8\xff\xe0" + bytes(400)),
    (V, "lies.webp", b"RIFF\x90\x01\0\0WEBPVP8 " + bytes(400)),
    (V, "moving.webp", moving("WEBP")),
    (V, "moving.png", moving("PNG")),
    (V, "phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400)),
    (V, "moving.avif", moving("AVIF")),
    (V, "bomb.avif", avif_of(12_000, 12_000)),
    (V, "lies.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(400)),
    (V, "session.mp4", b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
    (V, "dash.webm", b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>'),
    (M, "program.mp3", b"\x7fELF\x02\x01\x01" + bytes(200)),
    (M, "sync.mp3", b"\xff\xfb\x90\x00" + bytes(4000)),
    (S, "header.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"),
    (M, "header.flac", b"fLaC\0\0\0\x22" + bytes(20)),
    (V, "tiny.mp4", b"\0"),
)


@pytest.mark.parametrize(("file_type", "name", "content"), HOSTILE, ids=[name for _, name, _ in HOSTILE])
def test_what_is_not_what_it_says_is_refused_without_a_trace(
    studio: Studio, job_id: UUID, file_type: FileType, name: str, content: bytes
) -> None:
    with pytest.raises(MediaError, match="the upload"):
        keep_upload(studio, job_id, file_type, name, pieces(content))
    assert_nothing_stays(studio, job_id)


def test_what_was_cut_off_or_lacks_what_its_type_needs_is_refused(
    studio: Studio, job_id: UUID, footage: Callable[..., bytes]
) -> None:
    film, song = footage("film.mp4", *H264), footage("song.m4a", "-c:a", "aac")
    for file_type, content in ((V, film[: len(film) // 2]), (V, film[:40]), (V, song), (M, song[:60])):
        with pytest.raises(MediaError, match="the upload"):
            keep_upload(studio, job_id, file_type, "x.mp4", pieces(content, 4096))
    assert_nothing_stays(studio, job_id)
    # The sound of a film is sound.
    assert Path(keep_upload(studio, job_id, M, "x.mp4", [film]).media.key).suffix == ".m4a"


@pytest.mark.parametrize("file_type", list(FileType))
def test_an_empty_file_is_refused(studio: Studio, job_id: UUID, file_type: FileType) -> None:
    for content in ([], [b""]):
        with pytest.raises(InvalidInputError, match="empty"):
            keep_upload(studio, job_id, file_type, "x", content)
    assert_nothing_stays(studio, job_id)


def test_a_file_that_is_too_large_is_refused_while_it_comes(
    studio: Studio, job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(UPLOAD_MAX_BYTES, V, 10 * 2**20)
    taken = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield bytes(2**20)

    with pytest.raises(InvalidInputError, match="too large: videos may have 10,485,760 bytes"):
        keep_upload(studio, job_id, V, "x.mp4", endless())
    assert len(taken) == 11
    with pytest.raises(InvalidInputError, match="too large"):
        keep_upload(studio, job_id, V, "x.mp4", endless(), declared_bytes=2**40)
    assert len(taken) == 11
    assert_nothing_stays(studio, job_id)


def test_a_file_that_does_not_come_whole_is_refused(studio: Studio, job_id: UUID) -> None:
    with pytest.raises(InvalidInputError, match=r"announced with 9 bytes and came with 5"):
        keep_upload(studio, job_id, Q, "q.txt", [b"quote"], declared_bytes=9)
    with pytest.raises(ConnectionError):  # of whoever sends it
        keep_upload(studio, job_id, Q, "q.txt", broken_off())
    assert_nothing_stays(studio, job_id)


def broken_off() -> Iterator[bytes]:
    yield b"half a quo"
    raise ConnectionResetError("the client is gone")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\rain.wav", "rain.wav"),
        ("/", None),
        ("..", None),
        ("", None),
        ("\x00\x1b", None),
        ("-rf.txt", "rf.txt"),
        ("...hidden", "hidden"),
        ("- .-x", "x"),
        ("invoice\u202etxt.exe", "invoicetxt.exe"),
        ("a\nb\tc\x7f.txt", "abc.txt"),
        ("e\u0301.txt", "é.txt"),
        ("  two   words .txt ", "two words .txt"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("é" * 200 + ".flac", "é" * 125 + ".flac"),
        ("a." + "b" * 300, "a." + "b" * 253),
        ("%00.txt", "%00.txt"),
        ("'; DROP TABLE job_files; --.txt", "'; DROP TABLE job_files; --.txt"),
        ("<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"),
        ("\ud800.txt", "txt"),
    ],
)
def test_a_name_is_only_shown(studio: Studio, job_id: UUID, given: str, shown: str | None) -> None:
    if shown is None:
        with pytest.raises(InvalidInputError, match="no name for a file"):
            keep_upload(studio, job_id, Q, given, [b"Be still."])
        assert_nothing_stays(studio, job_id)
        return
    kept = keep_upload(studio, job_id, Q, given, [b"Be still."])
    assert kept.filename == shown
    assert len(kept.filename.encode()) <= 255
    assert kept_files(studio) == [kept.media.key]


def test_a_name_is_taken_once_in_a_type(studio: Studio, job_id: UUID, footage: Callable[..., bytes]) -> None:
    first = keep_upload(studio, job_id, Q, "a.txt", [b"Be still."])
    asked: list[int] = []

    def unread() -> Iterator[bytes]:
        asked.append(1)
        yield b"Be loud."

    with pytest.raises(ConflictError, match=r"a file a\.txt among its quotes; delete it first, or give another name"):
        keep_upload(studio, job_id, Q, "dir/a.txt", unread())
    assert asked == []
    other = keep_upload(studio, job_id, M, "a.txt", [footage("song.flac")])
    assert studio.jobs.get_file_counts(job_id) == {V: 0, M: 1, S: 0, Q: 1}
    assert studio.jobs.get_job_files(job_id) == [first, other]
    assert studio.jobs.get_job_files(job_id, M) == [other]

    assert remove_upload(studio, job_id, first.id) == first
    assert kept_files(studio) == [other.media.key]
    again = keep_upload(studio, job_id, Q, "a.txt", [b"Be loud."])
    assert again.id != first.id


def test_of_two_that_bring_the_same_name_at_once_one_is_taken(
    studio: Studio, job_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before either is in the books."""
    taken = keep_upload(studio, job_id, Q, "a.txt", [b"Be still."])
    with monkeypatch.context() as blind:
        blind.setattr("video_pipeline.steps.uploads._check_free", lambda *_: None)
        with pytest.raises(ConflictError, match="delete it first, or give another name"):
            keep_upload(studio, job_id, Q, "a.txt", [b"Be loud."])
    assert kept_files(studio) == [taken.media.key]


def test_a_failure_at_any_point_leaves_nothing(studio: Studio, job_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> NoReturn:
        raise MachineError("the disk is full")

    for owner, name in ((studio.media, "adopt"), (studio.jobs, "add_file")):
        with monkeypatch.context() as broken:
            broken.setattr(owner, name, fails)
            with pytest.raises(MachineError, match="disk is full"):
                keep_upload(studio, job_id, Q, "a.txt", [b"Be still."])
        assert_nothing_stays(studio, job_id)


def test_what_a_killed_process_left_is_swept_by_the_next_upload(studio: Studio, job_id: UUID) -> None:
    stray = studio.media.path(f"jobs/{job_id}/files/{uuid4()}.txt")
    stray.parent.mkdir(parents=True)
    stray.write_text("half recorded")
    kept = keep_upload(studio, job_id, Q, "a.txt", [b"Be still."])
    assert kept_files(studio) == [kept.media.key]


def test_uploads_are_listed_and_left_alone_by_the_stages(studio: Studio, job_id: UUID) -> None:
    kept = keep_upload(studio, job_id, Q, "a.txt", [b"Be still."])
    for stage in Stage:
        remove_unrecorded(studio, job_id, stage)
    (listed,) = job_files(studio, job_id)
    assert (listed.kind, listed.media, listed.intact) == ("quotes a.txt", kept.media, True)


def test_a_file_belongs_to_its_job(studio: Studio, order: Order) -> None:
    mine, other = order().id, order().id
    kept = keep_upload(studio, mine, Q, "a.txt", [b"Be still."])
    for verb in (studio.jobs.get_file, studio.jobs.delete_file):
        with pytest.raises(NotFoundError, match="has no file"):
            verb(other, kept.id)
    with pytest.raises(NotFoundError, match="has no file"):
        remove_upload(studio, other, kept.id)
    assert studio.media.holds(kept.media)
    with pytest.raises(NotFoundError, match="no job"):
        keep_upload(studio, uuid4(), Q, "a.txt", [b"Be still."])


def test_a_file_of_this_machine_is_left_where_it_is(studio: Studio, job_id: UUID, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("Be still.")
    kept = keep_upload(studio, job_id, Q, mine.name, mine)
    assert mine.read_text() == studio.media.locate(kept.media).read_text() == "Be still."
    with mine.open("rb") as file:
        assert b"".join(chunks_of(file)) == b"Be still."
