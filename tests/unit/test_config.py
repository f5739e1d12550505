"""Settings: the documented file, and every fault with its line and the nearest key."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import load, settings_of
from app.model.faults import BadInput
from app.model.paths import PROJECT
from app.model.settings import Notify, RetryConfig, Settings

DOCUMENTED = PROJECT / "config" / "gpu_manage.yaml"


def faults(text: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        settings_of(text, "y")
    return [str(fault) for fault in caught.value.faults]


def test_the_documented_file_holds_every_key_with_its_default() -> None:
    text = DOCUMENTED.read_text()
    keys = re.findall(r"^ *([a-z_]+):", text, re.MULTILINE)
    assert sorted(keys) == sorted([*Settings.model_fields, *RetryConfig.model_fields, *Notify.model_fields])
    assert settings_of(text, "y") == Settings()
    # ... also under every default that could be mistaken for another
    assert settings_of(text, "y").model_dump() == Settings().model_dump()


def test_every_key_of_the_documented_file_is_explained_above_it() -> None:
    lines = DOCUMENTED.read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r" *[a-z_]+:", line) and not lines[number - 1].strip():
            pytest.fail(f"line {number + 1} has no comment: {line}")


def test_values_as_people_write_them() -> None:
    settings = settings_of(
        "use_all_gpus: no\ncompete_gpus: [0, '1', 2:1]\nretry_config: {backoff_duration: 6e1}\n"
        "work_dir: /data\nmax_gpu: 4\nsample_interval: 1\ntimeout: 7200\nmax_retries:\n",
        "y",
    )
    assert settings == Settings(
        use_all_gpus=False,
        compete_gpus=("0", "1", "2:1"),
        retry_config=RetryConfig(backoff_duration=60),
        work_dir="/data",
        max_gpu=4,
        sample_interval=1,
        timeout=7200,
        max_retries=None,
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeffmin_gpu: 0\n", "{}"])
def test_an_empty_file_means_the_defaults(text: str) -> None:
    assert settings_of(text, "y") == Settings()


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: [", "y:1:5", "it is no YAML"),
        ("\tmin_gpu: 1", "y:1:1", "it is no YAML"),
        ("min_gpu: 1\n---\nmax_gpu: 1", "y:2:1", "it is no YAML"),
        ("- min_gpu", "y:1:1", "no list of keys and values"),
        ("just text", "y:1:1", "no list of keys and values"),
        ("min_gpu: 1\nx\x01: 1", "y:2:1", r"'\x01' can't stand in YAML"),
        ("[" * 600, "y", "nested too deeply"),
        ("min_gpus: 1", "y:1:1", "did you mean min_gpu?"),
        ("\n\nMax_GPU: 1", "y:3:1", "did you mean max_gpu?"),
        ("xyzzy: 1", "y:1:1", "known: check_time, use_all_gpus"),
        ("backoff_duration: 5", "y:1:1", "belongs under retry_config"),
        ("retry_config:\n  backof_duration: 5", "y:2:3", "did you mean backoff_duration?"),
        ("retry_config: 5", "y:1:15", "indented below it"),
        ("retry_config:\n  max_retry_before_backoff: -1", "y:2:29", "at least 0"),
        ("min_gpu: 1\nmin_gpu: 2", "y:2:1", "min_gpu is given twice; its first value is in line 1"),
        ("5: 1", "y:1:1", "this is no key"),
        ("max_gpu: two", "y:1:10", "can't be the text 'two'; it wants a whole number"),
        ("max_gpu: 1.5", "y:1:10", "can't be 1.5; it wants a whole number"),
        ("max_gpu: {a: 1}", "y:1:10", "can't be keys and values"),
        ("max_gpu: [1]", "y:1:10", "can't be a list"),
        ("gpu_left:", "y:1:10", "can't be nothing"),
        ("check_time: true", "y:1:13", "it wants a number"),
        ("timeout: 2h", "y:1:10", "it wants a number of seconds"),
        ("check_time: 0", "y:1:13", "it wants more than 0"),
        ("check_time: 4000", "y:1:13", "it wants at most 3600"),
        ("timeout: .inf", "y:1:10", "can't be .inf"),
        ("timeout: .nan", "y:1:10", "can't be .nan"),
        ("max_tasks: " + "9" * 5000, "y:1:12", "it wants a whole number"),
        ("min_gpu: 0x" + "f" * 5000, "y:1:10", "it wants a whole number"),
        ("max_tasks: !!int", "y:1:12", "it wants a whole number"),
        ("kill_leftovers: !!bool maybe", "y:1:17", "it wants true or false"),
        ("use_all_gpus: maybe", "y:1:15", "it wants true or false"),
        ("work_dir: 5", "y:1:11", "it wants text"),
        ("on_failure: skip", "y:1:13", "it wants 'stop' or 'continue'"),
        ("compete_gpus: 0", "y:1:15", "it wants a list, e.g. [0, 1]"),
        ("compete_gpus: [0, a]", "y:1:19", "can't hold 'a'"),
        ("compete_gpus:\n- 0\n- -1", "y:3:3", "can't hold '-1'"),
        ("compete_gpus: [0, 1.5]", "y:1:19", "it wants text"),
        ("compete_gpus: [[0]]", "y:1:16", "list of plain values"),
        ("compete_gpus: [1, 0, '1']", "y:1:22", "names card 1 twice"),
        ("min_gpu: 3\nmax_gpu: 2", "y:1:10", "min_gpu 3 is more than max_gpu 2"),
        ("use_all_gpus: false", "y:1:15", "compete_gpus names no card"),
        ("sample_interval: 5", "y:1:18", "longer than sample_window 3"),
        ("work_dir: !!python/object/apply:os.system [x]", "y:1:11", "write a plain value"),
        ("work_dir: !!binary aGk=", "y:1:11", "write a plain value"),
        ("work_dir: 2025-01-01", "y:1:11", "can't be 'timestamp'"),
        ("a: &a [1]\nwork_dir: *b", "y:2:11", "undefined alias"),
    ],
)
def test_faults(text: str, place: str, says: str) -> None:
    found = faults(text)
    assert len(found) == 1 or text.startswith("a: &a")
    assert any(fault.startswith(place + ":") and says in fault for fault in found), found


def test_all_faults_in_one_pass() -> None:
    found = faults("check_time: x\nmin_gpus: 1\nretry_config:\n  a: 1\n  backoff_duration: -1\nmin_gpu: -1\n")
    assert [fault.split(": ")[0] for fault in found] == ["y:1:13", "y:2:1", "y:4:3", "y:5:21", "y:6:10"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("check_time: x\nmin_gpu: 3\nmax_gpu: 2\n", ["y:1:13", "y:2:10"]),
        ("min_gpus: 1\nsample_interval: 5\ncompete_gpus: [a]", ["y:1:1", "y:2:18", "y:3:16"]),
        ("use_all_gpus: false\nretry_config: {a: 1}", ["y:1:15", "y:2:16"]),
    ],
)
def test_faults_between_keys_come_with_those_of_other_keys(text: str, places: list[str]) -> None:
    assert [fault.split(": ")[0] for fault in faults(text)] == places


@pytest.mark.parametrize(
    "text",
    [
        "min_gpu: 3\nmax_gpu: x",
        "min_gpu: -1\nmax_gpu: -2",
        "sample_interval: 5\nsample_window: [1]",
        "sample_interval: 5\nsample_windw: 9",
        "min_gpu: 3\nmax_gpu: 2\nmax_gpu: 4",
        "use_all_gpus: false\ncompete_gpus: [[0]]",
        "use_all_gpus: false\ncompete_gpus: [1.5]",
    ],
)
def test_no_fault_follows_from_another(text: str) -> None:
    assert not any(re.search("more than|longer than|names no card", fault) for fault in faults(text))


def test_a_billion_laughs_cost_nothing() -> None:
    levels = ["a: &a0 [x, x]"] + [f"b{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    assert len(faults("\n".join([*levels, "work_dir: *a59"]))) >= 60


@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                [
                    *Settings.model_fields,
                    ":",
                    " ",
                    "\n",
                    "[",
                    "]",
                    "{",
                    "1",
                    "-",
                    "&a",
                    "*a",
                    "!!",
                    "'",
                    "null",
                    ",",
                ]
            )
        ).map("".join),
    )
)
def test_arbitrary_text_is_settings_or_faults(text: str) -> None:
    try:
        settings_of(text, "y")
    except BadInput as refused:
        shown = refused.faults
    else:
        return
    assert shown


def test_a_file_that_was_named_must_exist_and_the_default_one_need_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPULANE_HOME", str(tmp_path))
    assert load().settings == Settings()
    with pytest.raises(BadInput, match="there is no such file"):
        load(tmp_path / "config" / "gpu_manage.yaml")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gpu_manage.yaml").write_text("min_gpu: 2\n")
    assert load().settings.min_gpu == 2


def test_a_settings_file_that_others_can_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("min_gpu: 2\n")
    assert load(path).problems == ()
    path.chmod(0o666)
    with pytest.raises(BadInput, match="everybody on this machine can write it"):
        load(path)


def test_a_settings_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes("work_dir: /数据/训练\n".encode("gbk"))
    with pytest.raises(BadInput, match="GBK; save it as UTF-8"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "notify: json://user:secret@host",
        "notify: [json://user:secret@host]",
        "notify:\n  json://user:secret@host: yes",
        "notify: {json://user:secret@host: yes}",
        "notify: {urls: {json://user:secret@host: yes}}",
        "notify: {urls: [[json://user:secret@host]]}",
        "notify: {urls: [5, json://user:secret@host]}",
        "notify: {task_failed: json://user:secret@host}",
        "notify: {waiting_longer: json://user:secret@host}",
    ],
)
def test_no_fault_repeats_an_address_which_may_hold_secrets(text: str) -> None:
    assert "secret" not in "".join(faults(text))
    assert "secret" not in repr(Settings(notify=Notify(urls=("json://user:secret@host",))))


def test_one_address_or_several() -> None:
    assert settings_of("notify: {urls: json://host}", "y").notify.urls == ("json://host",)
    assert settings_of("notify: {urls: ['a://b', 'c://d']}", "y").notify.urls == ("a://b", "c://d")
    assert faults("notify: {task_faild: yes}") == [
        "y:1:10: 'task_faild' is no key of this file; did you mean task_failed?"
    ]


def test_a_settings_file_with_addresses_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("notify: {urls: json://host}")
    path.chmod(0o644)
    assert [problem.kind for problem in load(path).problems] == ["secrets_readable"]
    path.chmod(0o600)
    assert load(path).problems == ()
