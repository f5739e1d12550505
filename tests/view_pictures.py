"""Draws help/images/live-view.svg: `python -m tests.view_pictures`."""

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import TerminalTheme

from app.model.paths import PROJECT
from app.view.log_tail import LogTails
from app.view.look import UNICODE
from app.view.page import page
from app.view.section import Scene
from tests.view_samples import NOW, believable

WIDTH, HEIGHT = 120, 36
PICTURE = PROJECT / "help/images/live-view.svg"

# The console's dark page, and its colours where a terminal would use its own.
DARK = TerminalTheme((12, 14, 17), (232, 235, 238), [(35, 40, 48)] * 8, [(232, 235, 238)] * 8)

LOGS = (
    "epoch 61/90  step 480  loss 1.842  top-1 71.3%\n",
    " 46%|████▌     | 460/1000 [00:12<00:14, 35.2it/s]",
    "step 18200  loss 2.113  41230 tokens/s\n",
    "epoch 7  accuracy 0.7812\n",
    "resizing 4096 images, shard 3 of 12\n",
)


def draw() -> str:
    """The SVG."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.log") for number in range(len(LOGS))]
        for path, text in zip(paths, LOGS, strict=True):
            path.write_text(text, encoding="utf-8")
        scene = Scene(believable([str(path) for path in paths]), NOW, UNICODE, LogTails(), HEIGHT)
        lines = page(scene, WIDTH)
    console = Console(
        width=WIDTH,
        height=HEIGHT,
        record=True,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    for line in lines:
        console.print(Segments([*line, Segment("\n")]), end="", crop=False)
    svg = console.export_svg(title="python app/main_gpus.py", theme=DARK, unique_id="live")
    # A help page must not fetch fonts from elsewhere.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE)
