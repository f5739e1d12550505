"""The live view's picture: what it says, and that it fits any terminal."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from rich.console import Console

from app.model.gpu import SetAside
from app.model.paths import PROJECT
from app.model.problems import Problem, problem
from app.model.state import Cancelled, Held
from app.model.state_file import StateFile, load
from app.view.cards import memory_bar
from app.view.line import cells
from app.view.log_tail import LogTails
from app.view.look import ASCII, UNICODE, Look, look_for
from app.view.page import page
from app.view.queues import cells_of
from app.view.screen import Screen
from app.view.section import Scene
from tests.view_samples import (
    DONE,
    NEXT,
    NOW,
    a_card,
    a_queue,
    a_state,
    a_task,
    believable,
    hostile,
    huge,
    runs,
    waits,
)

OLD = load((PROJECT / "tests/data/state_v1.json").read_bytes())
STATES = {
    "believable": believable(),
    "hostile": hostile(),
    "huge": huge(200),
    "empty": a_state([]),
    "old": OLD,
    "finished": replace(a_state([a_queue(1, None, DONE, DONE)]), status="finished"),
}


HELD = a_state([a_queue(1, None, DONE, Held(NOW, "file"), NEXT)])


@pytest.mark.parametrize(
    ("state", "stays", "said"),
    [
        (HELD, False, "only held tasks are left: ./gpulane release TASK lets them run"),
        (
            replace(HELD, problems=(problem("fuse_before", held=1, seconds=30),)),
            False,
            "only held tasks are left: ./gpulane release --held-by fuse lets them run",
        ),
        (replace(HELD, status="draining"), True, "draining"),
        (a_state([a_queue(1, None, DONE)]), True, "every task has ended; stays for edits"),
        (believable(), True, "Ctrl-C: start nothing more"),
    ],
)
def test_where_nothing_goes_on_by_itself_it_says_what_it_takes(
    state: StateFile, stays: bool, said: str
) -> None:
    lines = page(Scene(state, NOW, UNICODE, LogTails(), 30, stays), 120)
    assert said in "".join(segment.text for segment in lines[-1])


def drawn(
    state: StateFile, width: int = 120, height: int = 40, notice: str = "", look: Look = UNICODE
) -> list[str]:
    lines = page(Scene(state, NOW, look, LogTails(), height), width, notice)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def row(state: StateFile, start: str, width: int = 120, height: int = 40) -> str:
    found = [line for line in drawn(state, width, height) if line.strip().startswith(start)]
    assert found, f"no line starts with {start!r}"
    return found[0]


@settings(max_examples=150)
@given(some.sampled_from(sorted(STATES)), some.integers(1, 230), some.integers(1, 80), some.text(max_size=90))
def test_any_state_fits_any_terminal(name: str, width: int, height: int, notice: str) -> None:
    for look in (UNICODE, ASCII):
        lines = page(Scene(STATES[name], NOW, look, LogTails(), height), width, notice)
        assert len(lines) <= height
        for line in lines:
            assert cells(line) < max(width, 3)
            assert all(segment.text.isprintable() for segment in line)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_usual_sizes_show_every_part(width: int, height: int) -> None:
    text = "\n".join(drawn(believable(), width, height))
    for part in ("GPUs", "Queues", "Running", "Waiting", "Failed", "Problems", "Ctrl-C", "command_gpus.txt"):
        assert part in text
    for index in range(8):
        assert f" {index} " in text
    assert len(drawn(believable(), width, height)) == height


def test_a_small_terminal_keeps_what_runs_and_why_others_wait() -> None:
    text = "\n".join(drawn(believable(), 60, 10))
    assert "Running" in text
    assert "needs 4 GPUs" in text
    assert "Queues" not in text


def test_the_head_counts_the_states() -> None:
    assert (
        "▶ 5 running   ◔ 2 waiting   ↻ 1 backoff   ✗ 1 failed   ‖ 1 held   ○ 50 pending"
        in drawn(believable())[1]
    )
    assert drawn(believable())[1].endswith("✓ 17 of 78 completed")
    assert drawn(believable())[0].endswith("● running  2:11:00")


def test_a_running_task_says_where_how_long_how_much_and_what_it_said_last(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("starting\n\x1b[32m 45%\r 46%|####")
    state = a_state([a_queue(2, "seg", a_task(0, runs("5,6", 12.5, str(log), 1.2, attempt=2), "unet"))])
    line = row(state, "▶ 2/0")
    assert line.split() == [
        "▶",
        "2/0",
        "unet",
        "12:30",
        "GPU",
        "5,6",
        "1.2",
        "of",
        "20",
        "GB",
        "each",
        "2nd",
        "try",
        "46%|####",
    ]


def test_waiting_tasks_stand_by_how_long_they_wait_with_their_reason_in_full() -> None:
    text = " ".join(" ".join(drawn(believable())).split())
    assert (
        "◔ 12/0 8x1b 3:05:00 needs 4 GPUs with 40 GB free (1 ready); "
        "GPU 0 has 15.5 GB free (promised 64 GB), "
        "GPU 1, 2 are leased to queue 11, GPU 3 is turned off ◔ 3/0" in text
    )
    assert "↻ 4/7 drop 0.3 in 3:42 retry 3 of 9 after: exit 1 in: python fetch.py --shard 7" in text


def test_while_draining_no_retry_is_promised() -> None:
    assert any("retry 3 of 9" in line for line in drawn(believable()))
    text = "\n".join(drawn(replace(believable(), status="draining")))
    assert "not retried before the next start" in text
    assert "retry 3 of 9" not in text
    assert " in 3:" not in text


def test_what_does_not_fit_is_counted() -> None:
    state = a_state([a_queue(number, None, waits(number, "needs 1 GPU")) for number in range(1, 31)])
    lines = drawn(state, 80, 24)
    shown = [line for line in lines[2:] if line.startswith(" ◔")]
    heading = next(line for line in lines if "Waiting" in line)
    assert "Waiting  30" in heading
    assert heading.endswith(f"and {30 - len(shown)} more")
    assert [line.split()[1] for line in shown][:3] == ["30/0", "29/0", "28/0"]


def test_queues_that_the_state_file_leaves_out_are_counted() -> None:
    more = replace(believable().more_queues, queues=700)
    text = "\n".join(drawn(replace(believable(), more_queues=more)))
    assert "0 of 710 done, 1 failed" in text
    assert "and 70" in text


def test_problems_stand_in_a_box_at_the_bottom() -> None:
    state = replace(believable(), problems=(Problem("disk", "The disk is full."),))
    lines = drawn(state, 100, 30)
    assert lines[-4].startswith(" ╭─ Problems 1 ─")
    assert lines[-3].startswith(" │ The disk is full. ")
    assert lines[-2].startswith(" ╰──")


def test_a_notice_takes_the_last_line() -> None:
    assert drawn(believable(), notice="draining: 3 tasks still run")[-1] == " draining: 3 tasks still run"


def test_a_queue_shows_a_cell_for_every_task() -> None:
    queue = a_queue(1, None, DONE, DONE, Cancelled(NOW, "bob"), runs("0", 1), NEXT, NEXT)
    assert row(a_state([queue]), "1 ").split() == [
        "1",
        "■■⊘▶··",
        "2",
        "of",
        "6",
        "▶",
        "running",
        "1/3",
        "1:00",
    ]


@given(
    some.dictionaries(
        some.sampled_from(["completed", "failed", "running", "pending"]), some.integers(1, 5_000), min_size=1
    ),
    some.integers(6, 40),
)
def test_a_long_queue_s_cells_fill_the_strip_and_hide_no_state(counts: dict[str, int], width: int) -> None:
    total = sum(counts.values())
    strip = cells_of(counts, total, width, UNICODE)  # type: ignore[arg-type]
    assert cells(strip) == min(total, width)
    assert len(strip) == len(counts)


def test_a_memory_bar_is_to_scale_and_in_order() -> None:
    card = a_card(0, own_used_gb=20.0, own_promised_gb=40.0, others_gb=20.0)
    assert "".join(segment.text for segment in memory_bar(card, 16, UNICODE)) == "▇▇▇▇▒▒▒▒▚▚▚▚────"


@given(*[some.floats(0, 100)] * 3, some.integers(1, 40))
def test_a_memory_bar_is_as_long_as_asked(used: float, promised: float, others: float, width: int) -> None:
    card = a_card(0, own_used_gb=used, own_promised_gb=promised, others_gb=others)
    assert cells(memory_bar(card, width, UNICODE)) == width


def test_cards_tell_who_is_there_and_what_is_wrong() -> None:
    assert row(believable(), "4 ").endswith("ours 9.6 of 12 · others 12.1  21/3 · alice 12.1")
    assert row(believable(), "6 ").endswith("leases 40                     bob queue 2")
    assert "turned off 15:00 ago" in row(believable(), "3 ")
    assert "fallen off the bus" in row(believable(), "7 ")


def test_the_heading_of_cards_names_them_and_says_when_they_are_old() -> None:
    mixed = a_state([], [a_card(0), a_card(1, name="L4"), a_card(2)])
    assert row(mixed, "GPUs").startswith(" GPUs  2 x A100-SXM4-80GB, 1 x L4 ")
    away = replace(mixed, problems=(problem("driver", error="NVML_ERROR_UNKNOWN"),))
    assert "as last seen: the driver does not answer" in row(away, "GPUs")


def test_ascii_where_the_encoding_has_no_more() -> None:
    raw = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    look = look_for(Console(file=raw))
    assert look is ASCII
    state = a_state([a_queue(1, "queue", DONE, runs("0", 1), NEXT)], [a_card(0, own_used_gb=40.0)])
    assert "\n".join(drawn(state, look=look)).isascii()


@pytest.mark.parametrize("no_color", [True, False])
def test_no_color_is_honoured(no_color: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", no_color=no_color)
    line = page(Scene(believable(), NOW, UNICODE, LogTails(), 40), 120)[1]
    assert ("38;2;" in Screen(console).ansi(line)) is not no_color


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_card_that_is_set_aside_says_so_and_for_how_long(width: int) -> None:
    aside = SetAside(NOW - 60, NOW + 540, 5)
    lines = drawn(replace(a_state([]), gpus=(a_card(0), a_card(1, aside=aside))), width, 30)
    assert any("set aside: 5 tasks died here at once; again in 9:00" in line for line in lines)
    crowd = replace(a_state([]), gpus=tuple(a_card(n, aside=aside if n else None) for n in range(40)))
    assert "set aside" in "".join(drawn(crowd, width, 30))
