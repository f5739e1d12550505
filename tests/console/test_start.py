"""run.sh and shut_down.sh: where it listens, what it says, what it refuses, and what its end leaves alone."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from app import procfs
from app.model.faults import BadInput
from app.model.paths import PROJECT
from control.src.settings import load
from tests.console.test_scheduler import started
from tests.console.world import RUN, SHUT_DOWN, Console, free_port
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


@pytest.fixture
def unstarted(tmp_path: Path) -> Console:
    return Console(World(tmp_path))


def settings(console: Console, **keys: object) -> None:
    path = console.root / "config" / "control_setting.yaml"
    path.write_text(json.dumps({name.replace("_", "-"): value for name, value in keys.items()}))
    path.chmod(0o600)


def test_it_returns_when_it_answers_and_prints_the_way_in(console: Console) -> None:
    found = re.search(r"(http://127\.0\.0\.1:\d+)/login#\S+", console.said)
    assert found
    assert httpx.get(f"{found[1]}/healthz").json() == {"status": "ok"}
    assert os.getsid(console.pid) == console.pid


@pytest.mark.parametrize("first", ["console", "submit"])
def test_state_may_lie_in_a_folder_that_is_not_there_yet(unstarted: Console, first: str) -> None:
    """Whoever makes it: nobody else may look into what is this user's."""
    console, parent = unstarted, unstarted.root / "else" / "where"
    console.world.settings(state_dir=str(parent))
    console.world.blocks([(1, UNTIL_GO)])
    mask = os.umask(0o022)
    try:
        if first == "submit":
            submitted(console)
        console.start()
        assert stat.S_IMODE((parent / f"gpulane-{os.getuid()}").stat().st_mode) == 0o700
        for _ in range(2):  # also after a stop
            pid = console.post("/api/scheduler/multi/start", simulate="1x24")["pid"]
            console.wait_for(pid, "1/0", "running")
            assert list(parent.glob(f"gpulane-*/*/state/{pid}.json"))
            stop_all(console)
            console.stop()
            console.start()
    finally:
        os.umask(mask)
        stop_all(console)
        console.end()
    assert not (console.root / "logs" / "state").exists()


def submitted(console: Console) -> None:
    argv = [str(PROJECT / "gpulane"), "submit", "--memory", "4", "--simulate", "1x32", "--", "true"]
    env = {**os.environ, "GPULANE_HOME": str(console.root)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def stop_all(console: Console) -> None:
    """Schedulers, wherever their states lie."""
    for one in console.get("/api/scheduler/running")["schedulers"]:
        if one["alive"]:
            console.post(f"/api/scheduler/stop/{one['pid']}")
    eventually(
        lambda: not [one for one in console.get("/api/scheduler/running")["schedulers"] if one["alive"]]
    )


def test_a_second_start_finds_the_first(console: Console) -> None:
    pid = console.pid
    said = console.start().said
    assert f"runs already (pid {pid})" in said
    assert console.pid == pid


def test_an_end_that_finds_nothing_is_no_failure(unstarted: Console) -> None:
    assert unstarted.stop() == f"no console of {unstarted.root} runs\n"


def test_a_taken_port_is_said_and_the_next_free_one_is_had(unstarted: Console) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        unstarted.start("--port", str(taken))
        try:
            assert f"port {taken} is taken" in unstarted.said
            assert unstarted.where["taken"] == taken
            assert unstarted.get("/api/auth/check")["role"] == "write"
        finally:
            unstarted.end()


def test_the_command_line_goes_before_the_settings(unstarted: Console) -> None:
    settings(unstarted, port=free_port(), bind_address="127.0.0.2")
    port = free_port()
    unstarted.start("--port", str(port), "--bind", "127.0.0.3")
    try:
        assert unstarted.url == f"http://127.0.0.3:{port}"
        assert unstarted.get("/api/auth/check")
    finally:
        unstarted.end()


def test_a_port_goes_before_the_settings_socket_but_not_beside_one(unstarted: Console) -> None:
    settings(unstarted, uds="console.sock")
    port = free_port()
    done = unstarted.script(RUN, "--uds", "other.sock", "--port", str(port))
    assert done.returncode == 2
    assert "leave out --port and --bind" in done.stderr
    unstarted.start("--port", str(port))
    try:
        assert unstarted.url == f"http://127.0.0.1:{port}"
    finally:
        unstarted.end()


def test_settings_in_another_file(unstarted: Console) -> None:
    port = free_port()
    (unstarted.root / "mine.yaml").write_text(f"port: {port}\n")
    unstarted.start("--settings", str(unstarted.root / "mine.yaml"))
    try:
        assert unstarted.url.endswith(f":{port}")
    finally:
        unstarted.end()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot: 1\n", r"control_setting\.yaml:1:1: 'prot' is no key of this file; did you mean port\?"),
        ("bind-address: 0.0.0.0\n", r"which other machines reach; set allow-lan: true"),
        ("secret: short\n", r"secret can't be what stands here"),
        ("secret: 0123456789abcdef\nread-only-secret: 0123456789abcdef\n", "are the same"),
        ("autostart: [both/1]\n", r"'both/1' is no configuration"),
        ("allowed-hosts: ['http://x/']\n", "is no host"),
        ("port: [\n", "it is no YAML"),
    ],
)
def test_settings_that_are_wrong_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "control_setting.yaml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(BadInput, match=said):
        load(path)


def test_they_are_refused_with_their_line_as_the_console_starts(unstarted: Console) -> None:
    settings(unstarted, port="many")
    done = unstarted.script(RUN)
    assert done.returncode != 0
    said = "control_setting.yaml:1:10: port can't be the text 'many'; it wants a whole number"
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_that_others_can_read_is_refused(unstarted: Console) -> None:
    settings(unstarted, secret="0123456789abcdef")
    (unstarted.root / "config" / "control_setting.yaml").chmod(0o644)
    done = unstarted.script(RUN)
    assert done.returncode != 0
    assert "chmod 600" in done.stderr


def test_made_secrets_that_others_can_read_are_refused(console: Console) -> None:
    console.stop()
    (console.folder / "secrets.json").chmod(0o644)
    done = console.script(RUN)
    assert done.returncode != 0
    assert "secrets.json; delete it, and the next start makes new ones" in done.stderr


def test_other_machines_need_a_word_of_the_settings(unstarted: Console) -> None:
    done = unstarted.script(RUN, "--bind", "0.0.0.0")
    assert done.returncode != 0
    assert "allow-lan: true" in done.stderr


def test_the_lan_reaches_it_under_its_addresses(unstarted: Console) -> None:
    settings(unstarted, allow_lan=True, bind_address="0.0.0.0")
    unstarted.start()
    try:
        port = unstarted.url.rpartition(":")[2]
        with unstarted.http as http:
            name = socket.gethostname().lower()
            assert http.get("/api/auth/check", headers={"Host": f"{name}:{port}"}).status_code == 200
            assert http.get("/api/auth/check", headers={"Host": f"evil:{port}"}).status_code == 421
    finally:
        unstarted.end()


def test_names_of_a_tunnel_are_allowed_by_the_settings(unstarted: Console) -> None:
    settings(unstarted, allowed_hosts=["localhost:8080", "lab-a01"])
    unstarted.start()
    try:
        port = unstarted.url.rpartition(":")[2]
        with unstarted.http as http:
            for host in ("localhost:8080", f"lab-a01:{port}"):
                assert http.get("/api/auth/check", headers={"Host": host}).status_code == 200
            assert http.get("/api/auth/check", headers={"Host": "lab-a01:1"}).status_code == 421
    finally:
        unstarted.end()


def test_a_chosen_secret_is_the_secret(unstarted: Console) -> None:
    settings(unstarted, secret="the secret of this test")
    unstarted.start()
    try:
        with unstarted.client("the secret of this test") as http:
            assert http.get("/api/auth/check").json()["role"] == "write"
        with unstarted.http as http:
            assert http.get("/api/auth/check").status_code == 401
    finally:
        unstarted.end()


def test_a_unix_socket_is_its_users_alone(unstarted: Console) -> None:
    path = unstarted.root / "console.sock"
    unstarted.start("--uds", str(path))
    try:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert unstarted.where["url"] is None
        transport = httpx.HTTPTransport(uds=str(path))
        headers = {"Authorization": f"Bearer {unstarted.secret()}"}
        with httpx.Client(transport=transport, base_url="http://localhost:8080", headers=headers) as http:
            assert http.get("/api/auth/check").json()["role"] == "write"
            assert http.get("/api/auth/check", headers={"Host": "evil:8080"}).status_code == 421
        assert f"ssh -L 8080:{path}" in unstarted.said
    finally:
        unstarted.end()
    assert not path.exists()


def test_a_socket_in_anybodys_folder_is_refused(unstarted: Console) -> None:
    folder = unstarted.root / "open"
    folder.mkdir()
    folder.chmod(0o777)
    done = unstarted.script(RUN, "--uds", str(folder / "s"))
    assert done.returncode != 0
    assert "name a folder of your own" in done.stderr


def test_killing_it_leaves_schedulers_and_tasks_as_they_were(console: Console) -> None:
    pid = started(console)
    task = eventually(lambda: console.tasks(pid)["1/0"]["state"]["pid"])
    before = [procfs.start_time(pid), procfs.start_time(task)]
    os.kill(console.pid, signal.SIGKILL)
    eventually(lambda: "no console of" in console.script(SHUT_DOWN).stdout)
    console.start()
    assert [procfs.start_time(pid), procfs.start_time(task)] == before
    assert console.tasks(pid)["1/0"]["state"]["pid"] == task
    assert console.post(f"/api/scheduler/{pid}/pause")["changed"]


def test_the_environment_is_made_if_there_is_none(tmp_path: Path) -> None:
    """By ./gpulane itself, which run.sh calls; what that does is tested with it."""
    fake = tmp_path / "checkout"
    (fake / "control").mkdir(parents=True)
    for script in (RUN, SHUT_DOWN):
        shutil.copy(script, fake / "control")
    (fake / "gpulane").write_text('#!/bin/sh\necho "$@"\n')
    (fake / "gpulane").chmod(0o755)
    for script, said in ((RUN, "console start --port 1\n"), (SHUT_DOWN, "console stop --port 1\n")):
        argv = [str(fake / "control" / script.name), "--port", "1"]
        assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == said


def test_it_knows_whether_it_runs(console: Console) -> None:
    argv = [str(PROJECT / "gpulane"), "console", "status"]
    env = {**os.environ, "GPULANE_HOME": str(console.root)}
    assert (
        str(console.pid) in subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout
    )
    console.stop()
    assert subprocess.run(argv, env=env, capture_output=True, text=True, check=False).returncode == 1


def test_two_starts_at_once_are_one_console(unstarted: Console) -> None:
    env = {**os.environ, "GPULANE_HOME": str(unstarted.root)}
    both = [subprocess.Popen([str(RUN)], env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        said = [each.communicate(timeout=60)[0] for each in both]
        assert [each.returncode for each in both] == [0, 0]
        assert all(unstarted.url in each for each in said)
    finally:
        unstarted.end()


def test_nobody_can_say_to_be_somebody_else(console: Console) -> None:
    """By a header that servers in front of others send."""
    with console.client("a guess") as http:
        for at in range(11):
            answer = http.get("/api/auth/check", headers={"X-Forwarded-For": f"10.0.0.{at}"})
    assert answer.status_code == 429


def test_a_restart_of_the_machine_starts_what_its_user_wants(unstarted: Console) -> None:
    wanted = unstarted.root / "control" / "logs" / "wanted"
    port = free_port()
    unstarted.start("--port", str(port))
    assert json.loads(wanted.read_text()) == ["--port", str(port)]
    os.kill(unstarted.pid, signal.SIGTERM)  # as the machine does when it goes down
    eventually(lambda: not (unstarted.folder / "console.json").exists())
    assert wanted.exists()
    unstarted.stop()
    assert not wanted.exists()


def test_one_whose_whereabouts_are_lost_is_ended_all_the_same(console: Console) -> None:
    pid = console.pid
    (console.folder / "console.json").unlink()
    refused = console.script(RUN)
    assert (refused.returncode, f"(pid {pid})" in refused.stderr) == (2, True), refused.stderr
    assert "control/shut_down.sh ends it" in refused.stderr
    assert f"the console (pid {pid}) has ended" in console.stop()
    console.start()
