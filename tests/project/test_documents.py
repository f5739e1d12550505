"""README and help/: every link leads somewhere, and every page has its Chinese twin."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.model.paths import PROJECT
from tests.project.files import tracked

HELP = PROJECT / "help"
PAGES = [
    PROJECT / "README.md",
    *sorted(path for path in tracked() if path.parent in (HELP, HELP / "zh") and path.suffix == ".md"),
]
TWINS = {PROJECT / "README.md": HELP / "zh" / "README.md", HELP / "README.md": HELP / "zh" / "index.md"}
"""Where the Chinese one has another name. The list of what is in help/ gives way to README there."""

FENCE = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+?)\s*$", re.MULTILINE)


def prose(path: Path) -> str:
    """Without what is code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> set[str]:
    text = re.sub(r"`[^`\n]*`", "", prose(path))
    return {target for pattern in (LINK, PICTURE) for target in pattern.findall(text)}


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    found: set[str] = set()
    for _, heading in HEADING.findall(prose(path)):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = sum(one == name or re.fullmatch(rf"{re.escape(name)}-\d+", one) is not None for one in found)
        found.add(f"{name}-{number}" if number else name)
    return found


def broken(path: Path) -> list[str]:
    """Links of a page that lead nowhere."""
    wrong = []
    for link in sorted(links(path)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


def test_every_picture_is_shown() -> None:
    shown = {(path.parent / link).resolve() for path in PAGES for link in links(path) if "images/" in link}
    assert {path for path in (HELP / "images").iterdir() if path not in shown} == set()


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path.parent != HELP / "zh"], ids=lambda path: path.name
)
def test_every_page_has_its_chinese_twin(path: Path) -> None:
    twin = TWINS.get(path, HELP / "zh" / path.name)
    assert twin.exists()
    headings, there = ([level for level, _ in HEADING.findall(prose(one))] for one in (path, twin))
    assert headings == there


def test_no_chinese_page_is_without_its_english_one() -> None:
    named = {twin: page for page, twin in TWINS.items()}
    chinese = [path for path in PAGES if path.parent == HELP / "zh"]
    assert [path for path in chinese if not named.get(path, HELP / path.name).exists()] == []


def test_links_and_anchors_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three\n## Same\n## Same\n"
        "[a](page.md#one-two-three) [b](#same-1) [c](#other) [d](gone.md)\n"
        "[![e](no.png)](page.md)\n```\n# no heading\n[f](nor.md)\n```\n"
    )
    assert broken(page) == ["#other", "gone.md", "no.png"]
