"""Parts of a log: nothing is lost, doubled or cut in two, whatever the size of the parts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.src.logs.parts import LEAST, ahead, behind, is_line_start, line_start

TEXT = "epoch 1: ✓\n漢字漢字漢字漢字漢字漢字漢字\n😀😀😀😀😀😀😀😀😀😀\nü\n\nno end é"
DATA = TEXT.encode()


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "log").write_bytes(DATA)
    fd = os.open(tmp_path / "log", os.O_RDONLY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize("most", range(LEAST, LEAST + 30))
def test_pages_forward_and_back_make_up_the_file(fd: int, most: int) -> None:
    at, texts = 0, []
    while at < len(DATA):
        part = ahead(fd, len(DATA), at, most)
        assert part.start == at
        assert part.end > at
        at = part.end
        texts.append(part.text)
    assert "".join(texts) == TEXT
    at, texts = len(DATA), []
    while at > 0:
        part = behind(fd, at, most)
        assert part.end == at
        assert part.start < at
        at = part.start
        texts.insert(0, part.text)
    assert "".join(texts) == TEXT


@pytest.mark.parametrize("start", range(len(DATA)))
def test_no_character_is_cut_wherever_a_part_begins(fd: int, start: int) -> None:
    part = ahead(fd, len(DATA), start, LEAST)
    assert "\ufffd" not in part.text
    assert not part.invalid
    assert start <= part.start <= start + 3
    assert part.text == DATA[part.start : part.end].decode()


def test_whole_lines_where_there_are_any(fd: int) -> None:
    part = ahead(fd, len(DATA), 0, 40)
    assert part.text == "epoch 1: ✓\n"
    part = behind(fd, len(DATA), 20)
    assert part.text == "ü\n\nno end é"
    assert behind(fd, len(DATA), 1000, lines=2).text == "\nno end é"
    assert behind(fd, len(DATA) - 9, 1000, lines=2).text == "ü\n\n"
    assert ahead(fd, len(DATA), 0, 1000, lines=1).text == "epoch 1: ✓\n"
    assert line_start(fd, 3, len(DATA)) == 13
    assert is_line_start(fd, 13)
    assert not is_line_start(fd, 12)


def test_a_character_that_is_not_whole_yet_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"loss \xe6\xbc")
    fd = os.open(path, os.O_RDONLY)
    part = ahead(fd, 7, 0, 100)
    assert (part.text, part.end) == ("loss ", 5)
    path.write_bytes("loss 漢".encode())
    assert ahead(fd, 8, part.end, 100).text == "漢"
    os.close(fd)


def test_what_is_no_utf_8_is_replaced_and_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\x80\x80\x80\x80\x80 caf\xe9 \x1b[31m\0\n")
    fd = os.open(path, os.O_RDONLY)
    part = ahead(fd, path.stat().st_size, 0, 100)
    assert part.text == "\ufffd" * 5 + " caf\ufffd \x1b[31m\0\n"
    assert part.invalid
    assert part.binary
    os.close(fd)
