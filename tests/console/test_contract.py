"""The OpenAPI document: what it allows, or nearly, is answered as it says, and never with a 500."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.console.world import Console
from tests.end_to_end.world import World

EXAMPLES, MORE_EXAMPLES = 6, 40
"""A call; more with --long."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ENDLESS = ("/api/events", "/api/log/follow")
"""Streams: they have tests of their own."""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One that may end up in any state."""
    console = Console(World(tmp_path_factory.mktemp("fuzzed"))).start()
    console.world.blocks([(1, "echo a"), (2, "sleep 600")])
    console.post("/api/scheduler/multi/start", simulate="2x24")
    yield console
    console.end()


def test_every_call_has_a_name_a_word_and_typed_answers(shared: Console) -> None:
    document = shared.get("/api/openapi.json")
    names = []
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            names.append(call["operationId"])
            assert call["description"], f"{method} {path}"
            assert call["tags"], f"{method} {path}"
            assert any(status.startswith("2") for status in call["responses"])
            for status, answer in call["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    assert content["schema"], f"{method} {path} {status} {kind} says nothing of its form"
    assert len(names) == len(set(names))
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> int:
    return MORE_EXAMPLES if request.config.getoption("--long") else EXAMPLES


def test_nothing_that_comes_in_is_a_500(fuzzed: Console, examples: int) -> None:
    # The login last: who comes with many wrong secrets is sent away for a while.
    calls = sorted(operations(fuzzed), key=lambda each: each.path == "/api/auth/login")
    fuzz_all(fuzzed, calls, examples, {})


def test_nor_is_what_is_said_to_one_that_lives(console: Console, examples: int) -> None:
    """Random pids and ids are nobody's: what comes after they are found is asked here."""
    console.world.blocks([(1, "echo a"), (2, "sleep 600"), (2, "true")])
    pid = console.post("/api/scheduler/multi/start", simulate="2x24", watch=True)["pid"]
    console.wait_for(pid, "2/0", "running")
    made = console.post("/api/tasks", {"command": "sleep 600", "simulate": "1x24"})
    calls = [
        each
        for each in operations(console)
        if {"pid", "id"}.intersection(one.name for one in each.path_parameters) and "stop" not in each.path
    ]
    assert len(calls) > 10
    fuzz_all(console, calls, examples, {"pid": pid, "id": made["id"]})
    assert console.scheduler(pid)["alive"] is True


def headers(console: Console) -> dict[str, str]:
    return {"Authorization": f"Bearer {console.secret()}", "X-Gpulane": "1"}


def operations(console: Console) -> list[Any]:
    """All that end."""
    schema = schemathesis.openapi.from_url(f"{console.url}/api/openapi.json", headers=headers(console))
    found: list[Any] = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]
    return [one for one in found if one.path not in ENDLESS]


def fuzz_all(console: Console, calls: list[Any], examples: int, named: dict[str, int]) -> None:
    """`named`: what parameters of the path are instead."""
    failures: list[str] = []
    for operation in calls:
        try:
            fuzz(operation, headers(console), examples, named)
        except Exception as error:
            failures.append(f"{operation.method.upper()} {operation.path}: {error}")
    assert not failures, "\n\n".join(failures)
    log = (Path(console.folder) / "console.log").read_text()
    assert "Traceback" not in log, log[-4000:]


def fuzz(operation: Any, headers: dict[str, str], examples: int, named: dict[str, int]) -> None:
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        for name in named.keys() & case.path_parameters.keys():
            case.path_parameters[name] = named[name]
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=60)

    ask()
