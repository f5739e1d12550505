"""What is wrong with a scheduler of ours, and what to do about it."""

import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import procfs
from app.going_on import command_line
from app.model.paths import Home
from app.model.problems import Problem
from app.model.state import Failed, Waiting
from app.model.state_file import Queue, StateFile, Task
from app.store.states import Found
from app.view.text import count, duration

NAMED = 5
"""Failed tasks of one scheduler that are named."""

MACHINE = frozenset({"driver_silent", "leases_unreadable", "launch_refused", "too_few_cards"})
"""Blockers that no waiting helps."""

HARMLESS = frozenset(
    {"group_writable", "compete_gpus_unused", "state_dir", "visible_devices", "spared", "file_gone"}
    | {"lease_directory_private", "lease_directory_group", "lease_odd_files", "lease_directory_gone"}
    | {"nothing_missing", "column_like"}
)
"""Problems of a state that only are worth knowing."""

OF_MACHINE = "./gpulane doctor says more of the machine"
OF_LEASES = "./gpulane doctor says more of the leases"
OF_DISK = "./gpulane doctor says more of the folders and their disks"
IN_ITSELF = ""
"""Their sentences say what to do."""

ADVICE: dict[str, str] = {
    "edit_refused": "mend the file and save it: ./gpulane run {file} --check says whether it is right now",
    "edit_waits": "close it there",
    "file_elsewhere": "lead it back, or stop the scheduler and start it with the other file",
    "settings_refused": "mend the settings and save them: they are taken up at once",
    "settings_gone": "put them back, or stop the scheduler and start it without them",
    "settings_at_start": "stop it when that suits, and start it again",
    "hook_failed": "mend compare_gpus in the file that the setting hooks names",
    "not_counted": "is the table open elsewhere, its folder not to be written, or its disk full?",
    "visible_devices_none": "start it again where CUDA_VISIBLE_DEVICES is not set",
    "driver": OF_MACHINE,
    "gpu_lost": OF_MACHINE,
    "processes_hidden": OF_MACHINE,
    "unseen_attempt": "its queue goes on when it has ended; who sees its process may end it",
    "card_aside": IN_ITSELF,
    "fuse": IN_ITSELF,
    "fuse_before": IN_ITSELF,
    "leftovers": "what kill -9 does not end hangs in the driver or on a disk",
    "secrets_readable": IN_ITSELF,
    "notify_missing": IN_ITSELF,
    "history": OF_DISK,
    "state_file": OF_DISK,
    "lease_directory": OF_LEASES,
    "lease_mutex_unusable": OF_LEASES,
    "lease_mutex_held": OF_LEASES,
    "lease_mutex_stopped": OF_LEASES,
    "lease_mutex_unseen": OF_LEASES,
    "lease_unreadable": OF_LEASES,
    "lease_flood": OF_LEASES,
    "leases_vanished": OF_LEASES,
}
"""What to do, by the kind of a problem; `{file}` is its command file."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong, or worth knowing, and what to do."""

    kind: str  #: dead, silent, failed, stuck, not_started, problem, unreadable; ended, which is not wrong
    text: str  #: may have several lines
    advice: str  #: "": the text says it


@dataclass(frozen=True, slots=True)
class Limits:
    """What is no trouble yet, or no more. Seconds, and a wall time."""

    stuck_after: float  #: a wait that nothing of ours can end is one after so long
    since: float  #: what ended before is no news
    patience: float  #: for a scheduler to answer


def unreadable(one: Found) -> Trouble | None:
    wrong = one.unreadable
    return Trouble("unreadable", wrong, "if no scheduler has this pid, move it away") if wrong else None


def ended(home: Home, state: StateFile) -> Trouble | None:
    """Of one that is gone; None: it has left nothing undone."""
    if state.status == "finished" or not state.left:
        return None
    kind, text = ended_with(state)
    return Trouble(kind, f"it {text}", f"{command_line(home, state)} goes on with them")


def ended_with(state: StateFile) -> tuple[str, str]:
    """ "ended", "was ended by its user with 3 tasks to go"; or "dead"."""
    left = f"with {count(state.left, 'task')} to go"
    if state.ended_as_asked:
        return "ended", f"was ended by its user {left}"
    if state.ended_by_shutdown:
        return "dead", f"was ended by the machine's shutdown {left}"
    running = state.counts.get("running", 0)
    more = f"; {count(running, 'task')} ran then, and may run on" if running else ""
    return "dead", f"has ended {left}{more}"


def silent(one: Found, state: StateFile) -> Trouble:
    process = procfs.stat(one.pid)
    how = "is stopped (SIGSTOP)" if process and process.stopped else "does not answer"
    text = f"it lives, and {how}; its state is {duration(time.time() - state.updated_at)} old"
    return Trouble(
        "silent", text, f"if it is stopped: kill -CONT {one.pid}; kill -9 leaves its tasks running"
    )


def chosen(one: StateFile, among: Sequence[StateFile]) -> str:
    """What tells it from the others on a command line: " --file night.txt"; "" where it is the only one."""
    if len(among) < 2:
        return ""
    if sum(other.command_file == one.command_file for other in among) > 1:
        return f" --pid {one.pid}"
    names = [Path(other.command_file).name for other in among]
    name = Path(one.command_file).name
    return f" --file {shlex.quote(name if names.count(name) == 1 else one.command_file)}"


def failed(state: StateFile, lives: bool, which: str) -> Iterator[Trouble]:
    """`which`: as `chosen` has it."""
    number = state.counts.get("failed", 0)
    named = [
        (queue, task) for queue in state.queues for task in queue.tasks if isinstance(task.state, Failed)
    ]
    for queue, task in named[:NAMED]:
        yield _failed(queue, task, lives, which)
    more = number - len(named[:NAMED])
    if more > 0:
        text = f"and {count(more, 'more task')} failed"
        yield Trouble("failed", text, "./gpulane history --failed shows them")


def _failed(queue: Queue, task: Task, lives: bool, which: str) -> Trouble:
    label = f"{queue.queue_id}/{task.index}"
    error = task.state.error if isinstance(task.state, Failed) else ""
    title = f"{label} ({task.name})" if task.name else label
    again = f"./gpulane retry {label}{which} runs it again" if lives else "the next start runs it again"
    end = f"./gpulane logs {label}{which} shows its end; " if task.log_path else ""
    return Trouble("failed", f"task {title} failed for good: {error}", f"{end}{again}")


def living(state: StateFile, limits: Limits, which: str) -> Iterator[Trouble]:
    """`which`: as `chosen` has it."""
    for queue in state.queues:
        head = queue.head
        if head and isinstance(head.state, Waiting) and (why := _stuck(head.state, limits)):
            label = f"{queue.queue_id}/{head.index}"
            waited = duration(time.time() - head.state.since)
            advice = f"./gpulane why {label}{which} shows all that is in its way"
            yield Trouble(why, f"task {label} waits for {waited}: {head.state.reason}", advice)
    for problem in state.problems:
        if problem.kind not in HARMLESS:
            yield Trouble("problem", problem.text, _advice(problem, state))


def _stuck(state: Waiting, limits: Limits) -> str | None:
    """The kind of trouble that a wait is; None: it is an ordinary one."""
    kinds = {blocker.kind for blocker in state.blockers}
    if "launch_refused" in kinds:
        return "not_started"
    if kinds & MACHINE:
        return "stuck"
    return "stuck" if state.stuck and time.time() - state.since > limits.stuck_after else None


def _advice(problem: Problem, state: StateFile) -> str:
    """A newer gpulane's kind has none."""
    return ADVICE.get(problem.kind, OF_MACHINE).replace("{file}", shlex.quote(state.command_file))
