"""`./gpulane run FILE --check` of what is wrong: every fault in one pass, exit 2, and nothing is made."""

import json
import os
import subprocess
import sys

import pytest

from app.model.paths import PROJECT
from tests.end_to_end.command_line import gpulane
from tests.end_to_end.world import World

FILE = "command/command_gpus.txt"
SINGLE = "command/command_gpu.txt"
GOOD = "1\ntrue\n1\n10\n"


def refused(world: World, name: str) -> list[str]:
    """The sentences, each a line, that a check of a file ends with."""
    done = subprocess.run(
        [sys.executable, PROJECT / "app" / "cli.py", "run", name, "--simulate", "4x24", "--check"],
        env={**os.environ, "GPULANE_HOME": str(world.root)},
        cwd=world.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert not (world.root / "logs").exists()
    return done.stderr.removeprefix("gpulane: ").splitlines()


def assert_says(lines: list[str], *expected: tuple[str, str]) -> None:
    """These faults, in this order, and no others."""
    assert len(lines) == len(expected), lines
    for line, (place, words) in zip(lines, expected, strict=True):
        assert line.startswith(f"{place}: "), line
        assert words in line, line


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (FILE, "", [("", "there is no task in it")]),
        (FILE, "1\n1\n20\n\n2\n2\n20\n", [(":1:1", "no command"), (":5:1", "no command")]),
        (FILE, "1\ntrue\n1\nlots\n\n2\ntrue\n1\n-3\n", [(":4:1", "memory"), (":9:1", "negative")]),
        (FILE, "1\ntrue\n0\n10\n\n2\ntrue\n-1\n10\n", [(":3:1", "GPU"), (":8:1", "GPU")]),
        (FILE, "1\ntrue\n1\n100\n\n2\ntrue\n 9\n10\n", [(":4:1", "23.5"), (":8:2", "4 GPUs")]),
        (
            FILE,
            f"1\n#LANE name=x model=A100\ntrue\n1\n10\n\n#LANE devices=7\n{GOOD}",
            [(":2:14", "of that model"), (":7:7", "devices=7")],
        ),
        (SINGLE, f"{GOOD}\n2\ntrue\n2\n10\n", [(":3:1", "main_gpus.py"), (":8:1", "main_gpus.py")]),
        (FILE, "1\na &\n1\n10\n\n2\nb &\n1\n10\n", [(":2:3", "background"), (":7:3", "background")]),
        (
            FILE,
            "1\nif true; then\n1\n10\n\n2\ntrue\n1\nlots\n\n3\nfi\n1\n10\n",
            [(":2:1", "bash can't read"), (":9:1", "memory"), (":12:1", "bash can't read")],
        ),
        (
            FILE,
            f"#LANE nmae=x tiemout=2h\n{GOOD}\n#LAEN hold\n{GOOD}",
            [(":1:7", "name"), (":1:14", "timeout"), (":7:1", "#LANE")],
        ),
        (FILE, b"\x7fELF\x02\x01\x01" + bytes(64), [(":1:8", "it is no text")]),
        (FILE, GOOD.encode("utf-16"), [("", "it is written in UTF-16; save it as UTF-8")]),
        (FILE, "1\necho 队列\n1\n10\n".encode("gbk"), [(":2:6", "GBK; save it as UTF-8")]),
    ],
)
def test_a_command_file(
    world: World, name: str, content: str | bytes, expected: list[tuple[str, str]]
) -> None:
    (world.root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_says(refused(world, name), *((name + place, words) for place, words in expected))


def test_a_command_file_that_is_missing_or_that_everybody_can_write(world: World) -> None:
    assert_says(refused(world, "nowhere.txt"), ("nowhere.txt", "there is no such file"))
    assert_says(refused(world, "command"), ("command", "a directory"))
    world.file(GOOD).chmod(0o666)
    assert_says(refused(world, FILE), (FILE, "everybody on this machine can write it"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("check_time: 5\na: [\n", [(":3:1", "it is no YAML")]),
        ("min_gpu: 0\nwork_dir: /nowhere\n", [(":2:11", "is no folder")]),
        (
            "use_all_gpus: false\ncompete_gpus: [0, 7,\n  9]\n",
            [(":2:19", "GPU 7; there is GPU 0, 1, 2, 3"), (":3:3", "GPU 9")],
        ),
        (
            "check_tiem: 3\ncheck_time: soon\nmin_gpu: 3\nmax_gpu: 2\n",
            [(":1:1", "check_time"), (":2:13", "it wants a number"), (":3:10", "more than max_gpu")],
        ),
    ],
)
def test_a_settings_file(world: World, text: str, expected: list[tuple[str, str]]) -> None:
    world.file(GOOD)
    path = world.root / "config" / "gpu_manage.yaml"
    path.write_text(text)
    assert_says(refused(world, FILE), *((f"{path}{place}", words) for place, words in expected))


def test_a_file_of_another_name_is_taken_for_what_it_mostly_is(world: World) -> None:
    (world.root / "mine.txt").write_text("1\necho a\n3\n\n2\necho b\nabc\n")
    assert_says(refused(world, "mine.txt"), ("mine.txt:7:1", "memory"))


def test_a_home_that_is_not_there(world: World) -> None:
    world.file(GOOD)
    home = world.root / "hmoe"
    done = subprocess.run(
        [sys.executable, PROJECT / "app" / "main_gpus.py", "--simulate", "4x24"],
        env={**os.environ, "GPULANE_HOME": str(home)},
        cwd=world.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"GPULANE_HOME is {home}, and that is no folder" in done.stderr
    assert not home.exists()


def test_too_few_devices_are_one_fault(world: World) -> None:
    world.file("1\n#LANE devices=0\ntrue\n2\n9\n")
    assert_says(refused(world, FILE), (f"{FILE}:4:1", "the task needs 2 GPUs, and devices=0 allows 1"))


def test_a_block_is_told_all_that_is_wrong_with_it_in_one_pass(world: World) -> None:
    """What its lines, bash, and the cards of this machine have against it."""
    world.file("1\n#LANE tiemout=2h\nif true\n9\n99\n\n2\necho &\n1\n99\n")
    said = [
        (f"{FILE}:2:7", "did you mean timeout?"),
        (f"{FILE}:3:1", "bash can't read this script"),
        (f"{FILE}:4:1", "asks for 9 GPUs"),
        (f"{FILE}:5:1", "asks for 99 GB on each of 4 GPUs"),
        (f"{FILE}:8:6", "the last command ends in &"),
        (f"{FILE}:10:1", "asks for 99 GB, but"),
    ]
    assert_says(refused(world, FILE), *said)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("kil 1/0", "no such command 'kil'; did you mean 'kill'? ./gpulane --help tells more"),
        ("why", "missing argument 'TASK'; ./gpulane why --help tells more"),
        ("ls --jsno", "no such option: --jsno (Possible options: --json); ./gpulane ls --help tells more"),
        ("ls --pid x", "invalid value for '--pid': 'x' is no whole number; ./gpulane ls --help tells more"),
    ],
)
def test_a_word_that_is_none_is_refused_in_one_sentence(world: World, words: str, says: str) -> None:
    assert gpulane(world, *words.split(), expect=2) == f"gpulane: {says}\n"
    said = json.loads(gpulane(world, *words.split(), "--json", expect=2))
    assert said["ok"] is False
    assert "help tells more" in said["error"]


def test_a_check_is_told_to_programs_as_well(world: World) -> None:
    path = world.file(f"#LANE name=x\n{GOOD}")
    said = json.loads(gpulane(world, "run", str(path), "--check", "--json", "--simulate", "1x24"))
    (task,) = said["tasks"]
    assert (said["ok"], said["file"], said["mode"]) == (True, str(path), "multi")
    assert (task["queue"], task["name"], task["commands"], task["memory_gb"]) == (1, "x", "true", 10)
    world.file("1\nif x\n1\n10\n\n2\ntrue\n1\nlots\n")
    said = json.loads(gpulane(world, "run", str(path), "--check", "--json", "--simulate", "1x24", expect=2))
    assert [(fault["line"], fault["column"]) for fault in said["faults"]] == [(2, 1), (9, 1)]
    assert "goes with --check" in gpulane(world, "run", str(path), "--json", expect=2)


def test_help_is_had_by_any_of_its_names(world: World) -> None:
    helps = [gpulane(world, *words.split()) for words in ("ls --help", "ls -h", "help ls")]
    assert helps[0] == helps[1] == helps[2]
    assert gpulane(world, "help") == gpulane(world, "--help")
    assert gpulane(world, "--version").startswith("gpulane 0.")


def test_a_path_that_leads_nowhere(world: World) -> None:
    (world.root / "loop.txt").symlink_to("loop.txt")
    loop = str(world.root / "loop.txt")
    for words in (("run", loop), ("add", loop, "-q", "1", "-m", "2", "--", "true"), ("ls", "--file", loop)):
        said = gpulane(world, *words, expect=2)
        assert said.startswith("gpulane: ")
        assert len(said.splitlines()) == 1
        assert loop in said


@pytest.mark.parametrize(
    "words", ["tasks --json", "run --check command/command_gpus.txt", "ls", "--help", "doctor"]
)
def test_where_the_output_can_not_be_written_that_is_said(world: World, words: str) -> None:
    world.file(GOOD)
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, PROJECT / "app" / "cli.py", *words.split()],
            env={**os.environ, "GPULANE_HOME": str(world.root)},
            cwd=world.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == "gpulane: the output can't be written: No space left on device\n"
    assert done.returncode == 1
