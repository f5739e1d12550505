"""Records control/src/answers.json, an example of each JSON answer of the console's API:
`python -m tests.record_answers`.

A console and its schedulers run on the driver stand-in, and the calls of PLAN are made. What would tell where
and when that was is made plain, and long parts are cut.
"""

import json
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path
from typing import Any

from app.model.paths import PROJECT
from control.src.main import ANSWERS, bare_app, document
from tests.console.world import Console
from tests.end_to_end.world import World
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

CARDS = [Card(f"GPU-{at}", "NVIDIA A100-SXM4-40GB", 40960, 500, utilization=7 * at) for at in range(2)]
SETTINGS = "# of this machine\nwork_dir: {root}/work\nlease_dir: {root}/leases\ncheck_time: 0.5\n"
COMMANDS = """\
#LANE name="car" priority=1
1
python3 train.py --memory-mb 9000 --seconds 1
1
20

#LANE priority=1
1
python3 train.py --memory-mb 16000 --seconds 900
1
20

#LANE name="plane" retries=0
2
python3 train.py --memory-mb 4000 --exit 1
1
8

#LANE name="both cards"
3
torchrun --nproc-per-node 2 train.py
2
20
"""
WRONG = "1\npython train.py --config car.yaml\n2\ntwenty\n"
MORE = {"commands": "python3 test.py --config car.yaml", "gpu_count": 1, "memory_gb": 8}


@dataclass(frozen=True)
class Call:
    """`given`: parameters, of the path and of the query. Where one is "@NAME.FIELD", the last answer to that
    call has it."""

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Until:
    """The scheduler that was started last has that task in that state."""

    task: str
    status: str


@dataclass(frozen=True)
class Ended:
    """The scheduler that was started last has ended, or is made to."""

    by: signal.Signals | None = None


MULTI = {"mode": "multi"}
PID = {"pid": "@start_scheduler.pid"}
ID = {"id": "@create_task.id"}
RUNNING = {**MULTI, "queue_id": 1, "process_index": 1}
PLAN: tuple[Call | Until | Ended, ...] = (
    Call("login", body={"secret": "@secrets.write"}),
    *(Call("check"), Call("link"), Call("health"), Call("get_settings")),
    Call("put_settings", body={"values": {"log-level": "debug"}}),
    *(Call("get_config"), Call("put_config", body={"values": {"max_tasks": 8}})),
    Call("config_versions"),
    Call("config_version", {"version": "@config_versions.versions.0.id"}),
    *(Call(name, MULTI) for name in ("list_commands", "all_commands", "get_commands")),
    *(Call("validate_commands", MULTI, {"text": WRONG}), Call("preview_commands", MULTI, {"text": COMMANDS})),
    Call("start_scheduler", {**MULTI, "watch": True}),
    *(Until("1/0", "completed"), Until("2/0", "failed"), Until("1/1", "running"), Until("3/0", "waiting")),
    *(Call("running_schedulers"), Call("scheduler_state", MULTI), Call("one_scheduler", PID)),
    *(Call(f"scheduler_{what}", PID) for what in ("tasks", "settings", "status")),
    *(Call("why_get", {**PID, "task": "3/0"}), Call("why_post", PID, {"task": "3/0"})),
    *(Call("scheduler_verb", {**PID, "verb": "pause"}), Call("resume_scheduler", PID)),
    *(Call(name) for name in ("gpu_cards", "gpu_processes", "gpu_samples", "gpu_infos")),
    Call("turn_gpu", {"id": "1"}, {"state": "off"}),
    Call("turn_gpu", {"id": "1"}, {"state": "on"}),
    Call("log_content", RUNNING),
    Call("read_log", {"log_path": "@log_content.log_path", "tail": 2}),
    *(Call("search_log", {**RUNNING, "query": "step"}), Call("list_logs")),
    Call("bind_log", body={**RUNNING, "log_path": "train_car.log"}),
    *(Call("log_bindings", MULTI), Call("unbind_log", body=RUNNING)),
    Call("create_task", body={"name": "bus", "command": "python3 train.py --seconds 900", "memory_gb": 8}),
    *(Call("list_tasks"), Call("count_tasks"), Call("task_detail", ID), Call("task_logs", ID)),
    Call("cancel_task", ID),
    Call("create_task", body={"name": "van", "command": "python3 test.py", "memory_gb": 8, "hold": True}),
    *(Call("queue_status"), Call("queue_experiment", ID)),
    *(Call("past_tasks"), Call("timeline_picture")),
    Call("put_commands", MULTI, {"queues": [{"queue_id": 1, "tasks": [{"block": 0}, {"block": 1}, MORE]}]}),
    Call("command_versions", MULTI),
    Call("command_version", {**MULTI, "version": "@command_versions.versions.0.id"}),
    Call("new_commands", MULTI, {"from_index": 0}),
    Call("delete_commands", {**MULTI, "index": "@new_commands.index"}),
    *(Call("stop_scheduler", MULTI), Ended()),
    *(Call("start_scheduler", MULTI), Call("stop_verb", PID), Ended()),
    *(Call("start_scheduler", MULTI), Call("stop_by_pid", PID), Ended()),
    *(Call("start_scheduler", MULTI), Ended(signal.SIGKILL), Call("dismiss_scheduler", PID)),
    *(Call("audit"), Call("logout")),
)



class Recorder:
    """Makes calls, and keeps what was answered."""

    def __init__(self, console: Console) -> None:
        self._console, self._http = console, console.http
        api = document(bare_app())
        self._where = {
            call["operationId"]: (method.upper(), path)
            for path, calls in api["paths"].items()
            for method, call in calls.items()
        }
        self._last: dict[str, Any] = {"secrets": json.loads((console.folder / "secrets.json").read_text())}
        self.found: dict[str, Any] = {}

    def play(self, step: Call | Until | Ended) -> None:
        if isinstance(step, Call):
            self._call(step)
            return
        pid = self._last["start_scheduler"]["pid"]
        if isinstance(step, Until):
            self._console.wait_for(pid, step.task, step.status)
            return
        if step.by:
            os.kill(pid, step.by)
        eventually(lambda: self._console.scheduler(pid)["alive"] is False)

    def _call(self, call: Call) -> None:
        method, path = self._where[call.name]
        given = {name: self._filled(value) for name, value in call.given.items()}
        query = {name: value for name, value in given.items() if f"{{{name}}}" not in path}
        body = self._filled(call.body)
        answer = self._http.request(method, path.format(**given), params=query, json=body, headers={"If-Match": "*"})
        assert answer.is_success, f"{call.name}: {answer.text}"
        self._last[call.name] = answer.json()
        self.found.setdefault(call.name, answer.json())

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(each) for name, each in value.items()}
        if not (isinstance(value, str) and value.startswith("@")):
            return value
        found: Any = self._last
        for name in value.removeprefix("@").split("."):
            found = found[int(name) if name.isdecimal() else name]
        return found


def record(root: Path) -> dict[str, Any]:
    driver = FakeDriver.make(root / "driver", CARDS)
    world = World(root, env=driver.env(), gpus=None)
    world.file(COMMANDS)
    (root / "config" / "gpu_manage.yaml").write_text(SETTINGS.format(root=root))
    shutil.copy(PROJECT / "tests" / "faketrain.py", root / "work" / "train.py")
    (root / "work" / "train_car.log").write_text("epoch 1  loss 1.842\n")
    console = Console(world, env={**driver.env(), "TZ": "UTC"}).start()
    try:
        recorder = Recorder(console)
        for step in PLAN:
            recorder.play(step)
        return recorder.found
    finally:
        console.end()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = record(Path(folder, "gpulane"))
        Path("/tmp/w/hexam-scratch/raw.json").write_text(json.dumps(found, indent=1))
        print(set(n for n in Recorder.__dict__))
