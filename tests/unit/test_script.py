"""Contract 2's rules for a task's commands, tried with the real bash."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from app.execution.script import compose, failed_command, stands_alone


def run(script: str) -> tuple[int, str]:
    """Exit status and output of a script as a supervisor would run it."""
    memfd = os.memfd_create("script", os.MFD_CLOEXEC)
    os.write(memfd, compose(script))
    fd = fcntl.fcntl(memfd, fcntl.F_DUPFD_CLOEXEC, 100)
    os.close(memfd)
    try:
        done = subprocess.run(
            ["bash", f"/proc/self/fd/{fd}"],
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=20,
            check=False,
        )
    finally:
        os.close(fd)
    return done.returncode, done.stdout.decode("utf-8", "surrogateescape")


BROKEN = "sh -c 'kill -PIPE $$'"  # ends by SIGPIPE without any pipe

ENDS = {
    # set -e
    "nothing fails": ("true\necho on", 0, "on\n"),
    "stops at the first failure": ("sh -c 'exit 3'\necho no", 3, None),
    "a function fails": ("f() { sh -c 'exit 3'; echo no; }\nf\necho no", 3, None),
    "a nested function fails": ("f() { sh -c 'exit 3'; }\ng() { f; echo no; }\ng\necho no", 3, None),
    "a subshell fails": ("( cd /\n sh -c 'exit 6'\n echo no )\necho no", 6, None),
    "a substitution fails": ("x=$(sh -c 'exit 4')\necho no", 4, None),
    "a loop's body fails": ("for i in 1 2; do sh -c 'exit 5'; echo no; done\necho no", 5, None),
    "sourced code fails": ("source /dev/stdin <<<'false'\necho no", 1, None),
    "arithmetic is zero": ("i=0\n((i++))\necho no", 1, None),
    "a test fails": ("[[ a == b ]]\necho no", 1, None),
    "conditions may fail": ("if false; then :; fi\nfalse || true\n! true\nfalse && true\necho on", 0, "on\n"),
    "a failing list as the last line": ("test -f /nope && echo y", 1, None),
    "exit": ("exit 7", 7, None),
    "exec": ("exec sh -c 'exit 8'", 8, ""),
    "unbound under set -u": ("set -u\necho $nope\necho no", 1, None),
    "no such command": ("nosuch_command", 127, None),
    "killed by a signal": ("sh -c 'kill -KILL $$'\necho no", 137, None),
    "the shell itself is killed": ("kill -HUP $$\necho no", -1, ""),
    "the shell itself is asked to end": ("set -x\nkill -TERM $$\necho no", 143, None),
    "what the shell has started is waited for": (
        "(sleep 0.1; echo on) &\nkill -TERM $$\necho no",
        143,
        "on\n",
    ),
    "a TERM trap of one's own": ("trap 'exit 3' TERM\nkill -TERM $$\necho no", 3, None),
    # pipefail
    "a first member fails": ("sh -c 'exit 3' | cat\necho no", 3, None),
    "a middle member fails": ("echo | sh -c 'exit 3' | cat\necho no", 3, None),
    "the right failure beside a broken pipe": ("sh -c 'exit 3' | yes | head -1\necho no", 3, None),
    # the pardon
    "yes into head": ("yes | head -1\necho on", 0, "y\non\n"),
    "yes into head as the last line": ("yes | head -1", 0, "y\n"),
    "grep -q": ("yes | grep -q y\necho on", 0, "on\n"),
    "a failure after a pardon": ("yes | head -1\nfalse\necho no", 1, None),
    "a subshell's failure after a pardon": ("yes | head -1\n( false )\necho no", 1, None),
    "a pardon in a function": ("f() { yes | head -1; }\nf\necho on\nf", 0, "y\non\ny\n"),
    "a failure after a pardon in a function": ("f() { yes | head -1; false; echo no; }\nf\necho no", 1, None),
    "a pardon in a subshell": ("( yes | head -1 )\necho on", 0, "y\non\n"),
    "a pardon in a subshell as the last line": ("( yes | head -1 )", 0, "y\n"),
    "a pardon in the last member": ("echo | ( yes | head -1 )\necho on", 0, "y\non\n"),
    "a pardon in a substitution": ("x=$(yes | head -1)\necho $x", 0, "y\n"),
    "a pardon in a loop": ("for i in 1 2; do yes | head -1; done\necho on\nfalse\necho no", 1, None),
    "a pardon in eval": ("eval 'yes | head -1'\necho on", 0, "y\non\n"),
    "a loop that reads one line": ("yes | while read -r x; do break; done\necho on", 0, "on\n"),
    "no pardon outside a pipeline": (f"{BROKEN}\necho no", 141, None),
    "no pardon for the last member": (f"yes | {BROKEN}\necho no", 141, None),
    "no pardon right after one": (f"yes | head -1\n{BROKEN}\necho no", 141, None),
    # the user's own ways
    "set +e": ("set +e\nfalse\nyes | head -1\nfalse\necho on", 0, "y\non\n"),
    "set +e lasts over a pardon": ("set +e\nyes | head -1\ncase $- in *e*) exit 9;; esac", 0, "y\n"),
    "set +e and set -e again": ("set +e\nfalse\nset -e\nfalse\necho no", 1, None),
    "an EXIT trap of one's own": ("trap 'echo bye' EXIT\necho on", 0, "on\nbye\n"),
    "an EXIT trap in a subshell": (
        "( trap 'echo bye' EXIT\nyes | head -1\ntrue )\necho on",
        0,
        "y\nbye\non\n",
    ),
    "an ERR trap of one's own": ("trap 'echo mine' ERR\nfalse\necho no", 1, None),
    "a strange IFS": ("IFS=0123456789\nyes | head -1\nsh -c 'exit 3'", 3, None),
    "strict users": ("set -euo pipefail\nset -f\nyes | head -1\nsh -c 'exit 3'", 3, None),
    "a heredoc on the first line": ("cat <<E | tr a-z A-Z\nhello\nE\nfalse", 1, None),
    "a comment on the first line": ("#!/bin/bash\necho on # so\n# end", 0, "on\n"),
    "a descriptor of one's own": ("exec 3>/dev/null\necho x >&3\nyes | head -1\necho on", 0, "y\non\n"),
    "a full disk under its log": ("exec 2>/dev/full\nexit 4", 4, ""),
    "a failure with a full disk under its log": ("exec 2>/dev/full\nsh -c 'exit 3'\necho no", 3, ""),
    "stderr closed": ("exec 2>&-\nsh -c 'exit 3'\necho no", 3, ""),
    "exit with stderr closed": ("exec 2>&-\nexit 4", 4, ""),
    "set -x shows the task's commands only": ("set -x\nyes | head -1 >/dev/null\ntrue", 0, None),
}


@pytest.mark.parametrize(("script", "status", "output"), ENDS.values(), ids=ENDS.keys())
def test_ends_as_bash_rules_say(script: str, status: int, output: str | None) -> None:
    got, shown = run(script)
    assert got == status, shown
    assert "no\n" not in shown
    assert output is None or shown == output


def test_set_x_does_not_show_our_traps() -> None:
    _, shown = run("set -x\nyes | head -1\nfalse")
    assert "+ false" in shown
    assert "__gpulane" not in shown


REPORTS = {
    "a plain command": ("echo a\nsh -c 'exit 3'", "gpulane: exit 3 in line 2: sh -c 'exit 3'"),
    "the first line": ("false", "gpulane: exit 1 in line 1: false"),
    "a pipeline": (
        "echo a\nsh -c 'exit 3' | cat",
        "gpulane: exit 3 in line 2, part 1 of 2: sh -c 'exit 3' | cat",
    ),
    "a pipeline on the first line": (
        "sh -c 'exit 3' | cat",
        "gpulane: exit 3 in line 1, part 1 of 2: sh -c 'exit 3' | cat",
    ),
    "beside a broken pipe": (
        "sh -c 'exit 3' | yes | head -1",
        "gpulane: exit 3 in line 1, part 1 of 3: sh -c 'exit 3' | yes | head -1",
    ),
    "in a function": ("f() {\n  false\n}\nf", "gpulane: exit 1 in line 2: false"),
    "in a subshell": ("(\n  false\n)", "gpulane: exit 1 in line 2: false"),
    "a list": ("test -f /nope && echo y", "gpulane: exit 1: test -f /nope"),
    "exit": ("exit 7", "gpulane: exit 7: exit 7"),
    "after a pardon": ("yes | head -1\nfalse", "gpulane: exit 1 in line 2: false"),
    "with stderr kept for others": ("false 2>/dev/null", "gpulane: exit 1 in line 1: false 2> /dev/null"),
}


@pytest.mark.parametrize(("script", "line"), REPORTS.values(), ids=REPORTS.keys())
def test_says_which_command_failed(script: str, line: str) -> None:
    _, shown = run(script)
    assert line in shown.splitlines()
    assert failed_command(shown) == line.partition(": ")[2].partition(": ")[2]


def test_names_the_file_when_sourced_code_fails(tmp_path: Path) -> None:
    sourced = tmp_path / "env.sh"
    sourced.write_text("true\nfalse\n")
    _, shown = run(f"source {sourced}")
    assert shown == f"gpulane: exit 1 in line 2 of {sourced}: false\n"
    assert failed_command(shown) == "false"


@pytest.mark.parametrize("log", ["", "epoch 1\n", "gpulane: exit 3 in line 1: a\nthen more output\n"])
def test_no_failed_command_where_the_log_does_not_end_with_one(log: str) -> None:
    assert failed_command(log) is None


def test_reads_the_report_from_a_terminal() -> None:
    assert failed_command("x\r\ngpulane: exit 3 in line 1: a: b\r\n") == "a: b"


def test_bytes_that_are_no_utf8_reach_bash_as_they_are() -> None:
    assert run("echo '\udcff'") == (0, "\udcff\n")


def test_a_script_larger_than_any_argument() -> None:
    script = "\n".join(f"x{number}=$(({number} * 2))" for number in range(20_000)) + "\necho $x19999"
    assert len(script) > 400_000
    assert run(script) == (0, "39998\n")


@pytest.mark.parametrize(
    ("script", "alone"),
    [
        ("sh train.sh --lr 1e-3 --out=a/b", True),
        ("  /usr/bin/env  python -m x ", True),
        ("cd /tmp", False),
        ("echo hello", False),
        ("A=1 python x.py", False),
        ("python x.py # note", False),
        ("python x.py | tee log", False),
        ("python x.py >log", False),
        ("python $X", False),
        ("python ~/x.py", False),
        ("python *.py", False),
        ("python x.py\npython y.py", False),
        ("! true", False),
    ],
)
def test_a_program_with_plain_words_needs_no_shell_around_it(script: str, alone: bool) -> None:
    assert stands_alone(script, {"PATH": os.environ["PATH"]}, "/") is alone


def test_what_the_environment_makes_a_function_is_left_to_bash() -> None:
    env = {"PATH": os.environ["PATH"]}
    assert stands_alone("sh load cuda", env, "/")
    assert not stands_alone("sh load cuda", {**env, "BASH_FUNC_sh%%": "() { :; }"}, "/")
    assert not stands_alone("sh load cuda", {**env, "BASH_ENV": "/etc/bash.functions"}, "/")
