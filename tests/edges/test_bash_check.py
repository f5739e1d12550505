"""What a real bash says of scripts when the file is read, and which scripts need not be asked about."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.command_file import check_scripts, parse
from app.command_file.shell import is_plain
from app.command_file.syntax import bash_says
from app.model.faults import Fault


def checked(text: str, verdicts: dict[str, str | None] | None = None) -> list[Fault]:
    parsed = parse(text, "single", "f")
    assert parsed.faults == ()
    return check_scripts(parsed, "f", verdicts)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("1\necho a\nif true; then\n20\n", 3, "unexpected end of file"),
        ("# c\n1\necho a\n# c\necho )\n# c\n20\n", 5, "near unexpected token `)'"),
        ("1\necho a\n```\n\n\nfi\n```\necho b\n20\n", 6, "near unexpected token `fi'"),
        ("1\necho 'it\n20\n", 2, "looking for matching `''"),
        ("1\necho a &&\n20\n", 2, "unexpected end of file"),
        ("1\n```\necho a\ncat <<EOF\nx\n```\n20\n", 4, "here-document without its end `EOF'"),
        ("\ufeff1\r\necho (\r\n20\r\n", 2, "syntax error"),
    ],
)
def test_a_mistake_is_found_at_its_line_in_the_file(text: str, line: int, says: str) -> None:
    (fault,) = checked(text)
    assert fault.line == line
    assert says in fault.problem


def test_every_faulty_block_is_named_and_repeats_once() -> None:
    found = checked("1\n(\n20\n\n2\ngood && fine\n20\n\n#LANE repeat=3\n3\n(\n20\n")
    assert [fault.line for fault in found] == [2, 11]


GOOD = [
    "shopt -s extglob\nls !(a|b)",
    "cat <<EOF\n$(x)\nEOF",
    "for i in 1 2; do\n  echo $i\ndone",
    "echo 猫 | tee 'ß'",
]
GOOD += [
    "a() { b; }\na",
    "[[ a =~ ^(b|c)$ ]] && x",
    "diff <(a) <(b)",
    "awk '{print $1}' x",
    "set +e; ((i++))",
]


@pytest.mark.parametrize("script", GOOD)
def test_sound_scripts(script: str) -> None:
    assert bash_says(script) is None


def test_nothing_is_run_by_checking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "env").write_text(f"touch {tmp_path}/ran\n")
    monkeypatch.setenv("BASH_ENV", str(tmp_path / "env"))
    assert bash_says(f"touch {tmp_path}/ran; $(touch {tmp_path}/ran)") is None
    assert not (tmp_path / "ran").exists()


def test_verdicts_are_kept_and_plain_words_never_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts: dict[str, str | None] = {}
    text = "1\n(true)\n20\n\n1\n(\n20\n\n1\n(true)\n5\n\n2\npython a.py > log 2>&1\n20\n"
    first = checked(text, verdicts)
    assert len(first) == 1
    assert len(verdicts) == 2
    monkeypatch.setattr(
        "app.command_file.syntax.bash_says", lambda script: pytest.fail(f"asked about {script!r}")
    )
    assert checked("\n\n" + text, verdicts) == [Fault("f", 8, 1, first[0].problem, first[0].hint)]


def test_a_script_larger_than_an_argument_may_be() -> None:
    script = "echo a; (true)\n" * 40_000
    assert bash_says(script) is None
    assert bash_says(script + ")") == "40001:syntax error near unexpected token `)'"


PLAIN = [
    "python train.py --lr 1e-3 --out={work_dir}/x",
    "bash a.sh \"a b\" 'c d' > log 2>&1",
    "cd x && make -j8; ls -l",
]
PLAIN += [
    "export A=1\npython a.py \\\n  --b c # note",
    "a | b | tee log",
    "X=1 ./a ~/b *.txt",
    'echo "$HOME/${USER}" $X',
]


@pytest.mark.parametrize("script", PLAIN)
def test_everyday_commands_are_plain(script: str) -> None:
    assert is_plain(script)


def test_telling_plain_words_apart_takes_no_time_however_long_the_script() -> None:
    """What can be read in two ways would be tried in 2**n."""
    script = "\n".join(f"python train.py --seed {at} >log{at} 2>&1 | tee x 2>&1" for at in range(2_000))
    assert is_plain(script)
    assert not is_plain(script + "\necho $(date)")


PIECES = [
    "a",
    "b=",
    " ",
    "\n",
    "\t",
    "\\",
    "\\\n",
    "'",
    '"',
    "$",
    "${A}",
    "$A",
    "#",
    " # ",
    ";",
    "&",
    "&&",
    "|",
    "||",
    ">",
]
PIECES += [
    "<",
    ">>",
    "2>&1",
    "&>",
    "{",
    "}",
    "{}",
    "!",
    "if",
    "then",
    "fi",
    "do",
    "done",
    "case",
    "in",
    "[",
    "]",
    "[[",
    "]]",
]
PIECES += [
    "(",
    ")",
    "*",
    "?",
    "~",
    "=",
    "+",
    "@",
    "%",
    "^",
    ":",
    ",",
    ".",
    "-",
    "/",
    "1",
    "time",
    "function",
    "é",
    "esac",
]
PIECES += ["select", "until", "while", "for", "coproc", "else", "`"]


@pytest.mark.parametrize(
    "script", ["f\\\ni", "fi\\\n", "i\\\nf true", "a[1", "a &\\\n& b", "# a \\\nfi", "a | # b\n"]
)
def test_traps_are_left_to_bash(script: str) -> None:
    assert not is_plain(script)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join).filter(is_plain))
def test_bash_never_refuses_plain_words(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
