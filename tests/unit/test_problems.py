"""Problems say in their facts all that their sentence says, so that it can be said in another language."""

import ast
import logging
import string
from collections.abc import Iterator

import pytest

from app.core.machine import Core
from app.doctor.troubles import ADVICE, HARMLESS
from app.model.backend import Now
from app.model.paths import PROJECT, RunPaths
from app.model.problems import APART, TEXTS, problem
from app.model.settings import Settings
from app.narrate import Narrator


def calls() -> Iterator[tuple[str, set[str | None]]]:
    """Kind and names of the facts of every `problem(...)` in the program."""
    for path in sorted((PROJECT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "problem":
                for kind in ast.walk(node.args[0]):
                    if isinstance(kind, ast.Constant) and kind.value in TEXTS:
                        yield kind.value, {keyword.arg for keyword in node.keywords}


def test_every_problem_is_made_somewhere_and_with_just_the_facts_of_its_sentence() -> None:
    made = list(calls())
    assert {kind for kind, _ in made} == TEXTS.keys()
    for kind, facts in made:
        assert facts == {name for _, name, _, _ in string.Formatter().parse(TEXTS[kind]) if name}, kind


def test_what_tells_problems_of_a_kind_apart_is_one_of_their_facts() -> None:
    for kind, fact in APART.items():
        assert f"{{{fact}}}" in TEXTS[kind]


def test_health_knows_of_each_whether_it_is_wrong_and_what_to_do() -> None:
    assert ADVICE.keys() | HARMLESS == TEXTS.keys()
    assert not ADVICE.keys() & HARMLESS


def test_the_log_says_when_a_problem_comes_and_when_it_has_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "gpulane")
    narrator = Narrator(Core((), Settings(), RunPaths(PROJECT), "/", Now(0, 0)))
    few = problem("lease_flood", owner="bob (uid 7)", files=300, path="/leases", read=256)
    more = problem("lease_flood", owner="bob (uid 7)", files=400, path="/leases", read=256)
    other = problem("lease_flood", owner="eve (uid 8)", files=300, path="/leases", read=256)

    for now in ((few,), (few,), (more,), (more, other), (other,), ()):
        narrator.problems(now)

    first = problem("spared", processes="tmux (pid 5)")
    second = problem("spared", processes="tmux (pid 5), screen (pid 9)")
    for now in ((first,), (second,), ()):
        narrator.problems(now)

    said = [record.message for record in caplog.records]
    assert said == [
        few.text,
        other.text,
        f"over: {more.text}",
        f"over: {other.text}",
        first.text,
        f"over: {second.text}",
    ]
