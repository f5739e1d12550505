"""Cells in commands: each is one argument, and none is ever run."""

import re
import subprocess
from pathlib import Path

import pytest

from app.command_file.values import Misread
from app.tables.arguments import flags_of, with_flags

CELLS = (
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "a\ntouch pwned\nb",
    "\\",
    "\\'",
    "$HOME ${IFS} * ~ !!",
    "E\ntouch pwned",
    "{args}",
)

GIVEN = [
    "printf '%s\\0' {args}",
    "cd . && printf '%s\\0'",
    "bash -c \"printf '%s\\0' {args}\"",
    "bash -c 'printf \"%s\\0\" {args}'",
    "eval \"printf '%s\\0' {args}\"",
    "bash -c \"bash -c \\$(printf 'true')\"; (printf '%s\\0' {args})",
    "printf '%s\\0' \"${0:+}\"{args}",
    "printf '%s\\0' {args} # {args}",
]
"""Commands that print the arguments they are given."""


FLAGS = flags_of({f"c{number}": cell for number, cell in enumerate(CELLS)})


@pytest.mark.parametrize("command", GIVEN)
def test_a_cell_is_one_argument_wherever_it_stands(tmp_path: Path, command: str) -> None:
    script = with_flags(command, FLAGS, "cmd")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[1:-1:2] == list(CELLS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", [': "{args}"', ": '{args}'", ": # {args}", ': "$(: {args})"', ": $(: '{args}')"]
)
def test_a_cell_is_never_run(tmp_path: Path, command: str) -> None:
    script = with_flags(command, FLAGS, "cmd")
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("cat <<E\n{args}\nE", "{args} stands in a here-document"),
        ("cat <<E\nE{args}\nE", "{args} stands in a here-document"),
        ("echo `echo {args}`", "{args} stands in backticks"),
        ("echo $'{args}'", "{args} stands in a $'...'"),
        ("echo $((1 + {args}))", "{args} stands in arithmetic"),
        ("eval python t.py {args}", "eval has its words read by a shell once more"),
        ("cd x; /usr/bin/ssh host python t.py", "ssh has its words read by a shell once more"),
        ("python t.py ${args} | cat", "would come behind its |"),
    ],
)
def test_where_a_cell_could_be_run_it_is_refused(command: str, says: str) -> None:
    with pytest.raises(Misread, match=re.escape(says)):
        with_flags(command, "--x 1", "cmd")
    with_flags(command, "", "cmd")


def test_what_runs_elsewhere_gets_its_words_in_quotes() -> None:
    script = with_flags('ssh host "python t.py {args}"', flags_of({"lr": "$(x)"}), "cmd")
    assert script == "ssh host \"python t.py --lr '\\$(x)'\""
    assert with_flags("ssh host true; python t.py", "--x 1", "cmd") == "ssh host true; python t.py --x 1"
