"""What an attempt's end is taken to mean."""

import pytest

from app.core.outcome import cause_of, next_demand, tried_gb
from app.model.backend import Exit
from app.model.state import ExitCode, OutOfMemory, Signalled, error_text


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (1, ExitCode(1, "x")),
        (128, ExitCode(128, "x")),
        (137, Signalled(9, "x")),
        (192, Signalled(64, "x")),
        (200, ExitCode(200, "x")),  # there is no signal 72
        (255, ExitCode(255, "x")),  # Python's sys.exit(-1), ssh's own failures
    ],
)
def test_a_status_above_128_is_a_signal_where_there_is_one(status: int, cause: ExitCode | Signalled) -> None:
    assert cause_of(Exit(status, 0.0, 1.0, None, "", None), "x", None, None) == cause


@pytest.mark.parametrize(
    ("said", "tried"),
    [
        ("Tried to allocate 2.50 GiB", 2.5),
        ("tried to allocate 512 MiB.\nTried to allocate 1024.00 MiB (GPU 0)", 1.0),
        ("Tried to allocate " + "9" * 400 + " GiB", None),
        ("Tried to allocate 1.2.3 GiB", None),
        ("nothing of the kind", None),
    ],
)
def test_what_an_out_of_memory_message_says_it_tried(said: str, tried: float | None) -> None:
    assert tried_gb(said) == tried


@pytest.mark.parametrize(
    ("peak", "tried", "next_"),
    [(None, None, 10.0), (None, 1.0, 10.0), (None, 4.0, 12.0), (9.0, 2.0, 12.1), (2.0, 1.0, 8.0)],
)
def test_what_is_asked_for_after_running_out_of_memory(
    peak: float | None, tried: float | None, next_: float
) -> None:
    assert next_demand(8.0, OutOfMemory(1, peak, tried), 24.0) == next_


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (
            "epoch 1\nTraceback\n  File x\nFileNotFoundError: val.json\ngpulane: exit 1: python x\n",
            "FileNotFoundError: val.json",
        ),
        ("\x1b[31mtorch.cuda.DeferredCudaCallError: no\x1b[0m\r\n", "torch.cuda.DeferredCudaCallError: no"),
        ("KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("fatal: not a git repository\n", "fatal: not a git repository"),
        ("KeyError: 'a'\n" + "epoch\n" * 50, None),  # it has been got over
        ("the Error: of words\nNoErrorHere\nErrors: 0\n", None),
        ("ValueError: " + "x" * 400 + "\n", "ValueError: " + "x" * 285 + "..."),
    ],
)
def test_the_error_that_a_log_ends_with_is_said(tail: str, said: str | None) -> None:
    cause = cause_of(Exit(1, 0.0, 1.0, None, tail, "python x"), "python x", None, None)
    assert cause == ExitCode(1, "python x", said)
    assert error_text(cause) == (f"exit 1: {said}" if said else "exit 1 in: python x")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("exit 1", "exit 1: Connection reset by peer"),
        ("exit", "exit 1: Connection reset by peer"),
        ("exit $?", "exit 1: Connection reset by peer"),
        ("exit_all 1", "exit 1 in: exit_all 1"),
        ("false", "exit 1 in: false"),
    ],
)
def test_who_ends_a_script_has_said_why_in_its_last_line(command: str, says: str) -> None:
    ours = f"gpulane: exit 1 in line 2: {command}\n"
    tail = f"epoch 1\n\x1b[31mConnection reset by peer\x1b[0m\n\n{ours}"
    cause = cause_of(Exit(1, 0.0, 1.0, None, tail, command), "a\nb", None, None)
    assert cause is not None
    assert error_text(cause) == says
    silent = cause_of(Exit(1, 0.0, 1.0, None, ours, command), "a\nb", None, None)
    assert silent is not None
    assert error_text(silent) == f"exit 1 in: {command}"
