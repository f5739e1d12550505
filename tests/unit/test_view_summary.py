"""The summary at the end of a run."""

import io
from dataclasses import replace

from rich.console import Console

from app.model.state import ExitCode, Failed
from app.model.state_file import StateFile
from app.view.summary import print_summary
from tests.view_samples import (
    DONE,
    NEXT,
    NOW,
    OUT_OF_MEMORY,
    a_queue,
    a_state,
    a_task,
    believable,
    hostile,
    huge,
)


def printed(state: StateFile, width: int = 80) -> str:
    """On a terminal of this width."""
    file = io.StringIO()
    print_summary(state, Console(file=file, width=width, force_terminal=True, color_system=None))
    return file.getvalue()


def test_every_queue_has_its_counts_and_time() -> None:
    state = a_state([a_queue(1, "cars", DONE, DONE), a_queue(2, None, DONE, OUT_OF_MEMORY)])
    lines = [line.split() for line in printed(state).splitlines()]
    assert ["queue", "completed", "failed", "time"] in lines
    assert ["1", "cars", "2", "0", "1:06:40"] in lines
    assert ["2", "1", "1", "34:22"] in lines


def test_on_a_narrow_terminal_names_give_way_and_not_figures() -> None:
    state = a_state([a_queue(1, "a name as long as the terminal is wide", DONE, OUT_OF_MEMORY)])
    lines = printed(replace(state, counts={**state.counts, "skipped": 1}), width=42).splitlines()
    assert lines[0].split() == ["queue", "completed", "failed", "skipped", "time"]
    assert all(len(line) <= 42 for line in lines[:5])
    assert any(line.split()[-4:] == ["1", "1", "0", "34:22"] for line in lines)


def test_every_failed_task_has_error_exit_and_log_in_one_piece() -> None:
    log = "/home/" + "long/" * 30 + "1-0.1.log"
    state = a_state([a_queue(5, None, a_task(0, OUT_OF_MEMORY, "pose", log_path=log, attempts=4))])
    text = printed(state, width=60)
    assert "failed 5/0 pose  after 4 attempts, ran 1:02" in text
    assert "asking for 2.5 GB more (exit 1)" in text
    assert f"log: {log}\n" in text


def test_a_pipe_gets_whole_lines() -> None:
    command = "python train.py " + "--learning-rate 0.001 " * 20
    cause = ExitCode(3, command)
    failed = Failed((), NOW - 9, NOW, 3, f"exit 3 in: {command}", cause, None)
    file = io.StringIO()
    print_summary(a_state([a_queue(1, None, failed)]), Console(file=file, width=80))
    assert f"    exit 3 in: {command}".rstrip() in [line.rstrip() for line in file.getvalue().splitlines()]
    assert all(len(line) < 500 for line in file.getvalue().splitlines())


def test_an_exit_that_the_error_says_is_not_said_twice() -> None:
    failed = Failed((), NOW - 9, NOW, 3, "exit 3 in: false", ExitCode(3, "false"), None)
    assert "(exit" not in printed(a_state([a_queue(1, None, failed)]))


def test_totals_and_what_is_left() -> None:
    text = printed(believable(), 200)
    assert (
        "78 tasks: 5 running, 2 waiting, 1 backoff, 1 failed, 1 held, 50 pending, 1 skipped, 17 completed"
        in text
    )
    assert "in 2:11:00; the next start on this file goes on with what is left" in text
    stopped = printed(replace(believable(), status="stopping"), 200)
    assert "goes on with what is left" in stopped
    done = replace(a_state([a_queue(1, None, DONE)]), status="finished")
    assert "1 task: 1 completed, in 2:11:00\n" in printed(done)


def test_names_are_no_markup_and_no_escapes() -> None:
    text = printed(hostile(), 200)
    assert "[red]x[/red]" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_thousand_queues_make_no_endless_table() -> None:
    state = huge()
    broken = a_queue(1_001, "broken", OUT_OF_MEMORY)
    text = printed(replace(state, queues=(*state.queues, broken, a_queue(1_002, None, NEXT))), 100)
    assert len(text.splitlines()) < 60
    assert "1001 broken" in text
    assert "and 962 more queues" in text


def test_it_is_plain_text_without_a_terminal() -> None:
    assert "\x1b" not in printed(believable())
