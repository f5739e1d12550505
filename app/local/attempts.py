"""The attempts of one scheduler on this machine: started or found again, waited for, ended, cleaned up."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from app import procfs
from app.execution import trees
from app.execution.attempt import Alive, Gone, Unseen, locate, wait
from app.execution.ends import Ended, EndsFile, Lines, Started
from app.execution.environment import built_of, header, passed_on, task_environment
from app.execution.launcher import UPTIME_STEP, Launcher, Spawned, open_log
from app.execution.noted import noted
from app.execution.script import failed_command
from app.execution.swept import Swept
from app.execution.tmux import TmuxLauncher, end_server
from app.execution.trees import Marks, Process, ticks_now
from app.lease.errors import LeaseError
from app.lease.store import Held, LeaseStore
from app.local.leftovers import Leftovers
from app.local.surely import surely
from app.model.backend import AttemptRecord, Exit, Grant, LaunchFailed, LaunchSpec, Lost, Running
from app.model.paths import LOG_RULE, RunPaths
from app.model.problems import Problem
from app.model.settings import Settings
from app.model.state import Why
from app.threads import SpareThreads

LOG_TAIL_BYTES = 32_768
"""How much of a log's end is looked at to tell why an attempt failed."""

UNSEEN_SECONDS = 5.0
"""Between looks for an attempt whose process can't be found."""

ASK_AGAIN_SECONDS = 0.05
"""Between two tries to reach an attempt whose processes are not there yet."""

TASKS_FAULT = (errno.E2BIG, errno.EINVAL, errno.ENAMETOOLONG)
"""Launches fail so for what is in the task; otherwise (full disk, no process or descriptor left, a folder
removed) for how the machine is, and that may pass."""

NO_PROCESS = "the machine had no process left for it"

SUPERVISOR_SECONDS = 5.0
"""What a supervisor gets to end when its whole tree is dead."""

TMUX_THREADS = 4
"""Their own: a tmux that hangs must not keep others from looking for strays."""

TMUX_FLUSH_SECONDS = 2.0
"""What a tmux server gets to put the last output into the log."""


@dataclass(slots=True, eq=False)
class Living:
    """An attempt that runs, and what is needed to end it cleanly."""

    number: int
    pidfd: int
    marks: Marks
    leases: tuple[str, ...]
    on_cpu: bool
    tmux: str | None  #: socket name of its server
    over: asyncio.Event = field(default_factory=asyncio.Event)
    since: float = field(default_factory=time.monotonic)  #: started, or found again
    kill_at: float | None = None  #: monotonic; it was asked to end, and gets until then
    killed: bool = False  #: by its user, who wants its whole tree gone
    asked: set[Process] = field(default_factory=set)  #: to end: all that were found to be its own
    noting: asyncio.Lock = field(default_factory=asyncio.Lock)  #: what is noted of its stop may be taken back
    peak_gb: float | None = None
    used_gb: float | None = None

    def note_use(self, used_gb: float) -> None:
        """Memory its tree uses now on the fullest of its cards: what a demand per GPU compares with."""
        self.used_gb = used_gb
        self.peak_gb = max(self.peak_gb or 0.0, used_gb)


class Attempts:
    """Starts, finds, waits for and ends attempts. Their leases end with them."""

    def __init__(self, run: RunPaths, leases: LeaseStore, settings: Settings) -> None:
        run.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._leases = leases
        self._ends = EndsFile(run.ends)
        self._direct, self._in_tmux = Launcher(self._ends), TmuxLauncher(self._ends)
        self._for_tmux = SpareThreads("tmux", TMUX_THREADS)
        self._passed = passed_on(os.environ)
        self._host = socket.gethostname()
        self._swept = Swept(run.swept)
        self.leftovers = Leftovers(settings.kill_leftovers, self._give_back, leases.vouch, self._swept.note)
        for number, marks in self._ended_before(run):
            self.leftovers.sweep_later(number, marks)
        self.living: dict[int, Living] = {}
        self.sought: dict[int, tuple[str, ...]] = {}  #: leases of those that are being adopted, by number
        self.unseen: dict[int, Problem] = {}
        self.freed_at: float | None = None  #: monotonic, when cards were last given back

    async def close(self) -> None:
        """Let go of all descriptors; what runs, runs on, but for strays of ended tasks."""
        await self.leftovers.close()
        for living in self.living.values():
            os.close(living.pidfd)
        self._ends.close()
        self._swept.close()

    async def launch(
        self, grant: Grant, held: Held | None, spec: LaunchSpec, visible: str
    ) -> Running | LaunchFailed:
        """Start one. On failure its leases are released."""
        try:
            spawned = await self._spawn(grant, held, spec, visible)
        except (OSError, ValueError) as error:
            self._leases.release(grant.leases)
            with contextlib.suppress(OSError):
                os.unlink(spec.log_path)  # noqa: PTH108 - a log of nothing
            return _failed(error)
        if held:
            with contextlib.suppress(LeaseError):  # it holds without its content, as a whole card
                self._leases.identify(held, spawned.pid, spawned.start, spawned.session)
        marks = self._marks(spec.log_path, grant.leases, spawned)
        self._add(spec.number, spawned.pidfd, marks, grant.leases, not grant.gpu_uuids, spec.session_name)
        return Running(spec.key, spec.number, spawned.pid, spawned.start, time.time(), built=spec.built)

    def leave_log(self, grant: Grant, spec: LaunchSpec, visible: str, said: str) -> bool:
        """For an attempt that comes to nothing: a log that says why. False: it can't be written."""
        head = self._head(grant, spec, task_environment(self._passed, spec, grant.gpu_ids, visible))
        try:
            os.close(open_log(spec.log_path, head + said.encode("utf-8", "replace")))
        except OSError:
            return False
        return True

    async def adopt(self, record: AttemptRecord) -> Running | Exit | Lost:
        """Find an attempt of an earlier scheduler again; one that has ended is cleaned up after."""
        self.sought[record.number] = record.leases
        try:
            return await surely("finding an attempt again", lambda: self._adopt(record))
        finally:
            del self.sought[record.number]

    async def _adopt(self, record: AttemptRecord) -> Running | Exit | Lost:
        self._leases.adopt(record.leases)
        found = await self._locate(record)
        lines = self._ends.lines(record.number)
        started = lines.started
        if isinstance(found, Alive):
            self._leases.vouch(record.leases)
            marks = self._marks(record.log_path, record.leases, found)
            self._add(
                record.number, found.pidfd, marks, record.leases, not record.gpu_uuids, record.session_name
            )
            # As the clock says now: it may have been set since, and a timeout counts from here.
            began = time.time() - (procfs.uptime() - started.uptime) if started else record.started_at
            why = lines.stop.why if lines.stop else None
            built = built_of(record.log_path)
            return Running(record.key, record.number, found.pid, found.start, began, why, built)
        if isinstance(found, Gone) and found.reboot:
            self._leases.release(record.leases)
        else:
            marks = self._marks(record.log_path, record.leases, started)
            await self.leftovers.end(marks, record.leases, 0.0, forced=isinstance(found, Gone))
        self._swept.note(record.number)
        if isinstance(found, Gone):
            return Lost(found.reboot, began=started is not None and not lines.unborn)
        return _exit(lines, found, record.log_path, None)

    def _ended_before(self, run: RunPaths) -> Iterator[tuple[int, Marks]]:
        """Attempts of an earlier scheduler that died between their end and the look for strays. Told by log
        and script alone: what has the number of a session by now may be anybody's."""
        ended = [number for number in self._ends.numbers() if self._ends.lines(number).ended]
        unswept = set(self._swept.left_of(ended))
        for log in run.logs() if unswept else ():
            if log.number in unswept:
                yield log.number, Marks(str(log.path))

    async def _locate(self, record: AttemptRecord) -> Alive | Ended | Gone:
        """Where its lock is held by a process that can't be seen from here, wait for what that does."""
        while True:
            try:
                found = await locate(self._ends, record.number, record.log_path, record.boot_id)
                self.unseen.pop(record.number, None)
                return found
            except Unseen as unseen:
                self._leases.vouch(record.leases)
                self.unseen[record.number] = unseen.problem
                await asyncio.sleep(UNSEEN_SECONDS)

    async def wait(self, running: Running) -> Exit | Lost | LaunchFailed:
        """Until it has ended, its tree is gone and its leases are released."""
        living = self.living[running.number]
        reaped = await wait(living.pidfd)
        self._leases.hold(living.leases)
        lines = self._ends.lines(running.number)
        ended = lines.ended
        living.marks = replace(living.marks, ended=_ended_at(ended, reaped))
        living.over.set()
        async with living.noting:
            lines = self._ends.lines(running.number)
        forced = ended is None or living.killed or lines.ended_for is not None
        # Its cards stay its own until everything could be looked at.
        await surely("looking for what an attempt has left", lambda: self._clean_up(living, forced))
        del self.living[running.number]
        os.close(living.pidfd)
        if ended is None:
            return LaunchFailed(NO_PROCESS, refused=True) if lines.unborn else Lost(reboot=False)
        return _exit(lines, ended, living.marks.log_path, living.peak_gb)

    async def signal(self, running: Running, why: Why, grace: float) -> None:
        """End the whole tree: asked first, and after `grace` seconds made to."""
        living = self.living.get(running.number)
        if living is None:
            return
        before = self._ends.lines(running.number).stop  # an earlier scheduler's grace goes on
        gone = procfs.uptime() - before.uptime if before else 0.0
        living.killed = why == "killed"
        living.kill_at = time.monotonic() + max(0.0, grace - gone)
        supervisor = Process(running.pid, running.start, "")
        await surely("ending an attempt", lambda: self._end(living, supervisor, why))

    async def _end(self, living: Living, supervisor: Process, why: Why) -> None:
        if await self._ends_when_asked(living, why):
            return  # what is left of its tree has the rest of the time: see _clean_up
        async with living.noting:
            with noted(self._ends, living.number, why) as reached:
                killed = await asyncio.to_thread(trees.kill_tree, living.marks, known=living.asked)
                reached += killed.ended
        # Its supervisor ends by itself, unless somebody has stopped that.
        trees.send(supervisor, signal.SIGCONT)
        if not await _over_within(living, SUPERVISOR_SECONDS):
            trees.send(supervisor, signal.SIGKILL)

    async def _ends_when_asked(self, living: Living, why: Why) -> bool:
        """Ask its tree to end; whether it has before it is made to. Right after a launch there is nobody but
        the supervisor, which stays: its task is asked once it is there."""
        assert living.kill_at is not None
        while not await self._ask(living, why):
            if time.monotonic() >= living.kill_at or await _over_within(living, ASK_AGAIN_SECONDS):
                break
        return await _over_within(living, max(0.0, living.kill_at - time.monotonic()))

    async def _ask(self, living: Living, why: Why) -> bool:
        """Ask all of its tree that was not asked yet; whether there is anybody. Looking takes long where much
        runs, and it may end by itself meanwhile: so the note is made as the signals go out."""
        found = await asyncio.to_thread(trees.find, living.marks, living.asked)
        if not living.over.is_set() and not living.asked.issuperset(found):
            with noted(self._ends, living.number, why) as reached:
                reached += trees.ask(found, living.asked)
        return bool(found)

    async def _spawn(self, grant: Grant, held: Held | None, spec: LaunchSpec, visible: str) -> Spawned:
        env = task_environment(self._passed, spec, grant.gpu_ids, visible)
        head = self._head(grant, spec, env)
        fds = held.fds if held else ()
        if spec.terminal == "tmux":
            return await self._for_tmux.run(partial(self._in_tmux.launch, spec, env, fds, head))
        return self._direct.launch(spec, env, fds, head)

    def _head(self, grant: Grant, spec: LaunchSpec, env: Mapping[str, str]) -> bytes:
        return header(spec, env, grant.gpu_ids, self._host, time.time())

    async def _clean_up(self, living: Living, forced: bool) -> None:
        """If nothing of its session is left and nobody holds its leases, its cards go on at once, and strays
        are looked for beside. Otherwise what it left is ended first.

        `forced`: always so, when it was stopped or has no end line, since the task may begin anew."""
        if not forced and trees.quick_check(living.marks, lambda: self._still_held(living)):
            self._give_back(living.leases)
            self.leftovers.sweep_later(living.number, living.marks)
            if living.tmux:
                living.leases = ()
                self.leftovers.freed()
                await self._end_tmux(living.tmux)
            return
        if living.tmux:
            await self._end_tmux(living.tmux)
        patience = 0.0 if living.kill_at is None else max(0.0, living.kill_at - time.monotonic())
        await self.leftovers.end(living.marks, living.leases, patience, forced, living.asked)
        self._swept.note(living.number)

    async def _end_tmux(self, server: str) -> None:
        """Once it has written the last output into the log. It was stopped, or tmux is gone: so be it."""
        with contextlib.suppress(OSError):
            await self._for_tmux.run(partial(end_server, server, TMUX_FLUSH_SECONDS))

    def _still_held(self, living: Living) -> bool:
        """By a process other than this one."""
        return bool(self._leases.let_go(living.leases))

    def _give_back(self, leases: Collection[str]) -> None:
        self._leases.release(leases)
        self.freed_at = time.monotonic()

    def _marks(self, log_path: str, leases: Iterable[str], of: Spawned | Alive | Started | None) -> Marks:
        """`of`: its supervisor, as far as it is known."""
        paths = tuple(str(self._leases.path(name)) for name in leases)
        return Marks(log_path, paths, of.pid, of.start, of.session) if of else Marks(log_path, paths)

    def _add(
        self, number: int, pidfd: int, marks: Marks, leases: tuple[str, ...], on_cpu: bool, tmux: str | None
    ) -> None:
        self.living[number] = Living(number, pidfd, marks, leases, on_cpu, tmux)


async def _over_within(living: Living, seconds: float) -> bool:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(living.over.wait(), seconds)
    return living.over.is_set()


def _ended_at(ended: Ended | None, reaped: bool) -> int | None:
    """In ticks: nobody born into its session later is its own, as its number may be another's by then.

    A child of ours kept its number until we reaped it; of others only their last line tells.
    """
    if reaped:
        return ticks_now()
    return None if ended is None else int((ended.uptime + UPTIME_STEP) * os.sysconf("SC_CLK_TCK"))


def _failed(error: OSError | ValueError) -> LaunchFailed:
    """ValueError: a word that this locale has no bytes for, a NUL."""
    if isinstance(error, ValueError):
        return LaunchFailed(str(error))
    where = f"{error.filename}: " if error.filename else ""
    passing = isinstance(error, TimeoutError)  # of a tmux that does not answer; it has no number
    refused = passing or (error.errno is not None and error.errno not in TASKS_FAULT)
    return LaunchFailed(where + (error.strerror or str(error)), refused)


def _exit(lines: Lines, ended: Ended, log_path: str, peak_gb: float | None) -> Exit:
    tail = _tail(log_path) if ended.status else ""  # only a failure is looked into
    command = failed_command(tail)
    return Exit(ended.status, ended.started_at, ended.ended_at, peak_gb, tail, command, lines.ended_for)


def _tail(log_path: str) -> str:
    """The end of what the task wrote into its log, our own head apart; "" where it can't be read."""
    try:
        # O_NONBLOCK: the task may have put a pipe in its place.
        with os.fdopen(os.open(log_path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as log:
            info = os.fstat(log.fileno())
            if not stat.S_ISREG(info.st_mode):
                return ""
            log.seek(max(0, info.st_size - LOG_TAIL_BYTES))
            text = log.read(LOG_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    head, rule, own = text.partition(f"\n{LOG_RULE}\n")
    return own if rule else head
