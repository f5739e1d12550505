"""What `-w` shows has room on the terminal, whatever its size."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, Group
from rich.text import Text

from app.commands.watch import _fitted

PARTS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def lines_of(sizes: list[int], height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=60, height=height)
    parts = [
        Group(*([Text()] if at else []), *(Text(f"part {at} line {line}") for line in range(size)))
        for at, size in enumerate(sizes)
    ]
    return [
        "".join(each.text for each in line)
        for line in console.render_lines(_fitted(parts, console), pad=False)
    ]


@given(PARTS, st.integers(2, 60))
def test_no_line_is_lost_unsaid(sizes: list[int], height: int) -> None:
    shown = lines_of(sizes, height)
    assert len(shown) <= height
    told = [line for line in shown if line.strip() and "more line" not in line]
    more = int(shown[-1].split()[1]) if "more line" in shown[-1] else 0
    assert len(told) + more == sum(sizes)


@given(st.lists(st.integers(20, 40), min_size=2, max_size=5))
def test_each_part_has_its_share(sizes: list[int]) -> None:
    shown = lines_of(sizes, 24)
    shares = [sum(line.startswith(f"part {at} ") for line in shown) for at in range(len(sizes))]
    assert max(shares) - min(shares) <= 1
