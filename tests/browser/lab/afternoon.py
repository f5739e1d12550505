"""The lab, brought to that moment."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from app import procfs
from app.model.paths import PROJECT
from tests.browser.lab import past
from tests.browser.lab.scenes import FILES, text
from tests.browser.lab.task import SCENES
from tests.console.world import Console
from tests.end_to_end.world import World
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

CARDS = [
    *(Card(f"GPU-a{place}", "NVIDIA A100 80GB", 81920, 300) for place in range(4)),
    *(Card(f"GPU-b{place}", "NVIDIA GeForce RTX 4090", 24564, 300) for place in range(4)),
]
BUSY = {  #: use in percent, degrees, watts, of a card that somebody uses
    "GPU-a0": (97, 68, 287),
    "GPU-a1": (98, 71, 296),
    "GPU-a2": (96, 70, 294),
    "GPU-a3": (12, 44, 81),
    "GPU-b0": (84, 66, 318),
    "GPU-b1": (91, 64, 305),
    "GPU-b2": (99, 83, 441),
    "GPU-b3": (87, 67, 322),
}
IDLE = (0, 31, 18)
COLLEAGUES = {  #: by uid: name, program, card, GB
    64_001: ("alice", "vllm", "GPU-a3", 38.2),
    64_002: ("bob", "jupyter-lab", "GPU-a3", 4.1),
    64_003: ("小李", "python", "GPU-b2", 22.4),
}
SETTINGS = {
    "gpu_left": 1,
    "min_gpu": 1,
    "max_gpu": 6,
    "maximize_resource_utilization": "true",
    "cuda_visible_as": "uuid",
}
"""By uuid, as the stand-in's tasks see no PCI order."""

SETTLED = {"1/2": "running", "2/1": "running", "4/7": "backoff", "5/1": "failed", "6/1": "completed"}
OUTLAST = 6 * 3600.0
"""Seconds for which the afternoon has lasted, in the pictures."""


def afternoon() -> str:
    """A time zone in which it is between two and three."""
    hours = (14 - time.gmtime().tm_hour) % 24
    hours -= 24 if hours > 12 else 0
    return f"Etc/GMT{-hours:+d}"


class Lab:
    """`root` is made by whoever wants it, for this alone."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root / "home"
        self.driver = FakeDriver.make(root / "driver", CARDS)
        self.used: dict[str, tuple[float, float]] = {}  #: own and other people's GB, of each card
        self.orphan: int | None = None  #: the supervisor of the task whose scheduler has died
        self.people: list[subprocess.Popen[bytes]] = []
        world = World(self.home, gpus=None)
        self._write(world)
        path = ":".join((str(root / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]))
        env = {SCENES: str(root / "scenes.json"), "PATH": path, "TZ": afternoon()}
        self.console = Console(world, env={**self.driver.env(), **env})

    def _write(self, world: World) -> None:
        """Command files, settings, and the programs that tasks run."""
        scenes = {scene.label: asdict(scene) for each in FILES.values() for scene in each}
        (self.root / "scenes.json").write_text(json.dumps(scenes))
        for (mode, index), tasks in FILES.items():
            stem = "command_gpu" if mode == "single" else "command_gpus"
            world.file(text(mode, tasks), f"{stem}{f'_{index}' if index else ''}.txt")
        work = world.root / "work"
        settings = (PROJECT / "config" / "gpu_manage.yaml").read_text()
        for key, value in {
            **SETTINGS,
            "lease_dir": world.root / "leases",
            "work_dir": work,
        }.items():
            settings, found = re.subn(rf"(?m)^{key}: .*$", f"{key}: {value}", settings)
            assert found == 1, key
        (world.root / "config" / "gpu_manage.yaml").write_text(settings)
        (world.root / "config" / "control_setting.yaml").write_bytes(
            (PROJECT / "config" / "control_setting.yaml").read_bytes()
        )
        program = (
            f"import sys\nsys.path.insert(0, {str(PROJECT)!r})\n"
            "from tests.browser.lab.task import main\nmain()\n"
        )
        for folder in (work, work / "pose"):
            folder.mkdir(exist_ok=True)
            for name in ("train", "unet", "pose", "eval", "lr", "sft", "moe"):
                (folder / f"{name}.py").write_text(program)
            for name in ("export", "tokens"):
                (folder / f"{name}.py").write_text(program.replace("main()", f"main({name!r})"))
        (work / "scripts").mkdir()
        (work / "scripts" / "prepare.sh").write_text("echo prepared\n")
        (self.root / "bin").mkdir()
        torchrun = self.root / "bin" / "torchrun"
        torchrun.write_text('#!/bin/sh\nexec python "$3"\n')
        torchrun.chmod(0o755)

    def bring_about(self) -> "Lab":
        """Until everything stands as the pictures want it."""
        self.root.chmod(0o711)
        self._come()
        console = self.console.start()
        past.seed(self.home)
        first = time.time()
        single = self._start("single", 0)
        console.post("/api/gpu/3", {"state": "off"})
        multi, rates = self._start("multi", 0), self._start("single", 1)
        for label, status in SETTLED.items():
            console.wait_for(single, label, status, 60)
        console.wait_for(multi, "11/1", "running", 60)
        self.orphan = console.wait_for(rates, "21/4", "running", 60)["state"]["pid"]
        console.post(f"/api/scheduler/{single}/release", {"task": "3/0"})
        console.wait_for(single, "3/0", "waiting")
        self._submit()
        self._heat()
        living = [one["pid"] for one in console.get("/api/scheduler/running")["schedulers"]]
        for pid in living:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(map(_lives, living)))
        console.stop()
        past.stretch(self.home, first, OUTLAST)
        past.samples(self.home, self.used, self.driver.cards)
        console.start()
        again = {
            pid: int(console.post(f"/api/scheduler/{pid}/resume")["pid"]) for pid in living if pid != rates
        }
        console.wait_for(again[single], "3/0", "waiting", 60)
        return self

    def _come(self) -> None:
        for uid, (_, program, uuid, gb) in COLLEAGUES.items():
            theirs = self.root / "colleagues" / program
            theirs.parent.mkdir(exist_ok=True)
            shutil.copy("/bin/sleep", theirs)
            child = subprocess.Popen([theirs, "86400"], user=uid, group=uid)
            self.people.append(child)
            self.driver.add_process(uuid, child.pid, int(gb * 1024))

    def _start(self, mode: str, index: int) -> int:
        answer = self.console.post(f"/api/scheduler/{mode}/start", config_index=index, watch=True)
        return int(answer["pid"])

    def _heat(self) -> None:
        """Cards are as warm as who uses them makes them."""
        for card in self.console.get("/api/gpu")["cards"]:
            uuid, own = card["uuid"], card["own_used_gb"]
            self.used[uuid] = (own, sum(gb for *_, its, gb in COLLEAGUES.values() if its == uuid))
            use, degrees, watts = BUSY[uuid] if any(self.used[uuid]) else IDLE
            self.driver.set_card(uuid, utilization=use, temperature=degrees, power_mw=watts * 1000)

    def _submit(self) -> None:
        for name, command, wishes in (
            ("export onnx", "python export.py --model resnet50 --to onnx", {"gpu_count": 0}),
            ("tokens 7b", "python tokens.py --model 7b --shards 64", {"gpu_count": 0}),
            ("export trt", "python export.py --model resnet50 --to trt", {"gpu_count": 0}),
            ("34b sft", "torchrun --nproc-per-node 2 sft.py --model 34b", {"gpu_count": 2, "memory_gb": 72}),
            ("7b probe", "python tokens.py --probe 7b \\\n  --layers 16-31", {"memory_gb": 20, "hold": True}),
        ):
            kind = "A100" if "b " in name and wishes != {"gpu_count": 0} else None
            self.console.post("/api/tasks", {"name": name, "command": command, "gpu_type": kind, **wishes})

    def names(self) -> dict[str, str]:
        """What of this machine would be seen, and what is to stand there instead."""
        users = {str(uid): name for uid, (name, *_) in COLLEAGUES.items()}
        return {
            str(self.home): "/home/chen/lab",
            str(PROJECT): "/home/chen/gpulane",
            socket.gethostname(): "lab-a01",
            procfs.user_name(os.getuid()): "chen",
            **users,
            "29214 was taken, so the next free one is used": "if taken, the next free one is used",
            self.console.url.rpartition(":")[2]: "29214",
        }

    def end(self) -> None:
        for child in self.people:
            child.kill()
            child.wait()
        self.console.end()
        if self.orphan is not None:
            os.killpg(self.orphan, signal.SIGKILL)


def _lives(pid: int) -> bool:
    found = procfs.stat(pid)
    return found is not None and found.alive


@contextlib.contextmanager
def lab(root: Path) -> Iterator[Lab]:
    made = Lab(root)
    try:
        yield made.bring_about()
    finally:
        made.end()
