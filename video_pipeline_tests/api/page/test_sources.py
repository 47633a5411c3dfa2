"""The page's files: whole, small, safe under its content security policy, without anything from elsewhere."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from itertools import product
from pathlib import Path

import pytest

from video_pipeline.api.page_files import PAGE

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = sorted(PAGE.glob("js/*.js"))
STYLES = sorted(PAGE.glob("css/*.css"))
DOCUMENT = PAGE / "index.html"
SVG_NAMESPACE = "http://www.w3.org/2000/svg"

UNSAFE = {
    "markup made of text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment",
    "code made of text": r"\beval\(|new Function\(|set(Timeout|Interval)\(\s*[\"'`]",
    "a style attribute": r"setAttribute\(\s*[\"']style|\bstyle: (?!\"(?:currency|short)\")|\.cssText|[^-]style=",
    "a handler in markup": r"<[^>]+\son\w+=",
}
"""What the policy forbids, or what would let data become code."""


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_every_file_says_what_it_owns_and_stays_small(path: Path) -> None:
    first, *rest = _text(path).splitlines()
    assert re.match(r"(//|/\*) Owns [^;]+; hides .+", first), first
    assert len(rest) < 300


@pytest.mark.parametrize("path", [*SCRIPTS, DOCUMENT], ids=lambda path: path.name)
@pytest.mark.parametrize("danger", UNSAFE)
def test_no_data_can_become_code(path: Path, danger: str) -> None:
    assert re.findall(UNSAFE[danger], _text(path)) == []


def test_nothing_comes_from_elsewhere() -> None:
    foreign = {
        path.name: found
        for path in [*SCRIPTS, *STYLES, DOCUMENT, *PAGE.glob("*.svg")]
        if (found := re.findall(r"(?:https?:)?//\w[\w.-]*\.\w+[^\s\"')]*", _text(path).replace(SVG_NAMESPACE, "")))
    }
    assert foreign == {}


def test_the_document_has_no_inline_code_or_style() -> None:
    document = _text(DOCUMENT)
    assert "<style" not in document
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", document))
    assert re.findall(r"<script[^>]*>(.+?)</script>", document) == []


def test_every_file_that_is_named_is_there() -> None:
    named = {
        (path.name, name)
        for path in [*SCRIPTS, *STYLES, DOCUMENT]
        for name in re.findall(r"/static/([\w./-]+)", _text(path))
    }
    assert {pair for pair in named if not (PAGE / pair[1]).is_file()} == set()


def test_every_module_is_reached_and_has_what_is_imported_from_it() -> None:
    exports = {path.name: set(re.findall(r"^export (?:async )?\w+ (\w+)", _text(path), re.M)) for path in SCRIPTS}
    exports = {name: found | _plain_exports(name) for name, found in exports.items()}
    imports = re.compile(r"^import \{([^}]+)\} from \"\./([\w-]+\.js)\";", re.M)
    reached, waiting = {"main.js", "theme-first.js"}, ["main.js"]
    while waiting:
        name = waiting.pop()
        for wanted, source in imports.findall(_text(PAGE / "js" / name)):
            missing = {each.strip() for each in wanted.split(",") if each.strip()} - exports[source]
            assert missing == set(), f"{name} imports {missing} from {source}"
            if source not in reached:
                reached.add(source)
                waiting.append(source)
    assert {path.name for path in SCRIPTS} - reached == set()


def _plain_exports(name: str) -> set[str]:
    return set(re.findall(r"^export (?:let|const|function|class) (\w+)", _text(PAGE / "js" / name), re.M))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_everything_imported_is_used(path: Path) -> None:
    text = _text(path)
    body = re.sub(r"^import .*$", "", text, flags=re.M)
    names = {name.strip() for each in re.findall(r"^import \{([^}]+)\}", text, re.M) for name in each.split(",")}
    assert {name for name in names if not re.search(rf"\b{name}\b", body)} == set()


def test_every_sign_is_drawn_and_used() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', _text(PAGE / "icons.svg")))
    text = "\n".join(map(_text, SCRIPTS))
    asked = set(re.findall(r'\bicon(?:\(|: )"([\w-]+)"', text))
    assert asked - drawn == set()
    assert {name for name in drawn if f'"{name}"' not in text} == set()


def test_every_file_of_the_page_is_shipped() -> None:
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))
    patterns = project["tool"]["setuptools"]["package-data"]["video_pipeline"]
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    assert len(files) > 40
    missing = [
        path.name for path in files if not any(fnmatch(path.name, pattern.split("/")[-1]) for pattern in patterns)
    ]
    assert missing == []


GROUNDS = ("ground", "surface", "raised", "sunken")
WORDS = ("ink", "ink-2", "ink-3", "accent")
TONES = ("green", "amber", "red", "violet", "blue", "gray", "accent")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read_in_both_themes(theme: str) -> None:
    """4.5:1 by WCAG 2.2 for text, 3:1 for the outline of what can be typed into."""
    colors = _colors(theme)
    pairs = {*product(WORDS, GROUNDS), *((tone, f"{tone}-soft") for tone in TONES), ("accent-ink", "accent")}
    pairs |= {*product(TONES, ("ground", "surface", "raised")), ("ink", "accent-soft"), ("surface", "red")}
    pale = {pair: round(found, 2) for pair in pairs if (found := _contrast(*(colors[name] for name in pair))) < 4.5}
    assert pale == {}
    assert _contrast(colors["line-control"], colors["surface"]) >= 3
    assert _contrast(colors["focus"], colors["ground"]) >= 3


def _colors(theme: str) -> dict[str, str]:
    tokens = _text(PAGE / "css" / "tokens.css")
    block = re.search(rf'\[data-theme="{theme}"\] {{(.+?)\n}}', tokens, re.S)
    assert block is not None
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
