"""One scheduler, from its flags to its exit code: everything is put together here and nowhere else."""

import asyncio
import contextlib
import gc
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from rich.console import Console
from rich.text import Text

from app import fitting, preparation, procfs
from app.answers import Answers
from app.command_file.parse import Parsed
from app.command_file.syntax import Verdicts
from app.core import plan
from app.core.align import align
from app.core.machine import Core
from app.core.never import surely_gb
from app.core.rules import Rules
from app.core.task import Task
from app.earlier import count_living, filled_in, give_up, unfinished_run
from app.edits import Edits, Signature, signature
from app.engine import Engine, now
from app.gpu.probe import NoDriver
from app.gpu.watch import GpuWatch
from app.local.backend import open_backend
from app.local.off import turn_card
from app.logs import open_log, say
from app.model import records
from app.model.backend import AttemptRecord
from app.model.faults import BadInput, Fault
from app.model.gpu import Gpu
from app.model.paths import RunPaths, run_stem
from app.model.problems import Problem
from app.model.records import Record
from app.model.state import Backoff, Held
from app.model.state_file import StateFile
from app.model.task import TaskSpec
from app.narrate import Narrator, counted, duration, log
from app.options import RunOptions
from app.preparation import Files
from app.publish import Publisher
from app.recorder import Recorder
from app.replan import Replan
from app.report import Report
from app.resume import progress, resume
from app.server import ControlSocket
from app.signals import Signals
from app.store.history import History
from app.store.plan_lock import take_plan
from app.store.resume import SavedRun
from app.store.state_file import StateWriter
from app.store.states import clean, remove_superseded
from app.threads import ready_threads
from app.view import LiveView, print_summary, suits

THREADS = 8
"""For what blocks and is no thread's own: scans of /proc, tmux."""

GREETING_SECONDS = 10.0
"""On the live view; above it, the whole of it is seen again at the end."""

SUMMARY_SECONDS = 2.0
"""What a pipe's reader gets to take the summary."""

RESUME_LOOK_SECONDS = 0.3
"""What the driver gets before living attempts are looked for."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything that could be refused has been looked at, and nothing was started or written."""

    options: RunOptions
    files: Files
    seen: Signature | None  #: of the command file as it was read
    parsed: Parsed
    verdicts: Verdicts  #: what bash said of its scripts
    saved: SavedRun | None  #: the run to go on with
    given_up: SavedRun | None  #: the unfinished run that a fresh start leaves behind
    watch: GpuWatch
    rules: Rules
    problems: tuple[Problem, ...]  #: of the machine and the settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: the run's name, its tasks, and what an earlier scheduler left of it."""

    name: str
    tasks: list[Task]
    open_attempts: Sequence[AttemptRecord]
    last_number: int
    records: list[Record]
    removed: int = 0  #: tasks that the file has no more
    departed: Sequence[Task] = ()  #: of them and of earlier ones, those that were completed


@dataclass(frozen=True, slots=True)
class Parts:
    """A scheduler put together."""

    engine: Engine
    recorder: Recorder
    publisher: Publisher
    edits: Edits
    replan: Replan
    plan: Plan
    turn: Callable[[str, bool], str]  #: a card off or on


async def serve(options: RunOptions) -> int:
    """Run a scheduler to its end; its exit code. Raises GpulaneError for what is exit code 2."""
    async with contextlib.AsyncExitStack() as stack:
        with preparation.refused():
            asyncio.get_running_loop().set_default_executor(ready_threads(THREADS))
            ready = await _ready(stack, options)
            parts = await _assemble(stack, ready)
        return await _live(ready, parts)


async def _ready(stack: contextlib.AsyncExitStack, options: RunOptions) -> Ready:
    preparation.raise_descriptor_limit()
    files = preparation.find_files(options)
    preparation.make_folders(files.home)
    stack.callback(take_plan(files.home.state, files.command).release)
    unfinished = unfinished_run(files.home, files.command, options)
    saved, given_up = (None, unfinished) if options.start == "fresh" else (unfinished, None)
    seen = signature(files.command)
    verdicts: Verdicts = {}
    parsed = preparation.read_command_file(files, verdicts)
    if saved is not None:
        _refuse(parsed.faults, files, saved)
    watch = GpuWatch(
        fitting.make_probe(options),
        sample_interval=files.settings.sample_interval,
        sample_window=files.settings.sample_window,
    )
    stack.push_async_callback(watch.close)
    if saved is None:
        rules, problems = await fitting.fit(files, parsed, watch)
    else:
        rules, problems = fitting.rules_here(files, await _cards_at_resume(watch, files, saved))
    return Ready(
        options, files, seen, parsed, verdicts, saved, given_up, watch, rules, files.problems + problems
    )


def _refuse(faults: tuple[Fault, ...], files: Files, saved: SavedRun) -> None:
    """At a resume. Raises BadInput with the file's faults, which counts what was left running."""
    try:
        preparation.refuse(faults)
    except BadInput as bad:
        living = count_living(files.home, saved)
        if living:
            text = f"what still runs of the unfinished run ({counted(living, 'task')}) was left as it is"
            raise BadInput(f"{bad}\n{text}; mend the file and start again") from bad
        raise


async def _cards_at_resume(watch: GpuWatch, files: Files, saved: SavedRun) -> tuple[Gpu, ...]:
    """None while the driver is away: what runs is looked for now, and the rest waits. Raises NoDriver where
    there has been no driver and nothing runs: the wait would be for ever."""
    try:
        return await fitting.cards_within(watch, RESUME_LOOK_SECONDS)
    except NoDriver:
        if count_living(files.home, saved):
            return ()
        raise


async def _assemble(stack: contextlib.AsyncExitStack, ready: Ready) -> Parts:
    files = ready.files
    the_plan = _plan(ready)
    run = RunPaths(files.home.runs / the_plan.name)
    writer = StateWriter(files.home, os.getpid())
    stack.callback(writer.close)
    history = await History.open(files.home.history)
    stack.push_async_callback(history.close)
    backend = open_backend(files.home, files.settings, run, ready.watch, ready.rules)
    stack.push_async_callback(backend.close)
    number, departed = the_plan.last_number, the_plan.departed
    core = Core(the_plan.tasks, files.settings, run, files.work_dir, now(), number, departed)
    core.surely_gb = _surely_gb(ready)
    recorder = Recorder(history, asyncio.sleep)
    recorder.add(*the_plan.records)
    engine = Engine(core, backend, recorder, stay=ready.options.watch)
    used = (task.key for task in ready.saved.tasks) if ready.saved else ()
    replan = Replan(engine, files, ready.rules, backend.known, used)
    edits = Edits(
        files.command,
        ready.seen,
        ready.parsed,
        lambda: preparation.read_command_file(files, ready.verdicts),
        replan,
        lambda: publisher.look_again(),
    )

    def problems() -> list[Problem]:
        return [*ready.problems, *edits.problems, *([recorder.problem] if recorder.problem else ())]

    report = Report(_base(ready, the_plan.name), core)
    narrator, beat = Narrator(core, ready.options.watch), files.settings.heartbeat
    publisher = Publisher(report, writer, core, backend, problems, beat, narrator.problems)
    engine.listeners += [narrator, publisher]
    turn = partial(turn_card, backend.known, files.home.gpus_off)
    return Parts(engine, recorder, publisher, edits, replan, the_plan, turn)


def _plan(ready: Ready) -> Plan:
    files, saved = ready.files, ready.saved
    if saved is not None:
        saved, filled = filled_in(files.home, saved, now())
        resumed = resume(saved, ready.parsed.tasks, now())
        if ready.watch.last:
            cards, document = ready.watch.last.gpus, ready.parsed.document
            never = fitting.never_fitting(resumed.anew, document, cards, ready.rules, files.shown)
            _refuse(never, files, saved)
        begun: Record = records.RunResumed(saved.run_id, procfs.boot_id())
        told = [begun, *filled, *resumed.records]
        number, removed = saved.last_number, resumed.removed
        return Plan(
            *(saved.name, resumed.tasks, resumed.open_attempts, number, told, removed, resumed.departed)
        )
    planned = plan.numbered(ready.parsed.tasks, align((), ready.parsed.tasks))
    name = _run_name(files)
    started = records.RunStarted(
        name=name,
        command_file=str(files.command),
        mode=files.mode,
        uid=os.getuid(),
        config_index=files.index,
        host=socket.gethostname(),
        boot_id=procfs.boot_id(),
        simulated=ready.options.simulate is not None,
        started_at=now().wall,
    )
    before = give_up(files.home, ready.given_up, now()) if ready.given_up else []
    told = [*before, started, records.TasksPlanned(planned, now().wall)]
    return Plan(name, plan.fresh(planned, now()), (), 0, told)


def _run_name(files: Files) -> str:
    """Sorts by time, says what it is, is never used twice; short, as it is part of tmux's socket names."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{run_stem(files.command)}{secrets.token_hex(2)}"  # noqa: DTZ005


def _surely_gb(ready: Ready) -> Callable[[TaskSpec], float | None]:
    """By the cards that are known when it is asked: at a resume the driver may answer only later."""

    def answer(spec: TaskSpec) -> float | None:
        look = ready.watch.last
        return surely_gb(spec, look.gpus, ready.rules) if look else None

    return answer


def _base(ready: Ready, run: str) -> StateFile:
    """What stays the same in the state file for this scheduler's life."""
    files = ready.files
    return StateFile(
        pid=os.getpid(),
        process_start=procfs.start_time(os.getpid()) or 0,
        boot_id=procfs.boot_id(),
        host=socket.gethostname(),
        user=procfs.user_name(os.getuid()),
        mode=files.mode,
        simulated=ready.options.simulate is not None,
        config_index=files.index,
        command_file=str(files.command),
        config_file=str(files.config) if files.config else None,
        run=run,
        started_at=now().wall,
        updated_at=now().wall,
        status="running",
        counts={},
        queues=(),
        gpus=(),
        allowance=None,
        problems=(),
    )


async def _live(ready: Ready, parts: Parts) -> int:
    """Run until nothing will happen any more, with the view or plain lines beside it."""
    files, engine = ready.files, parts.engine
    console = Console()
    on_terminal = suits(console)
    open_log(files.home.scheduler_log(files.mode), files.settings.log_max_mb, on_terminal)
    for line in _greeting(ready, parts.plan):
        log.info("%s", line)
        if on_terminal:
            console.print(Text(line))
    view = LiveView(parts.publisher.state, console, ready.options.watch) if on_terminal else None
    if view and ready.saved is not None:
        view.notice(f"resumed: {progress(_in_file(parts.plan))}; --fresh starts over", GREETING_SECONDS)
    signals = Signals(engine, view.notice if view else None)
    signals.install()
    engine.seek(parts.plan.open_attempts)
    words = Answers(engine, parts.publisher.content, parts.turn, procfs.user_name(os.getuid()))
    listener = ControlSocket(files.home.control_socket(os.getpid()), words, parts.recorder.flush)
    engine.alongside(listener.run(), "control socket")
    engine.alongside(parts.publisher.run(), "state file")
    engine.alongside(engine.backend.observe(engine.look_again), "observer")
    if ready.options.watch:
        engine.alongside(parts.edits.run(), "edits")
    if view:
        engine.alongside(_draw(view), "view")
    simulated = ready.options.simulate is not None
    remove_superseded(files.home, str(files.command), files.mode, simulated)
    clean(files.home, files.settings.keep_days, now().wall)
    gc.freeze()  # the plan stays; of 100,000 tasks a full collection would hold everything up for 0.1 s
    try:
        await engine.run()
    finally:
        if view:
            view.close()
    return await _finish(ready, parts, signals, console)


async def _draw(view: LiveView) -> None:
    """A fault in drawing is no reason to stop scheduling."""
    try:
        await view.run()
    except Exception:
        log.exception("the live view failed; the scheduler goes on without it")
    finally:
        view.close()


def _greeting(ready: Ready, the_plan: Plan) -> list[str]:
    """The first lines: whether it is a resume, and what runs."""
    files = ready.files
    tasks = _in_file(the_plan)
    held = sum(isinstance(task.state, Held) for task in tasks)
    lines = [f"{files.command}: {counted(len(tasks), 'task')}" + (f", {held} held" if held else "")]
    if ready.saved is not None:
        found = counted(len(the_plan.open_attempts), "running attempt")
        gone = f", {counted(the_plan.removed, 'task')} no longer in the file" if the_plan.removed else ""
        text = f"resuming run {the_plan.name}: {progress(tasks)}, {found} to look for{gone}"
        # Beside what still runs a fresh start would be refused.
        first = "end what runs with Ctrl-C twice, then " if the_plan.open_attempts else ""
        lines.insert(0, f"{text} ({first}start over with --fresh)")
        retries = [task.state.until for task in tasks if isinstance(task.state, Backoff)]
        if retries:
            when = duration(min(retries) - now().wall)
            lines.append(f"{counted(len(retries), 'task')} to be tried again, the first in {when}")
    return lines


def _in_file(the_plan: Plan) -> list[Task]:
    return [task for task in the_plan.tasks if task.in_file]


async def _finish(ready: Ready, parts: Parts, signals: Signals, console: Console) -> int:
    core, recorder = parts.engine.core, parts.recorder
    code = signals.exit_code()
    if code is None:
        code = 0 if core.all_well else 1
    if core.all_well and await _file_has_more(ready, parts):
        log.info("the command file was edited meanwhile: the next start on it goes on with what is new there")
    elif core.all_well:
        recorder.add(records.RunFinished(now().wall, code))
        await recorder.recover(given_up=lambda: core.ending == "stop")
    await parts.engine.backend.look()  # the last state shows no lease that has just gone
    parts.publisher.write(last=True)
    with contextlib.suppress(OSError, SystemExit):  # the terminal may be gone
        if console.is_terminal:
            print_summary(parts.publisher.state(last=True), console)
        else:
            with console.capture() as summary:
                print_summary(parts.publisher.state(last=True), console)
            say(summary.get(), patience=SUMMARY_SECONDS)
    log.info("ended with exit code %d", code)
    return code


async def _file_has_more(ready: Ready, parts: Parts) -> bool:
    """A run is over when the file as it stands is done, and not the one that was read."""
    if parts.edits.up_to_date or not ready.files.command.exists():
        return False
    try:
        parsed = await asyncio.to_thread(preparation.read_command_file, ready.files, ready.verdicts)
    except (BadInput, OSError):
        return True
    return parts.replan.has_more(parsed)
