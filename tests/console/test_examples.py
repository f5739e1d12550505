"""The OpenAPI document shows each answer and each body by an example that is as it says."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs  # schemathesis brings it
import pytest

from control.manual.compact import WIDTH, compact
from control.src.main import ANSWERS, bare_app, document, json_answer
from tests.plain import BEGIN

COMMAND = "python -m tests.record_answers"
PLACES = ("/home/ann/", "/dev/shm/gpulane", "/api/")


@pytest.fixture(scope="module")
def api() -> Mapping[str, Any]:
    return document(bare_app())


def calls(api: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for those in api["paths"].values():
        for call in those.values():
            yield call["operationId"], call


def faults(api: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": api["components"]}
    return [str(fault) for fault in jsonschema_rs.Draft202012Validator(whole).iter_errors(value)]


def test_every_json_answer_has_an_example_that_is_as_its_schema_says(api: Mapping[str, Any]) -> None:
    answers = {name: json_answer(call) for name, call in calls(api) if json_answer(call)}
    without = [name for name, answer in answers.items() if "examples" not in answer]
    assert without == [], f"add them to PLAN and run {COMMAND}"
    wrong = {
        name: faults(api, answer["schema"], answer["examples"]["recorded"]["value"])
        for name, answer in answers.items()
    }
    assert {name: said for name, said in wrong.items() if said} == {}, f"run {COMMAND}"
    assert sorted(json.loads(ANSWERS.read_text())) == sorted(answers), f"run {COMMAND}"


def test_every_body_has_examples_that_are_as_its_schema_says(api: Mapping[str, Any]) -> None:
    found = 0
    for name, call in calls(api):
        if "requestBody" in call:
            schema = call["requestBody"]["content"]["application/json"]["schema"]
            examples = schema.get("examples") or model(api, schema).get("examples")
            assert examples, f"the body of {name} has no example"
            assert [faults(api, schema, example) for example in examples] == [[]] * len(examples), name
            found += 1
    assert found > 10


def model(api: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a body refers to, also where it may be null."""
    refers = next(each for each in (schema, *schema.get("anyOf", ())) if "$ref" in each)
    found: Mapping[str, Any] = api["components"]["schemas"][refers["$ref"].rpartition("/")[2]]
    return found


def test_no_example_tells_where_it_was_recorded() -> None:
    text = ANSWERS.read_text()
    paths = set(re.findall(r"(?<![\w/:.])/[\w.]+/[^\s\"']*", text))
    assert sorted(path for path in paths if not path.startswith(PLACES)) == []
    for name, shown in {"user": "ann", "host": "lab", "token": "LOGS-IN-ONCE"}.items():
        assert set(re.findall(rf'"{name}": "([^"]*)"', text)) == {shown}
    moments = {int(number) // 10**6 for number in re.findall(r"\b1\d{9}\b", text)}
    assert moments <= {BEGIN // 10**6, BEGIN // 10**6 - 1}, "a time of its recording"


@pytest.mark.parametrize("value", [None, [], {}, {"a": [1, {"b": "c" * WIDTH}], "d": {}}, ["x" * 60] * 3])
def test_compact_json_is_json(value: Any) -> None:
    assert json.loads(compact(value)) == value
    assert compact({"a": 1, "b": [1, 2]}) == '{"a": 1, "b": [1, 2]}'
    assert compact({"a": "x" * 60, "b": ["y" * 60, 2]}).splitlines()[0::3] == ["{", "}"]
