"""Cells in commands: each is one argument, and none is ever run."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from app.command_file.values import Misread
from app.model.task import substitute
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
    "sh show {args}",
    "cd . && sh show",
    "sh show \\\n",
    'bash -c "sh show {args}"',
    "bash -c 'sh show {args}'",
    "bash -c 'bash -c \"sh show {args}\"'",
    "bash -c \"bash -c 'sh show {args}'\"",
    'bash -c "bash -c \\"sh show {args}\\""',
    'eval "sh show {args}"',
    "(sh show {args})",
    "x=$(sh show {args} | base64 -w0); echo $x | base64 -d",
    "case x in x) sh show {args};; esac",
    "x=$(case x in x) sh show {args} | base64 -w0;; esac); echo $x | base64 -d",
    "sh show {args} # {args}",
    'bash -c "true; # {args}\nsh show {args}"',
]
"""Commands that print the arguments they are given."""


FLAGS = flags_of({f"c{number}": cell for number, cell in enumerate(CELLS)})


@pytest.mark.parametrize("command", GIVEN)
def test_a_cell_is_one_argument_wherever_it_stands(tmp_path: Path, command: str) -> None:
    (tmp_path / "show").write_text("printf '%s\\0' \"$@\"\n")
    script = with_flags(command, FLAGS, "cmd")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[1:-1:2] == list(CELLS)
    assert [each.name for each in tmp_path.iterdir()] == ["show"]


@pytest.mark.parametrize("command", [': "{args}"', ": '{args}'", ": # {args}", ": $(: '{args}')"])
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
        ("echo $[ {args} ]", "{args} stands in arithmetic"),
        ("ARGS={args} python t.py", "{args} is assigned"),
        ("ARGS={args}; python t.py $ARGS", "{args} is assigned"),
        ("nohup env V={args} python t.py", "{args} is assigned"),
        ("bash -c 'A={args} b'", "{args} is assigned"),
        ("declare A={args}", "declare has its words"),
        ("f() { local A={args}; }; f", "local has its words"),
        ("timeout 5 ssh H p", "ssh has its words"),
        ("nice -n 5 ssh H p {args}", "ssh has its words"),
        ("stdbuf -oL ssh H p {args}", "ssh has its words"),
        ("env -u X ssh H p {args}", "ssh has its words"),
        ("exec -a x ssh H p {args}", "ssh has its words"),
        ("sudo -u bob nice -n 5 ssh H p {args}", "ssh has its words"),
        ("coproc ssh H p {args}", "ssh has its words"),
        ("find . -exec ssh H p {args} \\\\;", "ssh has its words"),
        ('A="x y" ssh H p', "ssh has its words"),
        ("A='x y' eval p {args}", "eval has its words"),
        ("A=$(date +%s) ssh H p {args}", "ssh has its words"),
        ("> log ssh H p {args}", "ssh has its words"),
        ("2>/dev/null ssh H p {args}", "ssh has its words"),
        ("case x in x) ssh H p {args};; esac", "ssh has its words"),
        ("f() { eval p {args}; }; f", "eval has its words"),
        ("eval python t.py {args}", "eval has its words read by a shell once more"),
        ("cd x; /usr/bin/ssh host python t.py", "ssh has its words read by a shell once more"),
        ("CUDA_VISIBLE_DEVICES=0 nohup \\ssh host python t.py {args}", "ssh has its words read"),
        ("bash -c 'eval python t.py {args}'", "eval has its words read"),
        ('echo "$(case x in x) echo {args};; esac)"', "{args} stands in quotes with a substitution"),
        ('bash -c "$(echo {args})"', "{args} stands in quotes with a substitution"),
        ('bash -c "cd $(pwd) && python t.py {args}"', "{args} stands in quotes with a substitution"),
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


@pytest.mark.parametrize(
    "command",
    [
        *(
            "nohup python main.py --mode eval {args}",
            "timeout 5h python main.py eval",
            "(cd x && b); p --n $(c)",
        ),
        *("python t.py --opts={args}", "A=1 python t.py B={args}"),
        *("python main.py eval", "python t.py --mode eval {args}", "rsync -e ssh a b {args}"),
        *("eval x; python t.py", "python t.py --note 'use eval here' {args}", "python ssh {args}"),
    ],
)
def test_sensible_commands_are_not_refused(command: str) -> None:
    script = with_flags(command, "--x 1", "cmd")
    assert script == (command.replace("{args}", "--x 1") if "{args}" in command else f"{command} --x 1")


def test_a_cell_keeps_its_text_also_where_it_names_a_placeholder() -> None:
    script = substitute(with_flags("p", flags_of({"x": "{work_dir}/a"}), "cmd"), "it's")
    assert shlex.split(script) == ["p", "--x", "{work_dir}/a"]
