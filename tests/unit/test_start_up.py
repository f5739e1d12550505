"""What a verb loads before it does anything: that is most of the time that it takes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from app import cli
from app.model.paths import PROJECT
from app.model.state_dump import dump
from tests.unit.test_state_file import EVERYTHING

SLOW = {"asyncio", "apprise", "openpyxl", "prompt_toolkit", "sqlite3", "tenacity", "watchfiles", "yaml"}
OF_OTHERS = {f"app.commands.{module}" for module in cli.MODULES} - {"app.commands.verbs"}
NOT_TO_READ = {"app.model.state_dump", "app.execution.ends", "app.engine", "app.scheduler"}


def built(called: str) -> set[str]:
    """The verbs that typer makes of this call."""
    return set(get_command(cli.verbs(called)).commands)  # type: ignore[attr-defined]


def all_verbs() -> set[str]:
    return {*cli.HERE, *(verb for its in cli.MODULES.values() for verb in its)}


def test_the_table_of_verbs_is_complete() -> None:
    folder = PROJECT / "app/commands"
    registering = {path.stem for path in folder.glob("*.py") if "\ndef register(" in path.read_text()}
    assert (registering, built("")) == (set(cli.MODULES), all_verbs())


@pytest.mark.parametrize("verb", sorted(all_verbs() - set(cli.OF_ALL)))
def test_a_verb_is_made_alone(verb: str) -> None:
    assert built(verb) == {verb}


@pytest.mark.parametrize("called", [*cli.OF_ALL, "--help", "lss", "verbs"])
def test_who_must_know_all_verbs_has_them(called: str) -> None:
    assert built(called) == all_verbs()


def test_nobody_else_asks_for_all_verbs() -> None:
    asking = [
        verb
        for module, its in cli.MODULES.items()
        for verb in its
        if re.search(r"find_root\(", (PROJECT / f"app/commands/{module}.py").read_text())
    ]
    assert set(asking) - {"completion"} == set(cli.OF_ALL)  # that one prints what calls `complete`


def test_ls_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    state = tmp_path / "logs/state/1.json"
    state.parent.mkdir(parents=True)
    state.write_bytes(dump(EVERYTHING))
    asked = r"import sys; from app import cli; cli.main(['ls']); print(*sys.modules, sep='\n')"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=PROJECT,
        env={**os.environ, "GPULANE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.splitlines())
    assert "app.commands.show" in loaded
    assert loaded & (SLOW | OF_OTHERS | NOT_TO_READ) == set()
