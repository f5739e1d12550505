"""Tables that are drawn without rich's help look as if it had drawn them."""

import io

from hypothesis import given
from hypothesis import strategies as some
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from app.view.look import PLAIN, STATE
from app.view.table import Rows
from app.view.text import clean

WORD = some.sampled_from(["a", "word", "日本語", "of", "x" * 30, "(3/1)"])
WORDS = some.lists(WORD, max_size=12).map(" ".join)
STYLES = some.sampled_from([PLAIN, *STATE.values()])
CELLS = some.builds(Text, WORDS | some.text(max_size=9).map(clean).map(str.strip), STYLES)
TWO_STYLES = some.builds(lambda text, more, style: text.append(more, style), CELLS, WORDS, STYLES)
TABLES = some.lists(some.tuples(CELLS, CELLS, TWO_STYLES | CELLS), max_size=6)


def drawn(table: RenderableType, width: int) -> list[list[tuple[str, Style | None]]]:
    """Its lines: characters, and how they look. Blanks look alike, and at the end of a line like nothing."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True)
    lines = []
    for line in Segment.split_lines(console.render(table)):
        found = [
            (character, (style or PLAIN) if character != " " else None)
            for text, style, _ in line
            for character in text
        ]
        while found and found[-1][0] == " ":
            found.pop()
        lines.append(found)
    return lines


@given(TABLES, some.integers(1, 120) | some.just(100_000))
def test_rows_look_as_rich_draws_them(cells: list[tuple[Text, Text, Text]], width: int) -> None:
    ours = Rows("queue", "done", "", header_style=STATE["pending"])
    richs = Table("queue", "done", "", box=None, pad_edge=False, header_style=STATE["pending"])
    for row in cells:
        ours.add_row(*row)
        richs.add_row(*row)
    assert drawn(ours, width) == drawn(richs, width)
