"""Finding and ending every process of an attempt, and nobody else's. Contract 5.

A stray may have left the parent tree (setsid), the session, the environment (env -i), or have closed its
descriptors; the union of four proofs finds what any one of them misses (FACTS has the table). Apart from
`quick_check` these scan /proc, 2 ms for 70 processes and 60 to 300 ms for 1,000: not for the event loop.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app import procfs
from app.execution.launcher import script_name

KTHREADD = 2
SERVERS = frozenset({"tmux: server", "screen", "ssh-agent"})  #: meant to outlive what started them
ROUNDS = 20
DEATH_WAIT = 0.5  #: seconds a round waits for what it killed


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    start: int  #: /proc/PID/stat field 22
    command: str = field(compare=False)  #: short name; exec gives it another one


@dataclass(frozen=True, slots=True)
class Marks:
    """What proves a process to be an attempt's."""

    log_path: str  #: its processes carry it as GPULANE_LOG, and its hash names their script's memfd
    lease_paths: tuple[str, ...] = ()
    pid: int | None = None  #: the supervisor's; None: it never wrote its start line
    start: int = 0  #: the supervisor's
    session: int | None = None
    ended: int | None = None  #: `ticks_now()` when the supervisor was seen to end; None: it lives, or unknown


@dataclass(frozen=True, slots=True)
class Killed:
    """What `kill_tree` did."""

    ended: tuple[Process, ...]
    spared: tuple[Process, ...]
    survived: tuple[Process, ...]  #: still there: not ours to signal (sudo), or stuck in the kernel


def ticks_now() -> int:
    """Now, as field 22 of /proc/PID/stat counts."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def quick_check(marks: Marks, lease_files_held: Callable[[], bool]) -> bool:
    """True if nothing is left of the attempt's session and nobody holds its leases. Cheap: no full scan."""
    if marks.session is None:
        return False
    left = set(procfs.session_members(marks.session, _later(marks))) - {marks.pid, marks.session}
    return not left and not lease_files_held()


def _later(marks: Marks) -> Iterable[int]:
    """Every process that can be in the attempt's session, but for its leader: they are born into it."""
    if marks.pid is None or marks.pid != marks.session:  # in tmux, whose pane is older than the attempt
        return procfs.pids()
    age = (ticks_now() - marks.start + 1) / os.sysconf("SC_CLK_TCK")
    return procfs.pids_since(marks.pid, age)


def find(marks: Marks, known: Iterable[Process] = ()) -> list[Process]:
    """Every living process that is provably the attempt's, but for its supervisor.

    `known`: found before, and so its own still: what descent proved may be an orphan by now. This process and
    its ancestors never count, even if they were started from within the attempt.
    """
    table = {found.pid: found for found in map(procfs.stat, procfs.pids()) if found and _candidate(found)}
    leases, memfd = identities(marks.lease_paths), f"/memfd:{script_name(marks.log_path)} (deleted)"
    proven = {pid for pid in table if has_marker(pid, marks.log_path) or holds(pid, leases, memfd)}
    proven |= _session(marks, table, proven)
    proven |= {each.pid for each in known if each.pid in table and table[each.pid].start == each.start}
    supervisor = marks.pid if _supervisor_there(marks) else None
    roots = proven | ({supervisor} if supervisor else set())
    tree = _with_descendants(roots, table, {pid for pid, _ in procfs.lineage(os.getpid())})
    return [
        Process(pid, table[pid].start, table[pid].command)
        for pid in sorted(tree - {supervisor})
        if pid in table
    ]


def ask_tree(marks: Marks, asked: set[Process]) -> list[Process]:
    """Find and `ask` all the attempt's processes; the supervisor stays to write the end. All there are."""
    found = find(marks, asked)
    ask(found, asked)
    return found


def ask(found: Iterable[Process], asked: set[Process]) -> list[Process]:
    """SIGTERM to processes of an attempt but those that are among the `asked`, whom the others join: a second
    one says "at once" to many programs. Those that were there to hear it."""
    new = [process for process in found if process not in asked]
    asked.update(new)  # before the first dies, and with it what proves the others
    return [process for process in new if not _ending(process) and send(process, signal.SIGTERM)]


def _ending(process: Process) -> bool:
    found = procfs.stat(process.pid)
    return found is None or found.ending


def kill_tree(marks: Marks, spare_servers: bool = False, known: Iterable[Process] = ()) -> Killed:
    """End all the attempt's processes: stop first, so that none forks away; again until none is found.
    `known`: see `find`.

    `spare_servers` is for leftovers after a normal end: tmux and screen servers, ssh-agents and what
    runs under them live on.
    """
    ended: dict[Process, None] = {}
    known = tuple(known)
    targets, spared = _targets(marks, spare_servers, known)
    for _ in range(ROUNDS):
        if not targets:
            break
        frozen = _freeze(marks, spare_servers, targets, known)
        _kill(frozen)
        ended.update(dict.fromkeys(frozen))
        targets, spared = _targets(marks, spare_servers, known)
    survived = tuple(targets)
    return Killed(tuple(process for process in ended if process not in survived), tuple(spared), survived)


def send(process: Process, signum: int) -> bool:
    """Signal exactly this process. False if it has ended, or may not be signalled by us."""
    try:
        pidfd = os.pidfd_open(process.pid)
    except OSError as error:
        procfs.raise_if_exhausted(error)
        return False
    try:
        if procfs.start_time(process.pid) != process.start:
            return False
        signal.pidfd_send_signal(pidfd, signum)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(pidfd)
    return True


def has_marker(pid: int, log_path: str) -> bool:
    """Whether a process of this user was started with the attempt's log in its environment."""
    mark = b"\0GPULANE_LOG=" + os.fsencode(log_path) + b"\0"
    return mark in b"\0" + (procfs.environ(pid) or b"") and procfs.is_ours(pid)


def identities(paths: Iterable[str]) -> set[tuple[int, int]]:
    """Device and inode of the files still linked. (A lease is born nameless and has no path in /proc.)"""
    found: set[tuple[int, int]] = set()
    for path in paths:
        with contextlib.suppress(OSError):
            seen = Path(path).stat()
            found.add((seen.st_dev, seen.st_ino))
    return found


def holds(pid: int, files: set[tuple[int, int]], memfd: str = "") -> bool:
    """Whether a process carries the lock of one of the files, or has that memfd open. False where we may not
    look. Merely having a lease open proves nothing: everybody reads them."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        procfs.raise_if_exhausted(error)
        return False
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}") == memfd and procfs.is_ours(pid):  # noqa: PTH115
                return True
            if files:
                seen = os.stat(f"{folder}/{name}")  # noqa: PTH116
                if (seen.st_dev, seen.st_ino) in files and _locks(pid, name):
                    return True
        except OSError as error:
            procfs.raise_if_exhausted(error)
    return False


def _locks(pid: int, descriptor: str) -> bool:
    """Whether a write lock of ours lies on this descriptor's open file description. (A flock is none: anybody
    who may read the file can have that.)"""
    info = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text()
    return any({"lock:", "OFDLCK", "WRITE"} <= set(line.split()) for line in info.splitlines())


def _candidate(found: procfs.Stat) -> bool:
    return found.alive and KTHREADD not in (found.pid, found.parent)


def _supervisor_there(marks: Marks) -> bool:
    """Alive, or a zombie that still keeps its number from being given to anybody else."""
    found = procfs.stat(marks.pid) if marks.pid is not None else None
    return found is not None and found.start == marks.start


def _session(marks: Marks, table: Mapping[int, procfs.Stat], proven: set[int]) -> set[int]:
    """Members of the attempt's session, if that number is still its own, but for its leader.

    A number is given out again only when its session is empty. So the session is ours while the
    supervisor is there; or if one member is proven otherwise; or if one was born (members other than
    the leader are born into a session) while the supervisor lived.
    """
    members = {pid for pid, found in table.items() if found.session == marks.session and pid != marks.session}
    ended = -1 if marks.ended is None else marks.ended
    born_in_time = any(marks.start <= table[pid].start <= ended for pid in members)
    return members if _supervisor_there(marks) or members & proven or born_in_time else set()


def _with_descendants(roots: set[int], table: Mapping[int, procfs.Stat], outside: set[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for found in table.values():
        children.setdefault(found.parent, []).append(found.pid)
    tree: set[int] = set()
    unseen = list(roots)
    while unseen:
        pid = unseen.pop()
        if pid not in tree and pid not in outside:
            tree.add(pid)
            unseen += children.get(pid, [])
    return tree


def _targets(
    marks: Marks, spare_servers: bool, known: Iterable[Process]
) -> tuple[list[Process], list[Process]]:
    """(to end, to spare)"""
    found = find(marks, known)
    servers = {process.pid for process in found if spare_servers and process.command in SERVERS}
    spared = [
        process for process in found if servers and servers & {pid for pid, _ in procfs.lineage(process.pid)}
    ]
    return [process for process in found if process not in spared], spared


def _freeze(
    marks: Marks, spare_servers: bool, targets: list[Process], known: Iterable[Process]
) -> list[Process]:
    """SIGSTOP everything, until no new process turns up."""
    frozen: dict[Process, None] = {}
    for _ in range(ROUNDS):
        new = [process for process in targets if process not in frozen]
        if not new:
            break
        for process in new:
            send(process, signal.SIGSTOP)
        frozen.update(dict.fromkeys(new))
        targets, _spared = _targets(marks, spare_servers, known)
    return list(frozen)


def _kill(processes: Iterable[Process]) -> None:
    """SIGKILL, and wait for the deaths."""
    deadline = time.monotonic() + DEATH_WAIT
    for process in processes:
        send(process, signal.SIGKILL)
    for process in processes:
        try:
            pidfd = os.pidfd_open(process.pid)
        except ProcessLookupError:
            continue
        try:
            if procfs.start_time(process.pid) == process.start:
                poll = select.poll()
                poll.register(pidfd, select.POLLIN)
                poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        finally:
            os.close(pidfd)
