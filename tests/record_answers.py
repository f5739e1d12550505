"""Records control/src/answers.json, an example of each JSON answer of the console's API:
`python -m tests.record_answers`.

A console and its schedulers run on the driver stand-in, and the calls of PLAN are made.
"""

import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.model.paths import PROJECT
from control.manual.compact import compact
from control.src.main import ANSWERS, bare_app, document
from tests.console.world import Console
from tests.end_to_end.world import World
from tests.fakenvml.driver import Card, FakeDriver
from tests.listening import Listening, listening
from tests.plain import Plain
from tests.waiting import eventually

HOME = "/home/ann/gpulane"
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
WRONG = '#LANE name="car" retrys=3\n1\npython3 train.py --config car.yaml\n1\n20\n'
MORE = {"command": "python3 train.py --memory-mb 6000 --seconds 900", "memory_gb": 8}


@dataclass(frozen=True)
class Call:
    """`given`: parameters, of the path and of the query. Where one is "@NAME.FIELD", the last answer to that
    call has it."""

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Until:
    """The call is made, and its answer not kept, until that field of it is so; None: says something."""

    call: Call
    field: str
    wanted: Any = None


@dataclass(frozen=True)
class Kill:
    """The scheduler that was started last."""


MULTI = {"mode": "multi"}
PID = {"pid": "@start_scheduler.pid"}
ID = {"id": "@create_task.id"}
RUNNING = {**MULTI, "queue_id": 1, "process_index": 1}
ONE, SUBMITTED = Call("one_scheduler", PID), Call("task_detail", ID)
TASKS, CARD = Call("scheduler_tasks", PID), Call("gpu_processes")
ENDED = Until(ONE, "alive", False)
PLAN: tuple[Call | Until | Kill, ...] = (
    Call("login", body={"secret": "@secrets.write"}),
    *(Call("check"), Call("link"), Call("health"), Call("get_settings")),
    Call("put_settings", body={"values": {"log-level": "debug"}}),
    *(Call("get_config"), Call("put_config", body={"values": {"max_tasks": 8}})),
    Call("config_versions"),
    Call("config_version", {"version": "@config_versions.versions.1.id"}),
    *(Call(name, MULTI) for name in ("list_commands", "all_commands", "get_commands")),
    *(Call("validate_commands", MULTI, {"text": WRONG}), Call("preview_commands", MULTI, {"text": COMMANDS})),
    Call("start_scheduler", {**MULTI, "watch": True}),
    *(Until(TASKS, "tasks.0.state.status", "completed"), Until(TASKS, "tasks.2.state.status", "failed")),
    *(Until(TASKS, "tasks.1.state.used_gb"), Until(CARD, "cards.0.processes")),
    *(Call("running_schedulers"), Call("scheduler_state", MULTI), ONE, TASKS),
    Call("preview_config", body={"text": "max_tasks: 1\n"}),
    *(Call("scheduler_settings", PID), Call("scheduler_status", PID)),
    *(Call("why_get", {**PID, "task": "3/0"}), Call("why_post", PID, {"task": "3/0"})),
    *(Call("scheduler_verb", {**PID, "verb": "pause"}), Call("resume_scheduler", PID)),
    *(Call("gpu_cards"), CARD, Call("gpu_infos")),
    *(Call("turn_gpu", {"id": "1"}, {"state": "off"}), Call("turn_gpu", {"id": "1"}, {"state": "on"})),
    Call("log_content", {**RUNNING, "tail": 4}),
    Call("read_log", {"log_path": "@log_content.log_path", "tail": 2}),
    *(Call("search_log", {**RUNNING, "query": "step"}), Call("list_logs")),
    Call("bind_log", body={**RUNNING, "log_path": "train_car.log"}),
    *(Call("log_bindings", MULTI), Call("unbind_log", body=RUNNING)),
    Call("create_task", body={**MORE, "name": "bus"}),
    Until(SUBMITTED, "detail.used_gb"),
    *(Call("list_tasks"), Call("count_tasks"), SUBMITTED, Call("task_logs", ID), Call("cancel_task", ID)),
    Call("create_task", body={**MORE, "name": "van", "hold": True}),
    *(Call("queue_status"), Call("queue_experiment", ID)),
    *(Call("gpu_samples"), Call("past_tasks"), Call("timeline_picture")),
    Call("put_commands", MULTI, {"text": f"{COMMANDS}\n4\npython3 test.py\n1\n8\n"}),
    Call("command_versions", MULTI),
    Call("command_version", {**MULTI, "version": "@command_versions.versions.1.id"}),
    Call("new_commands", MULTI, {"from_index": 0}),
    Call("delete_commands", {**MULTI, "index": "@new_commands.index"}),
    *(Call("stop_scheduler", MULTI), ENDED),
    *(Call("start_scheduler", MULTI), Call("stop_verb", PID), ENDED),
    *(Call("start_scheduler", MULTI), Call("stop_by_pid", PID), ENDED),
    *(Call("start_scheduler", MULTI), Kill(), ENDED, Call("dismiss_scheduler", PID)),
    *(Call("put_config", body={"values": {"notify.urls": ["@server.url"]}}), Call("send_trial")),
    *(Call("audit"), Call("logins"), Call("end_login", {"id": "@logins.logins.0.id"}), Call("logout")),
)


class Recorder:
    """Makes calls, and keeps what was answered."""

    def __init__(self, console: Console, server: Listening) -> None:
        self._http = console.http
        api = document(bare_app())
        self._where = {
            call["operationId"]: (method.upper(), path)
            for path, calls in api["paths"].items()
            for method, call in calls.items()
        }
        self._last: dict[str, Any] = {"secrets": json.loads((console.folder / "secrets.json").read_text())}
        self._last["server"] = {"url": server.url}
        self.kept: dict[str, Any] = {}
        self.heard: list[Any] = []

    def play(self, step: Call | Until | Kill) -> None:
        if isinstance(step, Kill):
            os.kill(self._filled(PID["pid"]), signal.SIGKILL)
        elif isinstance(step, Until):
            eventually(lambda: self._is_so(step))
        else:
            self.kept.setdefault(step.name, self._answer(step))

    def _is_so(self, step: Until) -> bool:
        self._answer(step.call)
        try:
            found = self._filled(f"@{step.call.name}.{step.field}")
        except (KeyError, IndexError):
            return False
        return bool(found) if step.wanted is None else found == step.wanted

    def _answer(self, call: Call) -> Any:
        method, path = self._where[call.name]
        given = {name: self._filled(value) for name, value in call.given.items()}
        query = {name: value for name, value in given.items() if f"{{{name}}}" not in path}
        body, head = self._filled(call.body), {"If-Match": "*"}
        answer = self._http.request(method, path.format(**given), params=query, json=body, headers=head)
        assert answer.is_success, f"{call.name}: {answer.text}"
        self.heard.append(answer.json())
        self._last[call.name] = answer.json()
        return answer.json()

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        if not (isinstance(value, str) and value.startswith("@")):
            return value
        found: Any = self._last
        for name in value.removeprefix("@").split("."):
            found = found[int(name) if name.isdecimal() else name]
        return found


def record(root: Path) -> dict[str, Any]:
    start = int(time.time())
    driver = FakeDriver.make(root / "driver", CARDS)
    world = World(root, env=driver.env(), gpus=None)
    world.file(COMMANDS)
    (root / "config" / "gpu_manage.yaml").write_text(SETTINGS.format(root=root))
    (root / "leases").chmod(0o1777)
    shutil.copy(PROJECT / "tests" / "faketrain.py", root / "work" / "train.py")
    (root / "work" / "train_car.log").write_text("epoch 1  loss 1.842\n")
    console = Console(world, env={**driver.env(), "TZ": "UTC"}).start()
    places = {str(root / "work"): "/home/ann/exp", str(root / "leases"): "/dev/shm/gpulane"}
    words = {**places, str(root): HOME, str(PROJECT): HOME, socket.gethostname(): "lab"}
    words[console.url.rpartition(":")[2]] = "29214"
    try:
        with listening() as server:
            recorder = Recorder(console, server)
            for step in PLAN:
                recorder.play(step)
    finally:
        console.end()
    return Plain(words, start, recorder.heard).of(recorder.kept)  # type: ignore[no-any-return]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        answers = record(Path(folder, "gpulane"))
    ANSWERS.write_text(compact(dict(sorted(answers.items()))) + "\n")
