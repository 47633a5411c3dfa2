"""What the words in a search box find, in several scripts, and that no text is an error."""

from __future__ import annotations

import random
import re
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from video_pipeline.store import PostgresJobStore, migrate
from video_pipeline.store.finding.search import Wanted, parsed
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.crowd import WORDS, newest_first, random_jobs
from video_pipeline_tests.store.plain_sql import Sql

TITLES = {
    "rain": "Rain over Lisbon · Lo-Fi Beats to study/relax to",
    "snow": "SNOW—Night in Kyoto (4K), don't sleep",
    "cafe": "Café del Mar: ÉTÉ 1975",
    "kyoto": "雨の夜の京都で聴くローファイ",
    "moscow": "Дождливая ночь в Москве",
    "thai": "เพลงฝนตกยามค่ำคืน",
    "seoul": "서울의 밤비",
    "arabic": "مطر الليل",
    "leaf": "Autumn 🍂 Leaves",
    "tags": "<b>Harbor</b> &amp; sea_side at example.com/x?y=1 100%",
}


@pytest.fixture(scope="module")
def library(common_database: Database) -> dict[UUID, str]:
    """Jobs with titles in many scripts, by their ids."""
    sql = Sql(common_database.engine)
    return {sql.job(youtube_title=title, niche_label="Ambience", mood_keywords="m"): n for n, title in TITLES.items()}


@pytest.fixture
def found(common_database: Database, library: dict[UUID, str]) -> object:
    """A function: the short names of what some words find."""
    store = PostgresJobStore(common_database.engine)
    return lambda words: {library[job.id] for job in store.page_of_jobs(words=words, limit=200).items}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("rain", "rain"),
        ("RAIN lisb", "rain"),  # the last word as it is typed
        ("lisb rain", ""),  # only the last one
        ("rain ", "rain"),
        ("rai ", ""),  # a finished word
        ("over OR kyoto", "rain snow"),
        ("ambience -rain -snow -cafe -autumn ", "kyoto moscow thai seoul arabic cafe tags"),
        ("ambience -ra", "rain snow cafe kyoto moscow thai seoul arabic leaf tags"),  # what is excluded is whole
        ('"over lisbon"', "rain"),
        ('"lisbon over"', ""),
        ('"over lis', "rain"),  # a quotation as it is typed
        ('"over lis"', ""),
        ("lo-fi", "rain"),
        ("lo-f", "rain"),
        ("relax", "rain"),  # behind a slash
        ("night", "snow"),  # behind a dash
        ("4k", "snow"),
        ("don't", "snow"),
        ("sle", "snow"),
        ("été", "cafe"),
        ("CAFÉ", "cafe"),
        ("cafe\u0301", "cafe"),  # as a Mac may write it
        ("19", "cafe"),
        ("дождл", "moscow"),
        ("НОЧЬ москве", "moscow"),
        ("京都", "kyoto"),
        ("京都 雨", "kyoto"),
        ("京都 -雨", ""),
        ("ambience ローファイ", "kyoto"),
        ("ฝนตก", "thai"),
        ("밤", "seoul"),
        ("مطر", "arabic"),
        ("🍂", "leaf"),
        ("-🍂 autumn", ""),
        ("harbor", "tags"),
        ("sea", "tags"),
        ("side", "tags"),
        ("example", "tags"),
        ("example.com", "tags"),
        ("100%", "tags"),
        ("zzz", ""),
    ],
)
def test_words_find(found: object, words: str, names: str) -> None:
    assert found(words) == set(names.split())  # type: ignore[operator] # a function


@pytest.mark.parametrize(
    "words", ["", " ", "\t\n", "-", "--", '"', '""', "!!!", "& | ! ( ) : *", "\x00", "''", "\\", "\u3000"]
)
def test_words_of_which_nothing_is_left_do_not_filter(found: object, words: str) -> None:
    assert found(words) == set(TITLES)  # type: ignore[operator] # a function


NAUGHTY = [
    *("'", "a'b", "'; DROP TABLE video_jobs; --", "a:*", "a & b", "!a", "(a", "a)", "a <-> b", "a:ABCD", "a\\", "\\'"),
    *(
        "%",
        "_",
        "\x00a",
        "a\x00",
        "\ud800",
        "\ufeff",
        "\u202e",
        "e\u0301",
        "ｒａｉｎ",
        "Z͑ͫ̓ͪ̂ͫ",
        "OR",
        "or or or",
        "or -",
        "- or",
    ),
    *(
        "-a -b",
        '-"a b"',
        '-"a b',
        '""a""',
        "a OR",
        "OR a",
        "x" * 5000,
        "a " * 5000,
        "- " * 500,
        '"' * 301,
        "-" * 999 + "a",
    ),
    *(
        "京" * 300,
        "1e400",
        "1.5e",
        "-5",
        "0x",
        "NaN",
        "http://a.b/c?d#e",
        "a@b.c",
        "/etc/passwd",
        "../..",
        "<!--",
        "&#0;",
    ),
    *("%s", "%(x)s", ":x", ":search", "{}", "$1", "${a}", "\r\n", "ß", "İ", "ſ", "\U0010ffff", "１２３", "²", "\u0e31"),
]


@pytest.mark.parametrize("words", NAUGHTY)
def test_no_text_is_an_error(found: object, words: str) -> None:
    found(words)  # type: ignore[operator] # a function


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30) | st.text(alphabet="ab or-\"'\\:*&|!()<> 雨🍂\x00", max_size=30))
def test_no_text_at_all_is_an_error(found: object, words: str) -> None:
    found(words)  # type: ignore[operator] # a function


@pytest.mark.parametrize("text", [*NAUGHTY, "w " * 500_000, "".join(f"{n} " for n in range(200_000)), "x" * 2_000_000])
def test_no_text_of_a_job_is_too_much_for_its_words(undone_sql: Sql, text: str) -> None:
    """PostgreSQL refuses a row whose words take more than a megabyte."""
    plain = text.replace("\x00", "").encode("utf-8", "replace").decode()
    columns = ("mood_keywords", "prompt", "youtube_title", "youtube_description", "project_name", "song_title")
    job = undone_sql.job(**dict.fromkeys(columns, plain))
    assert undone_sql.one("SELECT count(*) FROM video_jobs WHERE id = :id AND search IS NOT NULL", id=job) == 1


def test_every_text_of_a_job_is_searched_and_weighed(store: PostgresJobStore, sql: Sql) -> None:
    weights = {
        "youtube_title": "A",
        "niche_label": "A",
        "mood_keywords": "B",
        "project_name": "B",
        "song_title": "B",
        "prompt": "C",
        "youtube_description": "D",
    }
    jobs = {column: sql.job(**{column: "quince"}) for column in weights}
    assert {job.id for job in store.page_of_jobs(words="quince").items} == set(jobs.values())
    for column, weight in weights.items():
        query = "SELECT search @@ CAST(:query AS tsquery) FROM video_jobs WHERE id = :id"
        assert sql.one(query, id=jobs[column], query=f"quince:{weight}") is True
    sql.run("UPDATE video_jobs SET prompt = 'medlar' WHERE id = :id", id=jobs["prompt"])
    assert [job.id for job in store.page_of_jobs(words="medlar").items] == [jobs["prompt"]]
    assert jobs["prompt"] not in {job.id for job in store.page_of_jobs(words="quince").items}


def test_a_job_is_found_by_the_beginning_of_its_id(store: PostgresJobStore, sql: Sql) -> None:
    job = sql.job(id="abcdef12-3456-4000-8000-000000000001")
    other = sql.job(id="abcdef12-3456-4000-8000-000000000002", youtube_title="abcdef")
    third = sql.job(id="00000000-3456-4000-8000-000000000002", youtube_title="abcdef1")
    wanted = {
        "abcdef": {job, other, third},
        "ABCDEF12-34": {job, other},
        str(job): {job},
        " abcdef1 ": {job, other, third},
    }
    for words, jobs in wanted.items():
        assert {each.id for each in store.page_of_jobs(words=words).items} == jobs
    assert {each.id for each in store.page_of_jobs(words="abcde").items} == {other, third}  # too short for an id
    assert store.page_of_jobs(words="abcdef12", user_id="ann").items == ()  # other filters hold all the same


def test_words_find_what_plain_python_finds(store: PostgresJobStore, sql: Sql) -> None:
    dice = random.Random(11)
    rows = newest_first(random_jobs(sql, dice, 80))

    def said(row: object) -> list[str]:
        texts = (row.youtube_title, row.niche_label, row.mood_keywords)  # type: ignore[attr-defined] # a Row
        return [word for text in texts if text for word in re.split(r"[\s-]", text.lower())]

    for _ in range(60):
        whole, begun = dice.choice(["rain", "night", "café", "ночь"]), dice.choice(WORDS).split("-")[0][:4].lower()
        user = dice.choice([None, "ann"])
        expected = [
            row.id
            for row in rows
            if whole in said(row)
            and any(word.startswith(begun) for word in said(row))
            and (user is None or row.user_id == user)
        ]
        page = store.page_of_jobs(words=f"{whole} {begun}", user_id=user, limit=5)
        rest = (
            store.page_of_jobs(words=f"{whole} {begun}", user_id=user, after=page.next_cursor)
            if page.next_cursor
            else None
        )
        assert [job.id for job in (*page.items, *(rest.items if rest else ()))] == expected


def test_a_search_is_taken_apart() -> None:
    assert parsed("Rain") == Wanted("Rain", True, (), None)
    assert parsed("Rain ") == Wanted("Rain", False, (), None)
    assert parsed('lo-fi "the sea') == Wanted('"lo fi" "the sea"', True, (), None)
    assert parsed('lo-fi "sea"') == Wanted('"lo fi" "sea"', False, (), None)
    assert parsed("rain -snow") == Wanted("rain -snow", False, (), None)
    assert parsed("雨 rain -🍂") == Wanted("rain", False, (("雨", True), ("🍂", False)), None)
    assert parsed("a" * 300).query == "a" * 200
    assert parsed("abcdef").ids == (UUID("abcdef" + "0" * 26), UUID("abcdef" + "f" * 26))


def test_jobs_from_before_are_found_after_the_migration(empty_database: Database) -> None:
    migrate(empty_database.engine, "0006")
    job = Sql(empty_database.engine).job(youtube_title="An old harbor")
    migrate(empty_database.engine)
    assert [each.id for each in PostgresJobStore(empty_database.engine).page_of_jobs(words="harb").items] == [job]
