"""What a verb loads before it does anything: that is most of the time that it takes."""

import re

import pytest
from typer.main import get_command

from app import cli
from app.model.paths import PROJECT


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
