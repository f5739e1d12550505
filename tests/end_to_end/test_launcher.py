"""./gpulane and the entry points in a clone: .venv made, kept up to date, never used half-made."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.clone import SLOW_UV, Clone, base_python, real_uv
from tests.waiting import eventually

INSTALLERS = ["pip", "uv"] if real_uv() else ["pip"]
QUICKEST = INSTALLERS[-1]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone.make(tmp_path)


@pytest.fixture
def ready(clone: Clone) -> Clone:
    """With a .venv made by the launcher."""
    clone.use(uv=QUICKEST == "uv")
    assert clone.gpulane().returncode == 7
    return clone


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What the stand-in for app/cli.py, or for pytest, says it was given."""
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_first_call_makes_the_environment_and_the_next_are_silent(clone: Clone, installer: str) -> None:
    clone.use(uv=installer == "uv")
    first = clone.gpulane("run", "a file", "--check", "")
    assert first.returncode == 7, first.stderr
    assert told(first)["argv"] == ["run", "a file", "--check", ""]
    assert told(first)["prefix"] == str(clone.root / ".venv")
    assert first.stderr == "gpulane: making .venv (once; up to a minute)\n"

    second = clone.gpulane("demo")
    assert (told(second)["argv"], second.stderr) == (["demo"], "")


def test_an_extra_is_installed_when_asked_for_and_no_other(ready: Clone) -> None:
    python = ready.root / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-c", "import bell"], capture_output=True, check=False).returncode == 1
    done = ready.gpulane("extra", "notify")
    assert done.returncode == 0
    assert done.stderr.endswith("apprise is installed, for notify in config/gpu_manage.yaml\n")
    assert subprocess.run([python, "-c", "import bell"], check=False).returncode == 0
    assert ready.gpulane().stderr == ""
    done = ready.gpulane("extra", "notfy")
    assert (done.returncode, done.stderr) == (2, "gpulane: there is one extra: ./gpulane extra notify\n")


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_changed_requirement_is_installed_at_the_next_call(clone: Clone, installer: str) -> None:
    clone.use(uv=installer == "uv")
    clone.gpulane()
    clone.require("2.0")
    done = clone.gpulane()
    assert (told(done)["tiny"], done.stderr) == ("2.0", "gpulane: bringing .venv up to date\n")
    assert clone.gpulane().stderr == ""


def test_it_works_from_another_folder_and_through_a_link(ready: Clone, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / "lane").symlink_to("../a clone/gpulane")
    for command in (["./lane", "x"], ["sh", "../a clone/gpulane", "x"]):
        done = subprocess.run(
            command, cwd=elsewhere, env=ready.env(), capture_output=True, text=True, check=False
        )
        assert (told(done)["argv"], told(done)["cwd"], done.stderr) == (["x"], str(elsewhere), "")


def test_calls_at_once_make_one_environment(clone: Clone) -> None:
    clone.use(uv=QUICKEST == "uv")
    calls = [
        subprocess.Popen(
            [str(clone.root / "gpulane"), str(number)],
            env=clone.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    outputs = [call.communicate() for call in calls]
    assert [json.loads(out)["argv"] for out, _ in outputs] == [[str(number)] for number in range(4)]
    assert sum("making .venv" in errors for _, errors in outputs) == 1


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_installation_is_begun_anew(clone: Clone, tmp_path: Path, signum: int) -> None:
    clone.use()
    clone.script("uv", SLOW_UV)
    reached = tmp_path / "reached"
    call = subprocess.Popen(
        [str(clone.root / "gpulane")],
        env=clone.env(REACHED=str(reached), PYTHON=base_python()),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    eventually(reached.exists)
    os.killpg(call.pid, signum)
    assert call.wait() != 7
    half = clone.python.parent / "half"
    half.touch()

    (clone.bin / "uv").unlink()
    clone.use(python=False, uv=QUICKEST == "uv")
    done = clone.gpulane()
    assert (done.returncode, told(done)["tiny"]) == (7, "1.0")
    assert not half.exists()


def test_an_environment_whose_python_is_gone_is_made_anew(ready: Clone) -> None:
    ready.python.unlink()
    ready.python.symlink_to("/nowhere/python3")
    done = ready.gpulane()
    assert (done.returncode, done.stderr) == (7, "gpulane: bringing .venv up to date\n")


def test_a_failed_installation_is_one_sentence_and_is_tried_again(clone: Clone) -> None:
    clone.use(uv=QUICKEST == "uv")
    wheel = clone.root.parent / "tiny-1.0-py3-none-any.whl"
    wheel.rename(wheel.with_suffix(".away"))
    done = clone.gpulane("demo")
    assert (done.returncode, done.stdout) == (2, "")
    making, sentence = done.stderr.splitlines()
    assert making == "gpulane: making .venv (once; up to a minute)"
    assert sentence.startswith("gpulane: could not install requirements/run.txt into .venv: ERROR: ")
    assert str(clone.root / ".venv.log") in sentence

    wheel.with_suffix(".away").rename(wheel)
    assert clone.gpulane().returncode == 7


def test_pip_is_tried_where_uv_fails(clone: Clone) -> None:
    clone.use()
    clone.script("uv", '#!/bin/sh\n[ "$1" = --version ]\n')
    done = clone.gpulane()
    assert (done.returncode, done.stderr) == (7, "gpulane: making .venv (once; up to a minute)\n")


def test_a_python_that_is_too_old_is_named_and_a_newer_one_beside_it_is_taken(clone: Clone) -> None:
    clone.script("python3", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.10\n')
    done = clone.gpulane()
    assert done.returncode == 2
    assert "needs Python 3.10 or newer" in done.stderr
    assert "python3 here is Python 3.8.10" in done.stderr

    (clone.bin / "python3.10").symlink_to(base_python())
    assert clone.gpulane().returncode == 7


def test_the_test_verb_installs_the_developers_requirements_and_runs_pytest(ready: Clone) -> None:
    done = ready.gpulane("test", "--long")
    assert told(done) == {"argv": ["-n", "auto", "--maxprocesses=8", "--long"], "cwd": str(ready.root)}
    assert done.stderr == "gpulane: bringing .venv up to date\n"

    chosen = ready.gpulane("test", "app/cli.py::test_x", "-k", "a b")
    assert (told(chosen)["argv"], chosen.stderr) == (["app/cli.py::test_x", "-k", "a b"], "")
