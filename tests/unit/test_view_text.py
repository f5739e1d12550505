"""Text, lines, log tails and rows: what the live view is made of."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.view.line import cells, cut, padded, put, wrapped
from app.view.log_tail import EVERY, LogTails, last_line
from app.view.section import Body, Section, share
from app.view.text import clean, duration, figure, ordinal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2\x1b\\after", "after"),
        ("\x9b31mred", "red"),
        ("bell\x07 back\x08 null\x00", "bell back null"),
        ("tab\tand\nline", "tab and line"),
        ("rtl\u202eevil", "rtlevil"),
        ("wide\u3000blank", "wide blank"),
        ("half \ud800 character", "half  character"),
        ("日本語 ok", "日本語 ok"),
    ],
)
def test_hostile_text_becomes_one_harmless_line(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(some.text())
def test_nothing_but_printable_characters_is_left(text: str) -> None:
    assert all(character == " " or character.isprintable() for character in clean(text))


@given(some.text(), some.integers(0, 40))
def test_a_cut_line_fits_and_a_padded_one_fits_exactly(text: str, width: int) -> None:
    assert cells(cut([put(text)], width, "~")) <= width
    assert cells(padded([put(text), put(text)], width, "~")) == width


@given(some.text(), some.integers(1, 30), some.integers(4, 30), some.integers(1, 4))
def test_wrapped_sentences_fit(text: str, first: int, rest: int, most: int) -> None:
    pieces = wrapped(text, first, rest, most, "~")
    assert len(pieces) <= most
    assert all(cells([put(piece)]) <= (rest if at else max(first, 2)) for at, piece in enumerate(pieces))


def test_wrapping_breaks_between_words_and_says_what_it_cut() -> None:
    assert wrapped("one two three four", 9, 6, 3, "~") == ("one two", "three", "four")
    assert wrapped("one two three four", 9, 6, 2, "~") == ("one two", "three~")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", ""),
        (b"one\ntwo\n", "two"),
        (b"one\n\n  \n", "one"),
        (b"dos\r\n", "dos"),
        (b" 10%|#  |\r 20%|## |", "20%|## |"),
        (b" 10%|#  |\r 20%|## |\r", "20%|## |"),
        (b"before\n\x1b[32m 99%\x1b[0m\x1b[K\n", "99%"),
        ("半\n".encode()[1:], ""),
    ],
)
def test_the_last_line_is_what_a_terminal_would_show_last(data: bytes, line: str) -> None:
    assert last_line(data) == line


def test_a_log_is_looked_at_once_a_second_and_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * 100_000 + "\nfirst\n")
    tails = LogTails()
    assert tails.last(str(log), 100.0) == "first"
    with log.open("a") as file:
        file.write("second\n")
    tails.next_frame()
    assert tails.last(str(log), 100.0 + EVERY / 2) == "first"
    tails.next_frame()
    assert tails.last(str(log), 100.0 + EVERY) == "second"


def test_what_is_no_log_is_no_line_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", ".", "\0"):
        assert LogTails().last(str(tmp_path / name), 1.0) == ""


def a_section(least: int, enough: int, wanted: int, gap: tuple[int, int] = (0, 0)) -> Section:
    return Section([], least, enough, wanted, lambda rows: Body([]), gap)


@given(
    some.lists(some.tuples(some.integers(1, 5), some.integers(1, 9), some.integers(1, 30)), max_size=6),
    some.integers(0, 60),
)
def test_rows_are_shared_without_waste(numbers: list[tuple[int, int, int]], rows: int) -> None:
    sections = [a_section(*(min(three), sorted(three)[1], max(three))) for three in numbers]
    given = share(sections, rows)
    assert sum(given) <= rows
    for section, number in zip(sections, given, strict=True):
        assert number == 0 or section.least <= number <= section.wanted
        # Nobody who is on show lacks a row that is left over.
        assert number in (0, section.wanted) or sum(given) == rows


def test_the_first_sections_get_their_least_first_and_all_grow_in_turn() -> None:
    sections = [a_section(3, 5, 20), a_section(3, 5, 20), a_section(3, 5, 20)]
    assert share(sections, 7) == [4, 3, 0]
    assert share(sections, 13) == [5, 4, 4]
    assert share(sections, 60) == [20, 20, 20]


def test_rows_that_a_section_could_not_use_go_to_the_others() -> None:
    assert share([a_section(3, 9, 9, gap=(3, 9)), a_section(3, 3, 20)], 10) == [3, 7]


def test_figures_for_people() -> None:
    assert [duration(seconds) for seconds in (-1, 42.9, 751, 7391, 273_900)] == [
        "0:00",
        "0:42",
        "12:31",
        "2:03:11",
        "3 d 04:05",
    ]
    assert [figure(amount) for amount in (20.0, 11.24, 0.0)] == ["20", "11.2", "0"]
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd")
    ]
