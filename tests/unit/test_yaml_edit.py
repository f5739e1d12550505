"""Changing keys of a YAML text, and nothing else of it."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.faults import BadInput
from app.model.paths import PROJECT
from app.model.settings import Settings
from control.src.yaml_edit import changed

SHIPPED = (PROJECT / "config" / "gpu_manage.yaml").read_text()
ODD = """\
# head
gpu_left:   2   # aligned
"max_gpu": null  # quoted key
compete_gpus:
  # first
  - 0

  - "0:1"   # a MIG device
# between
retry_config:
    # four blanks
    backoff_duration: 6e2   # as it was

# of the next one
work_dir: 'it''s'
on_failure:
min_gpu: 1"""


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (("gpu_left",), 3, "gpu_left:   2   # aligned", "gpu_left:   3   # aligned"),
        (("max_gpu",), 4, '"max_gpu": null  # quoted key', '"max_gpu": 4  # quoted key'),
        (("work_dir",), "on", "'it''s'", "'on'"),
        (("work_dir",), "数据/a b", "'it''s'", "数据/a b"),
        (("work_dir",), None, "'it''s'", "null"),
        (("on_failure",), "stop", "on_failure:\n", "on_failure: stop\n"),
        (("min_gpu",), 0, "min_gpu: 1", "min_gpu: 0"),
        (("retry_config", "backoff_duration"), 1.5, "6e2   #", "1.5   #"),
        (("compete_gpus",), [1, "0:1"], '\n  # first\n  - 0\n\n  - "0:1"   # a', " [1, '0:1']   # a"),
        (
            ("retry_config", "max_retry_before_backoff"),
            1,
            "# as it was\n",
            "# as it was\n    max_retry_before_backoff: 1\n",
        ),
        (("heartbeat",), 2, "min_gpu: 1", "min_gpu: 1\nheartbeat: 2\n"),
        (("notify", "task_failed"), False, "min_gpu: 1", "min_gpu: 1\nnotify:\n  task_failed: false\n"),
    ],
)
def test_a_value_is_changed_where_it_stands(
    path: tuple[str, ...], value: object, before: str, after: str
) -> None:
    assert ODD.count(before) == 1
    assert changed(ODD, {path: value}) == ODD.replace(before, after)
    crlf = ODD.replace("\n", "\r\n")
    assert changed("\ufeff" + crlf, {path: value}) == "\ufeff" + ODD.replace(before, after).replace(
        "\n", "\r\n"
    )


@pytest.mark.parametrize(
    ("path", "before"),
    [
        (("gpu_left",), "gpu_left:   2   # aligned\n"),
        (("compete_gpus",), 'compete_gpus:\n  # first\n  - 0\n\n  - "0:1"   # a MIG device\n'),
        (("retry_config",), "retry_config:\n    # four blanks\n    backoff_duration: 6e2   # as it was\n"),
        (
            ("retry_config", "backoff_duration"),
            "retry_config:\n    # four blanks\n    backoff_duration: 6e2   # as it was\n",
        ),
        (("min_gpu",), "min_gpu: 1"),
        (("heartbeat",), ""),
        (("notify", "urls"), ""),
    ],
)
def test_a_key_is_taken_out_and_its_comments_stay(path: tuple[str, ...], before: str) -> None:
    assert changed(ODD, {}, [path]) == ODD.replace(before, "", 1)


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("", ("a",), 1, "a: 1\n"),
        ("# only this", ("a",), 1, "# only this\na: 1\n"),
        ('{"a": 1, "b": [1]}', ("b",), [2], '{"a": 1, "b": [2]}'),
        ('{"a": 1}', ("c",), {"d": True}, '{"a": 1, "c": {d: true}}'),
        ("{}", ("a",), "x", '{"a": x}'),
        ("a: {b: 1}\n", ("a", "c"), 2, "a: {b: 1, c: 2}\n"),
        ("a:\n", ("a", "c"), 2, "a: {c: 2}\n"),
        ("---\na: 1\n...\n", ("b",), 2, "---\na: 1\nb: 2\n...\n"),
        ("a: |\n  x\n  y\n\n# of b\nb: 1\n", ("a",), "z", "a: z\n\n# of b\nb: 1\n"),
    ],
)
def test_other_forms_of_yaml(text: str, path: tuple[str, ...], value: object, after: str) -> None:
    assert changed(text, {path: value}) == after


@pytest.mark.parametrize(
    ("text", "path"),
    [('{"a": 1, "b": 2, "c": 3}', key) for key in ("a", "b", "c")] + [("{a: 1}", "a"), ("a: 1\n", "a")],
)
def test_keys_in_braces_are_taken_out(text: str, path: str) -> None:
    expected = {key: value for key, value in yaml.safe_load(text).items() if key != path}
    assert (yaml.safe_load(changed(text, {}, [(path,)])) or {}) == expected


@pytest.mark.parametrize(
    "text", ["a: &x 1\nb: *x\n", "- 1\n", "a: [\n", "<<: {b: 1}\nb: !!python/name:os 1\nb: 2\n"]
)
def test_what_is_not_foreseen_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        changed(text, {("b",): 5})


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(sorted(Settings.model_fields)), SCALARS | TEXTS | st.lists(TEXTS), max_size=5
    )
)
def test_of_the_shipped_file_nothing_but_the_values_changes(values: dict[str, object]) -> None:
    after = changed(SHIPPED, {(key,): value for key, value in values.items()})
    found = yaml.safe_load(after)
    assert {key: found[key] for key in values} == values
    assert [line for line in after.splitlines() if line.startswith("#")] == [
        line for line in SHIPPED.splitlines() if line.startswith("#")
    ]
    assert {key: value for key, value in found.items() if key not in values} == {
        key: value for key, value in yaml.safe_load(SHIPPED).items() if key not in values
    }
