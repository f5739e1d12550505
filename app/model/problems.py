"""What the user should know of that stops no single task: typed facts, and the one place that says them in
English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Facts = Mapping[str, str | int]

TEXTS: dict[str, str] = {
    "group_writable": (
        "{file}: its group lets {members} write it, and what it says runs as you; see chmod g-w"
    ),
    "edit_refused": "the edit of {at} is not taken up, what was read before goes on: {faults}",
    "edit_waits": (
        "{file} was saved, and a program has it open for writing: it is taken up when that closes it, or "
        "as it is in {seconds} s"
    ),
    "file_elsewhere": "{given} leads to another file now, which is not read: {file} is what runs",
    "file_gone": "{file} is not there any more: its tasks go on as they were, until there is one again",
    "settings_refused": "the settings of {at} are not taken up, those before hold: {faults}",
    "settings_gone": "{file} is not there any more: its settings hold as they were, until there is one again",
    "settings_at_start": "{file}: {keys} can't change while a scheduler runs; its next start takes that up",
    "hook_failed": "compare_gpus of your hooks failed, the order of the settings holds: {error}",
    "nothing_missing": (
        "{file}: every row has been run as often as it needs; raise need_run_num for what is to run again"
    ),
    "column_like": "{file}: the column {column} becomes --{column} of the commands; did you mean {meant}?",
    "not_counted": "run_num can't be counted up in {file} now, it is tried again: {error}",
    "compete_gpus_unused": "{file}: compete_gpus is not used, as use_all_gpus is true",
    "state_dir": "{logs} is on a network file system, so state, runs and history are kept in {folder}",
    "visible_devices": "CUDA_VISIBLE_DEVICES={value} was inherited: only GPU {gpus} may be used",
    "visible_devices_none": "CUDA_VISIBLE_DEVICES={value} was inherited: no GPU may be used",
    "driver": "the GPU driver does not answer: {error}",
    "gpu_lost": (
        "GPU {gpu} ({name}) is lost: it answers no more, and what runs there may fail; dmesg may say why"
    ),
    "processes_hidden": (
        "processes that the driver shows on GPU {gpus} can't be found here (in a container, most often): "
        "what they use counts as other people's, also where they are ours"
    ),
    "unseen_attempt": "attempt {number} of {ends} runs, but its process can't be found from here",
    "card_aside": (
        "GPU {gpu} ({name}) is set aside until {until}: {tasks} tasks failed there within {seconds} s, and "
        "other cards are fine; at once: ./gpulane gpu {gpu} on --pid {pid}"
    ),
    "fuse": (
        "the fuse holds {held} of the tasks (./gpulane release --held-by fuse), as the first {died} each "
        "failed within {seconds} s; once one lives they go on by themselves; the last was {task}: {error}"
    ),
    "fuse_before": (
        "the fuse holds {held} of the tasks (./gpulane release --held-by fuse), as the first of an earlier "
        "start each failed within {seconds} s; once one lives they go on by themselves"
    ),
    "leftovers": "what an attempt has left running can't be ended: {processes}; its log: {log}",
    "spared": "left running by tasks and spared: {processes}; end them yourself when they are not needed",
    "secrets_readable": (
        "{file} holds addresses with secrets (notify), and others can read it; run: chmod 600 {file}"
    ),
    "notify_missing": (
        "nothing is told to the addresses in notify: apprise is not installed here; to install it: {command}"
    ),
    "history": "history can't be written, nothing new starts: {error}",
    "state_file": "{path} can't be written ({error}): what is shown of this scheduler is old",
    "lease_directory": "{error}",
    "lease_directory_gone": "the lease directory {path} was removed; the next lease makes it anew",
    "lease_directory_private": (
        "only its owner can take leases in {path}: other users' schedulers are not seen there; to share "
        "the GPUs with them, run: chmod 1777 {path}"
    ),
    "lease_directory_group": (
        "members of its group can delete each other's leases in {path}; run: chmod +t {path}"
    ),
    "lease_mutex_unusable": (
        "{path} (of {owner}) can't be used: {error}; leases are taken without it, which is safe but slower"
    ),
    "lease_mutex_held": (
        "process {pid} ({command} of {owner}) holds {path} and was waited for {seconds} s; leases are "
        "taken without it until it lets go"
    ),
    "lease_mutex_stopped": (
        "process {pid} ({command} of {owner}) is stopped, holds {path} and was waited for {seconds} s; "
        "leases are taken without it until it lets go"
    ),
    "lease_mutex_unseen": (
        "a process that is not visible here holds {path} and was waited for {seconds} s; leases are taken"
        " without it until it lets go"
    ),
    "lease_odd_files": "{owner} has files in {path} that are no leases, such as {name}; they are ignored",
    "lease_unreadable": "a lease of {owner} on {gpu} can't be read; it counts as the whole card",
    "lease_flood": (
        "{owner} has {files} lease files in {path}; {read} are read, the others count as whole cards as "
        "long as they are locked"
    ),
    "leases_vanished": (
        "lease files of running tasks were deleted from {path}, so other schedulers can't see that these "
        "cards are taken; nothing more starts on them: {gpus}"
    ),
}
"""By kind."""

APART: dict[str, str] = {
    "unseen_attempt": "number",
    "gpu_lost": "gpu",
    "card_aside": "gpu",
    "leftovers": "log",
    "lease_odd_files": "owner",
    "lease_unreadable": "owner",
    "lease_flood": "owner",
    "group_writable": "file",
    "column_like": "column",
}
"""Kinds of which there may be several at once, and the fact that tells them apart."""

SAID_AGAIN = frozenset({"edit_refused", "settings_refused", "settings_at_start"})
"""Kinds that are another matter when they say something else: the rest only differs in figures."""


NAMED = 5
"""Names in a list of them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One of them, as the state's `problems` has it. `problem` makes it."""

    kind: str  #: a key of TEXTS
    text: str  #: one English sentence
    facts: Facts = field(default_factory=dict)  #: all that the sentence says

    @property
    def about(self) -> tuple[str, str | int]:
        """The same for the same problem with other figures, processes, or error texts."""
        return self.kind, self.facts.get(APART.get(self.kind, ""), "")


def named(names: Sequence[str]) -> str:
    """ "a, b, c, d, e and 3 more"."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def problem(kind: str, **facts: str | int) -> Problem:
    """Of a kind that TEXTS knows, with just the facts that its sentence has."""
    return Problem(kind, TEXTS[kind].format(**facts), facts)
