"""What a task finds in its environment, and the head of its log that says so. Contract 5."""

import functools
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from app.model.backend import LaunchSpec
from app.model.paths import LOG_RULE, PROJECT
from app.model.task import in_words

VENV = PROJECT / ".venv"
SHOWN_LINES = 100  #: of the commands, in the log's head


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The launcher's environment as tasks get it: only the project's own virtual environment is taken out."""
    env = dict(environ)
    if "PATH" in env:
        env["PATH"] = ":".join(part for part in env["PATH"].split(":") if part != str(VENV / "bin"))
    if env.get("VIRTUAL_ENV") == str(VENV):
        del env["VIRTUAL_ENV"]
    env["PYTHONUNBUFFERED"] = "1"
    return env


def task_environment(
    passed: Mapping[str, str], spec: LaunchSpec, gpu_ids: Sequence[str], visible: str
) -> dict[str, str]:
    """What was `passed_on`, the task's own variables, and ours, in rising rank.

    `gpu_ids` are the placed indices; `visible` is CUDA_VISIBLE_DEVICES, "" for no GPU.
    """
    return {
        **passed,
        **dict(spec.env),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": visible,
        "GPULANE_QUEUE": str(spec.queue_id),
        "GPULANE_TASK": str(spec.index),
        "GPULANE_ATTEMPT": str(spec.attempt),
        "GPULANE_LOG": spec.log_path,
        "GPULANE_GPUS": ",".join(gpu_ids),
    }


def header(spec: LaunchSpec, env: Mapping[str, str], gpu_ids: Sequence[str], host: str, now: float) -> bytes:
    """The first lines of an attempt's log: its commands and its environment. `now` is wall time."""
    path = env.get("PATH", "")
    when = datetime.fromtimestamp(now, timezone.utc).astimezone()
    facts = [
        ("gpulane", f"task {spec.title}, attempt {spec.attempt}"),
        ("time", when.strftime("%Y-%m-%d %H:%M:%S %z")),
        ("host", host),
        ("GPUs", ", ".join(gpu_ids) or "none"),
        *([("attach with", f"tmux -L {spec.session_name} attach")] if spec.session_name else []),
        ("CUDA_VISIBLE_DEVICES", env.get("CUDA_VISIBLE_DEVICES", "")),
        ("cwd", spec.cwd),
        ("PATH", path),
        ("python", which("python", path) or "none"),
        ("conda", which("conda", path) or "none"),
        *((f"env {name}", value) for name, value in spec.env),
    ]
    lines = [f"# {name}: {value}" for name, value in facts]
    lines += ["#", *_commands(in_words(spec.script)), LOG_RULE, ""]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _commands(script: str) -> list[str]:
    lines = script.splitlines()
    shown = [f"#   {line}" for line in lines[:SHOWN_LINES]]
    if len(lines) > SHOWN_LINES:
        shown.append(f"#   ... and {len(lines) - SHOWN_LINES} more lines")
    return shown


@functools.lru_cache(maxsize=64)
def which(program: str, path: str) -> str | None:
    """Where PATH has a program."""
    return shutil.which(program, path=path)
