"""A command file rewritten as its queues are wanted."""

import itertools
import time

import pytest

from app.command_file.document import Document
from control.src.files.structure import Wanted, rewritten

TEXT = "1\na\n1\n\n1\nb\n1\n\n2\nc\n1\n\n2\nd\n1\n\n3\ne\n1\n"


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ({1: "b", 2: "cda", 3: "e"}, "bcdae"),
        ({1: "b", 2: "acd", 3: "e"}, "bacde"),
        ({1: "adb", 2: "c", 3: "e"}, "adbce"),
        ({1: "ab", 2: "d", 3: "ce"}, "abdce"),
        ({9: "ab", 2: "cd", 3: "e"}, "abcde"),
        ({1: "ab", 2: "d", 9: "c", 3: "e"}, "abcde"),
        ({1: "eabdc"}, "eabdc"),
        ({1: "ba", 2: "dc", 3: "e"}, "badce"),
        ({1: "ca", 2: "bd", 3: "e"}, "cabde"),
    ],
)
def test_a_block_that_changes_its_queue_moves_no_other_one(wanted: dict[int, str], order: str) -> None:
    queues = [(id_, [Wanted("", "abcde".index(name)) for name in names]) for id_, names in wanted.items()]
    lines = rewritten(Document(TEXT, "single"), queues).text.split("\n")
    assert "".join(line for line in lines if line.isalpha()) == order
    assert {line: int(before) for before, line in itertools.pairwise(lines) if line.isalpha()} == {
        name: id_ for id_, names in wanted.items() for name in names
    }


def test_a_large_file_is_rewritten_in_no_time() -> None:
    count = 1500
    text = "\n".join(f"1\n{number}x\n1\n" for number in range(count))
    began = time.process_time()
    result = rewritten(Document(text, "single"), [(1, [Wanted("", each) for each in reversed(range(count))])])
    assert time.process_time() - began < 3  # a parse of the file for each block takes 20
    assert result.text.split("\n")[1::4] == [f"{number}x" for number in reversed(range(count))]


def test_line_ends_stay_where_every_block_is_another_one() -> None:
    new = Wanted("", None, commands="b", memory_gb=2, memory_given=True)
    assert rewritten(Document("1\r\na\r\n1\r\n", "single"), [(1, [new])]).text == "1\r\nb\r\n2\r\n"
