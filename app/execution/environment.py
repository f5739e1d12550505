"""What a task finds in its environment, and the head of its log that says so. Contract 5."""

import functools
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from app.model.backend import LaunchSpec
from app.model.paths import LOG_RULE, PROJECT
from app.model.secret_names import MASK, is_secret
from app.model.task import in_words

VENV = PROJECT / ".venv"
LONGEST_HEAD = 65_536
BUILT = "built by its hook"  #: a line of the head
SHOWN_LINES = 100  #: of the commands, and of what their hook has printed, in the log's head


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
        *([(BUILT, _first_line(spec.built))] if spec.built else []),
        *((f"env {name}", MASK if is_secret(name) else value) for name, value in spec.env),
    ]
    lines = [f"# {name}: {value}" for name, value in facts]
    lines += ["#", *_quoted(in_words(spec.script))]
    lines += ["#", "# printed by its hook:", *_quoted(spec.printed)] if spec.printed else []
    lines += [LOG_RULE, ""]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def built_of(log_path: str) -> str | None:
    """The first line of the command that a hook has built, as the log's head has it."""
    try:
        with open(log_path, "rb") as file:  # noqa: PTH123 - a path as text
            head = file.read(LONGEST_HEAD).decode("utf-8", "replace").split(LOG_RULE)[0]
    except OSError:
        return None
    mark = f"# {BUILT}: "
    return next((line.removeprefix(mark) for line in head.splitlines() if line.startswith(mark)), None)


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _quoted(text: str) -> list[str]:
    lines = text.splitlines()
    shown = [f"#   {line}" for line in lines[:SHOWN_LINES]]
    if len(lines) > SHOWN_LINES:
        shown.append(f"#   ... and {len(lines) - SHOWN_LINES} more lines")
    return shown


@functools.lru_cache(maxsize=64)
def which(program: str, path: str) -> str | None:
    """Where PATH has a program."""
    return shutil.which(program, path=path)
