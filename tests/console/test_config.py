"""The scheduler's settings and the console's over HTTP: shown, changed, and taken up."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from app.model.paths import PROJECT
from app.model.settings import Settings
from control.src.settings import ControlSettings, settings_of
from tests.console.world import Console
from tests.listening import listening
from tests.waiting import eventually

URL = "mailto://me:pass%21word@example.com"
HOOK = "https://hooks.example.com/T0/B0/xyz"
TEXT = f"""\
# ours
gpu_left: 1   # for others
max_gpu: 3
notify:
  # was: {HOOK}
  urls: ["{URL}", jsons://host/token]
"""


@pytest.fixture
def files(shared: Console) -> Console:
    """With settings of its own, and none of what other tests have made."""
    (shared.root / "config" / "control_setting.yaml").unlink(missing_ok=True)
    shutil.rmtree(shared.folder / "versions", ignore_errors=True)
    write(shared, TEXT)
    return shared


def write(console: Console, text: str, name: str = "gpu_manage.yaml") -> None:
    path = console.root / "config" / name
    path.write_text(text)
    path.chmod(0o600)


def on_disk(console: Console, name: str = "gpu_manage.yaml") -> str:
    return (console.root / "config" / name).read_text()


def put(console: Console, path: str, body: Any, match: str | None = "*") -> Any:
    with console.http as http:
        return http.put(path, json=body, headers={} if match is None else {"If-Match": match})


def save(console: Console, path: str, body: Any, match: str | None = "*") -> Any:
    answer = put(console, path, body, match)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("path", "name", "body"),
    [
        ("/api/config", "gpu_manage.yaml", {"text": TEXT}),
        ("/api/config", "gpu_manage.yaml", {"values": {"gpu_left": 2}}),
        ("/api/settings", "control_setting.yaml", {"values": {"log-roots": []}}),
    ],
)
def test_what_cannot_be_read_is_not_written_over(files: Console, path: str, name: str, body: Any) -> None:
    assert files.get(path)["unreadable"] is False
    file, data = files.root / "config" / name, "# 汽车\n".encode("gbk")
    file.write_bytes(data)
    file.chmod(0o600)
    found = files.get(path)
    assert found["unreadable"] is True
    answer = put(files, path, body, found["etag"])
    assert (answer.status_code, answer.json()["type"]) == (409, "unreadable")
    assert file.read_bytes() == data


def test_values_defaults_and_meanings_are_told(files: Console) -> None:
    found = files.get("/api/config")
    assert (found["values"]["gpu_left"], found["values"]["retry_config.backoff_duration"]) == (1, 600)
    assert found["given"] == ["gpu_left", "max_gpu", "notify.urls"]
    keys = {key["key"]: key for key in found["keys"]}
    assert set(keys) == {*Settings().flat(), "notify.urls"}
    assert all(key["meaning"] for key in keys.values())
    assert keys["on_failure"]["choices"] == ["stop", "continue"]
    assert (keys["check_time"]["above"], keys["check_time"]["maximum"]) == (0, 3600)
    assert (keys["max_gpu"]["type"], keys["max_gpu"]["null"]) == ("integer", True)
    assert keys["gpu_left"]["minimum"] == 0
    assert keys["retry_config.backoff_duration"]["meaning"] == "... and the seconds of a backoff."
    assert keys["compete_gpus"]["section"] == "which cards"


def test_addresses_are_shown_to_nobody(files: Console) -> None:
    save(files, "/api/config", {"values": {"gpu_left": 2}})
    versions = files.get("/api/config/versions")["versions"]
    paths = ["/api/config", *(f"/api/config/versions/{one['id']}" for one in versions)]
    for client in (files.http, files.reader):
        with client as http:
            for path in paths:
                answer = http.get(path)
                assert answer.status_code == 200
                secrets = "pass%21word", "T0/B0", "jsons:", "token"
                assert not [word for word in secrets if word in answer.text]
    conflict = put(files, "/api/config", {"text": files.get("/api/config")["text"] + "# x\n"}, '"0"')
    assert conflict.status_code == 412
    assert "+# x" in conflict.json()["diff"]
    assert "word" not in conflict.text.replace("password", "")


def test_a_text_with_masks_means_what_stood_there(files: Console) -> None:
    shown = files.get("/api/config")
    assert shown["text"].count("kept-secret://") == 3
    assert len(shown["values"]["notify.urls"]) == 2
    save(files, "/api/config", {"text": shown["text"].replace("gpu_left: 1", "gpu_left: 3")}, shown["etag"])
    assert on_disk(files) == TEXT.replace("gpu_left: 1", "gpu_left: 3")
    first, second = shown["values"]["notify.urls"]
    save(files, "/api/config", {"values": {"notify.urls": [second, "json://new", first]}})
    assert yaml.safe_load(on_disk(files))["notify"]["urls"] == ["jsons://host/token", "json://new", URL]
    save(files, "/api/config", {"values": {"notify.urls": []}})
    save(files, "/api/config", {"text": shown["text"]})  # its addresses are in a version
    assert on_disk(files) == TEXT
    problem = put(
        files, "/api/config", {"text": "notify:\n  urls: [kept-secret://0123456789abcdef]\n"}
    ).json()
    assert [(fault["line"], fault["column"]) for fault in problem["faults"]] == [(2, 10)]


def test_a_text_that_is_no_yaml_can_be_mended_and_is_not_shown_to_readers(files: Console) -> None:
    write(files, TEXT + "a: [\n")
    found = files.get("/api/config")
    assert found["faults"][0]["line"] > 6
    assert found["values"]["gpu_left"] == 0
    assert "pass%21word" not in found["text"]
    with files.reader as http:
        assert http.get("/api/config").json()["text"] is None
    save(files, "/api/config", {"text": found["text"].removesuffix("a: [\n")}, found["etag"])
    assert on_disk(files) == TEXT


def test_single_keys_are_changed_and_comments_stay(files: Console) -> None:
    said = save(
        files,
        "/api/config",
        {"values": {"gpu_left": 0, "retry_config.backoff_duration": 1.5}, "reset": ["max_gpu"]},
        files.get("/api/config")["etag"],
    )
    assert (said["changed"], said["said"]) == (True, "Saved.")
    assert on_disk(files) == (
        TEXT.replace("gpu_left: 1", "gpu_left: 0").replace("max_gpu: 3", "max_gpu: null")
        + "retry_config:\n  backoff_duration: 1.5\n"
    )


def test_a_reset_of_what_the_file_does_not_say_changes_nothing(files: Console) -> None:
    for reset in (["min_gpu"], ["retry_config.backoff_duration", "on_failure"]):
        said = save(files, "/api/config", {"reset": reset})
        assert (said["changed"], said["said"]) == (False, "It said so already.")
        assert on_disk(files) == TEXT
    said = save(files, "/api/config", {"reset": ["min_gpu", "max_gpu"]})
    assert said["changed"] is True
    assert on_disk(files) == TEXT.replace("max_gpu: 3", "max_gpu: null")


@pytest.mark.parametrize(
    "body",
    [
        b'{"values": {"\\ud800": 1}}',
        b'{"values": {"gpu_left": "\\ud800"}}',
        b'{"reset": ["\\ud800"]}',
        b'{"text": "\\ud800: 1"}',
        b'{"\\ud800": 1}',
    ],
)
@pytest.mark.parametrize("path", ["/api/config", "/api/settings"])
def test_half_a_character_is_refused(files: Console, path: str, body: bytes) -> None:
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    problem = files.refused("PUT", path, 422, content=body, headers=headers)
    assert problem["detail"]
    assert on_disk(files) == TEXT


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"text": "gpu_left: -1\nmax_gpus: 2\n"}, "did you mean max_gpu"),
        ({"values": {"gpu_left": -1}}, "at least 0"),
        ({"values": {"gpu_left": None}}, "gpu_left can't be nothing"),
        ({"values": {"gpu_left": "many"}}, "a whole number"),
        ({"values": {"min_gpu": 5, "max_gpu": 2}}, "more than max_gpu"),
        ({"values": {"gpu_lefts": 1}}, "no such key"),
        ({"values": {"gpu_left": 1}, "reset": ["gpu_left"]}, "set and reset"),
        ({"values": {"gpu_left": {"a": 1}}}, "valid"),
        ({"text": "a", "values": {"gpu_left": 1}}, "either"),
        ({}, "either"),
        ({"text": "a\0b"}, "can't stand in YAML"),
    ],
)
def test_what_can_not_be_is_refused_whole(files: Console, body: Any, word: str) -> None:
    answer = put(files, "/api/config", body)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]
    assert on_disk(files) == TEXT


def test_faults_of_a_text_have_their_lines(files: Console) -> None:
    problem = put(files, "/api/config", {"text": "# a\ngpu_left: -1\nmax_gpus: 2\n"}).json()
    assert [fault["line"] for fault in problem["faults"]] == [2, 3]


def test_a_second_editor_sees_the_first_ones_change(files: Console) -> None:
    etag = files.get("/api/config")["etag"]
    save(files, "/api/config", {"values": {"gpu_left": 2}}, etag)
    answer = put(files, "/api/config", {"values": {"gpu_left": 3}}, etag)
    assert answer.status_code == 412
    assert "-gpu_left: 2" in answer.json()["diff"]
    assert "+gpu_left: 3" in answer.json()["diff"]
    assert put(files, "/api/config", {"values": {"gpu_left": 3}}, None).status_code == 428
    with files.reader as http:
        assert http.put("/api/config", json={"text": ""}, headers={"If-Match": "*"}).status_code == 403


def test_a_file_is_made_where_there_is_none(files: Console) -> None:
    (files.root / "config" / "gpu_manage.yaml").unlink()
    assert files.get("/api/config")["exists"] is False
    save(files, "/api/config", {"values": {"gpu_left": 1}}, None)
    assert on_disk(files) == "gpu_left: 1\n"


def test_a_running_scheduler_takes_settings_over(files: Console) -> None:
    files.world.settings()
    files.world.blocks([(1, "true")])
    pid = files.post("/api/scheduler/multi/start", simulate="2x24", watch=True)["pid"]
    said = save(files, "/api/config", {"values": {"gpu_left": 1}})
    assert said["said"] == "Saved. 1 scheduler takes it over."
    assert "gpu_left: 1" in on_disk(files)
    eventually(lambda: files.get(f"/api/scheduler/{pid}/settings")["settings"]["gpu_left"] == "1", 10, 0.05)
    files.post("/api/scheduler/multi/stop")


def test_the_shipped_settings_are_the_defaults() -> None:
    text = (PROJECT / "config" / "control_setting.yaml").read_text()
    assert settings_of(text, "") == ControlSettings()
    assert set(yaml.safe_load(text)) == set(ControlSettings().model_dump())


def test_the_consoles_settings_are_told_without_secrets(files: Console) -> None:
    secret = "a-secret-of-sixteen"
    write(files, f"read-only-secret: {secret}\nport: 29999\n", "control_setting.yaml")
    with files.http as http:
        answer = http.get("/api/settings")
    found = answer.json()
    assert secret not in answer.text
    assert found["secrets"] == {"secret": "made", "read-only-secret": "in the file"}
    assert found["waiting"] == ["port"]
    assert found["given"] == ["port"]
    assert files.url in found["urls"]
    keys = {key["key"]: key for key in found["keys"]}
    assert keys["secret"]["secret"] is True
    assert all(key["meaning"] for key in keys.values())


def test_what_needs_no_restart_holds_at_once(files: Console) -> None:
    said = save(files, "/api/settings", {"values": {"allowed-hosts": ["lab-a01:8080"], "port": 30001}}, None)
    assert said["said"] == "Saved. port: with the console's next start."
    assert "http://lab-a01:8080" in said["urls"]
    with files.client(files.secret(), Host="lab-a01:8080") as http:
        assert http.get("/api/settings").status_code == 200
    said = save(files, "/api/settings", {"reset": ["allowed-hosts", "port"]}, said["etag"])
    assert said["waiting"] == []
    with files.client(files.secret(), Host="lab-a01:8080") as http:
        assert http.get("/api/settings").status_code == 421


def test_roots_of_logs_that_are_no_folders_are_saved_and_said(files: Console) -> None:
    """A folder may come later."""
    roots = [str(files.root / "logs"), "later/on"]
    said = save(files, "/api/settings", {"values": {"log-roots": roots}})
    assert (said["values"]["log-roots"], said["absent_roots"]) == (roots, ["later/on"])
    assert "later/on is no folder" in said["said"]
    (files.root / "later" / "on").mkdir(parents=True)
    assert files.get("/api/settings")["absent_roots"] == []
    said = save(files, "/api/settings", {"values": {"log-roots": []}})
    assert (said["absent_roots"], "folder" in said["said"]) == ([], False)


def test_settings_edited_by_hand_are_taken_up_and_bad_ones_are_not(files: Console) -> None:
    events = files.events()
    next(events)
    write(files, "target-yaml-path: config/other.yaml\n", "control_setting.yaml")
    until_told(files, events, "settings")
    assert files.get("/api/config")["file"].endswith("other.yaml")
    write(files, "target-yaml-path: 5\n", "control_setting.yaml")
    until_told(files, events, "settings")
    assert files.get("/api/settings")["faults"][0]["line"] == 1
    assert files.get("/api/config")["file"].endswith("other.yaml")
    write(files, "", "control_setting.yaml")
    until_told(files, events, "settings")
    assert files.get("/api/config")["file"].endswith("gpu_manage.yaml")
    write(files, TEXT + "# more\n")
    until_told(files, events, "config")


def until_told(console: Console, events: Iterator[tuple[str, Any]], kind: str) -> None:
    """Of a file as it is now: an event before may have been about what another test has made of it."""
    etag = console.get(f"/api/{kind}")["etag"]
    assert next(data for told, data in events if told == kind and data["etag"] == etag)


@pytest.mark.parametrize("path", ["a" * 5000, "config", "/dev/null", "nowhere/at/all.yaml", "config/loop"])
def test_a_path_that_leads_to_no_settings_is_said(files: Console, path: str) -> None:
    loop = files.root / "config" / "loop"
    loop.unlink(missing_ok=True)
    loop.symlink_to(loop)
    write(files, f"target-yaml-path: {path}\n", "control_setting.yaml")
    eventually(lambda: files.get("/api/config")["file"].endswith(path), 10, 0.05)
    if path != "nowhere/at/all.yaml":
        assert files.get("/api/config")["faults"]
        answer = put(files, "/api/config", {"values": {"gpu_left": 1}})
        assert answer.status_code in (412, 422)
    write(files, "", "control_setting.yaml")
    eventually(lambda: files.get("/api/config")["file"].endswith("gpu_manage.yaml"), 10, 0.05)


def test_where_the_file_holds_a_secret_nobody_else_reads_it(files: Console) -> None:
    path = files.root / "config" / "control_setting.yaml"
    path.write_text("log-level: info\n")
    path.chmod(0o644)
    save(files, "/api/settings", {"values": {"read-only-secret": "sixteen-characters"}})
    assert path.stat().st_mode & 0o777 == 0o600
    versions = files.folder / "versions" / "settings"
    assert {each.stat().st_mode & 0o777 for each in versions.iterdir()} == {0o600}
    problem = put(files, "/api/settings", {"values": {"secret": "short"}})
    assert problem.status_code == 422
    assert "short" not in problem.text.replace("shorter", "")
    save(files, "/api/settings", {"reset": ["read-only-secret"]})


@pytest.mark.parametrize(
    "body",
    [
        {"values": {"bind-address": "0.0.0.0"}},
        {"values": {"autostart": ["multi"]}},
        {"values": {"target-yaml-path": "a\0b"}},
        {"values": {"target-yaml-path": "~nobody-here/a"}},
        {"values": {"log-roots": ["\0"]}},
        {"reset": ["x"]},
        {},
    ],
)
def test_the_consoles_settings_are_checked_as_a_whole(files: Console, body: Any) -> None:
    assert put(files, "/api/settings", body, None).status_code == 422
    assert not (files.root / "config" / "control_setting.yaml").exists()


def test_a_trial_message_goes_to_each_address(files: Console) -> None:
    with listening() as server:
        save(files, "/api/config", {"values": {"notify.urls": [server.url, "json://127.0.0.1:1/hush"]}})
        answer = files.post("/api/config/notify")
    assert [(one["address"], one["error"] is None) for one in answer["answers"]] == [
        ("notify.urls 1 (json)", True),
        ("notify.urls 2 (json)", False),
    ]
    assert server.got[0]["title"].endswith(": a trial")
    assert "hush" not in str(answer)
    save(files, "/api/config", {"values": {"notify.urls": []}})
    assert "no address under notify" in files.refused("POST", "/api/config/notify", 422)["detail"]
    with files.reader as http:
        assert http.post("/api/config/notify").status_code == 403
