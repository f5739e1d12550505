"""`python app/main_gpu.py` with whatever python: it finds the project's own, or says how to make it."""

import ast
import json
import subprocess
from pathlib import Path

import pytest

from app.model.paths import PROJECT
from tests.end_to_end.clone import Clone, base_python, real_uv

#: without its site-packages, the Python of this machine lacks our packages for certain
BARE = [base_python(), "-S"]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    clone = Clone.make(tmp_path)
    clone.use(uv=real_uv() is not None)
    return clone


def start(clone: Clone, python: list[str], script: str, *arguments: str) -> tuple[int, int, str, str]:
    """(pid, exit status, stdout, stderr) of `python app/SCRIPT`, started in app/ itself."""
    call = subprocess.Popen(
        [*python, script, *arguments],
        cwd=clone.root / "app",
        env=clone.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, errors = call.communicate()
    return call.pid, call.returncode, out, errors


@pytest.mark.parametrize(("script", "mode"), [("main_gpu.py", "single"), ("main_gpus.py", "multi")])
def test_any_python_becomes_the_projects_own_with_the_same_pid(clone: Clone, script: str, mode: str) -> None:
    clone.gpulane()
    pid, status, out, errors = start(clone, BARE, script, "--check", "a b")
    told = json.loads(out)
    assert (told["mode"], told["argv"]) == (mode, ["--check", "a b"])
    assert (told["pid"], status, errors) == (pid, 7, "")
    assert told["prefix"] == str(clone.root / ".venv")


def test_without_an_environment_one_sentence_says_how_to_make_it(clone: Clone) -> None:
    _, status, out, errors = start(clone, BARE, "main_gpus.py")
    assert (status, out) == (2, "")
    assert errors.count("\n") == 1
    assert "lacks the package" in errors
    assert f"`{clone.root}/gpulane demo`" in errors
    assert "--require-hashes" in errors


def test_an_environment_that_lacks_packages_is_reported_and_not_entered_for_ever(clone: Clone) -> None:
    subprocess.run([base_python(), "-m", "venv", "--without-pip", str(clone.root / ".venv")], check=True)
    _, status, _, errors = start(clone, BARE, "main_gpu.py")
    assert (status, errors.count("\n")) == (2, 1)
    assert f"{clone.root}/.venv/bin/python lacks the package" in errors


@pytest.mark.parametrize("name", ["bootstrap.py", "main_gpu.py", "main_gpus.py", "__init__.py"])
def test_old_pythons_can_read_as_far_as_the_sentence(name: str) -> None:
    path = PROJECT / "app" / name
    ast.parse(path.read_text(), str(path), feature_version=(3, 6))
