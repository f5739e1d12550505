"""Changing keys of a YAML text: what it says else, its comments and its order stay."""

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.faults import BadInput
from app.model.paths import PROJECT
from control.src.files.yaml_edit import changed

SHIPPED = (PROJECT / "config" / "gpu_manage.yaml").read_text()
OWN = """\
# head
gpu_left: 2     # aligned
"max_gpu": null # quoted key
compete_gpus:
  # first
  - 0

  - "0:1"       # a MIG device
# between
retry_config:
  backoff_duration: 6e2 # as it was

# of the next one
work_dir: 'it''s'
on_failure:
min_gpu: 1
"""


def comments(text: str) -> list[str]:
    return re.findall(r"#.*", text)


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (("gpu_left",), 3, "gpu_left: 2 ", "gpu_left: 3 "),
        (("max_gpu",), 4, '"max_gpu": null #', '"max_gpu": 4    #'),
        (("work_dir",), "on", "'it''s'", "'on'"),
        (("work_dir",), "0:1", "'it''s'", "'0:1'"),
        (("work_dir",), "数据/a b", "'it''s'", "'数据/a b'"),
        (("work_dir",), None, "'it''s'", "null"),
        (("on_failure",), "stop", "on_failure:\n", "on_failure: stop\n"),
        (("min_gpu",), 0, "min_gpu: 1", "min_gpu: 0"),
        (("retry_config", "backoff_duration"), 1.5, "6e2 #", "1.5 #"),
        (("check_time",), 1e-05, "min_gpu: 1\n", "min_gpu: 1\ncheck_time: 1.0e-05\n"),
        (("heartbeat",), 2, "min_gpu: 1\n", "min_gpu: 1\nheartbeat: 2\n"),
        (("notify", "task_failed"), False, "min_gpu: 1\n", "min_gpu: 1\nnotify:\n  task_failed: false\n"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_value_is_changed_where_it_stands(
    path: tuple[str, ...], value: object, before: str, after: str, end: str
) -> None:
    assert OWN.count(before) == 1
    text = "\ufeff" + OWN.replace("\n", end)
    # An empty value and a null are the same, and are written so once the file is written anew.
    expected = OWN.replace(before, after).replace("on_failure:\n", "on_failure: null\n")
    assert changed(text, {path: value}) == "\ufeff" + expected.replace("\n", end)


def test_a_list_is_replaced_whole() -> None:
    assert yaml.safe_load(changed(OWN, {("compete_gpus",): [1, "0:1"]}))["compete_gpus"] == [1, "0:1"]


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("", ("a",), 1, "a: 1\n"),
        ("# only this", ("a",), 1, "# only this\na: 1\n"),
        ('{"a": 1, "b": [1]}', ("b",), [2], {"a": 1, "b": [2]}),
        ('{"a": 1}', ("c",), {"d": True}, {"a": 1, "c": {"d": True}}),
        ("{}", ("a",), "x", {"a": "x"}),
        ("a: {b: 1}\n", ("a", "c"), 2, {"a": {"b": 1, "c": 2}}),
        ("a:\n", ("a", "c"), 2, {"a": {"c": 2}}),
        ("a: |\n  x\n  y\n\n# of b\nb: 1\n", ("a",), "z", {"a": "z", "b": 1}),
    ],
)
def test_other_forms_of_yaml(text: str, path: tuple[str, ...], value: object, after: object) -> None:
    found = changed(text, {path: value})
    assert (found if isinstance(after, str) else yaml.safe_load(found)) == after


@pytest.mark.parametrize(
    "text", ["- 1\n", "a: [\n", "<<: {b: 1}\nb: !!python/name:os 1\nb: 2\n", "a: 1\n---\nb: 2\n", "x\n"]
)
def test_what_is_not_foreseen_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        changed(text, {("b",): 5})


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
OF_KIND = {
    "work_dir": st.none() | TEXTS,
    "hooks": st.none() | TEXTS,
    "on_failure": TEXTS,
    "compete_gpus": st.lists(TEXTS),
    "gpu_left": st.integers(-(10**9), 10**9) | st.none(),
    "max_tasks": st.integers(-(10**9), 10**9) | st.none(),
    "check_time": st.floats(allow_nan=False, allow_infinity=False),
    "avoid_others": st.booleans(),
}


@settings(max_examples=20)
@given(st.fixed_dictionaries({}, optional=OF_KIND))
def test_of_the_shipped_file_nothing_but_the_values_changes(values: dict[str, object]) -> None:
    after = changed(SHIPPED, {(key,): value for key, value in values.items()})
    found = yaml.safe_load(after)
    assert {key: found[key] for key in values} == values
    lines = [line for line in SHIPPED.splitlines() if line.partition(":")[0] not in values]
    assert [line for line in after.splitlines() if line.partition(":")[0] not in values] == lines
