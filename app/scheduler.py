"""One scheduler, from its flags to its exit code: everything is put together here and nowhere else."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from app import preparation, procfs
from app.answers import Answers
from app.begin import Plan, make_plan
from app.command_file.parse import Parsed
from app.config import Loaded
from app.core.events import Action, Event, Pause
from app.core.machine import Core
from app.core.never import surely_gb
from app.core.task import Task
from app.counting import Counting
from app.edits import UNREAD, Edits
from app.engine import Engine, now
from app.gpu.watch import GpuWatch
from app.hooks.calls import Hooks
from app.local.advice import Advice
from app.local.backend import LocalBackend, open_backend
from app.local.off import turn_card
from app.logs import open_log, say
from app.model import records
from app.model.faults import BadInput
from app.model.paths import RunPaths
from app.model.problems import Problem
from app.model.state import Backoff, Held
from app.model.state_file import StartedWith, StateFile
from app.model.task import TaskSpec
from app.narrate import Narrator, counted, duration, log
from app.notify.notifier import Notifier, missing
from app.options import RunOptions
from app.preparation import Files
from app.publish import Publisher
from app.ready import Ready, make_ready, read_again
from app.recorder import Recorder
from app.replan import Replan
from app.report import Report
from app.resume import progress
from app.retune import Retune
from app.server import ControlSocket
from app.signals import Signals
from app.store import paused, surroundings
from app.store.history import History
from app.store.state_file import StateWriter
from app.store.states import clean, remove_superseded
from app.tally import Tally
from app.threads import ready_threads
from app.view.live import LiveView, suits
from app.view.summary import print_summary
from app.why import Ask

THREADS = 8
"""For what blocks and is no thread's own: scans of /proc, tmux."""

GREETING_SECONDS = 10.0
"""On the live view; above it, the whole of it is seen again at the end."""

SUMMARY_SECONDS = 2.0
"""What a pipe's reader gets to take the summary."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A scheduler put together."""

    engine: Engine
    recorder: Recorder
    publisher: Publisher
    edits: Edits[Parsed]
    settings: Edits[Loaded]
    replan: Replan
    retune: Retune
    counting: Counting | None  #: of a table's rows
    plan: Plan
    turn: Callable[[str, bool], tuple[str, bool]]  #: a card off or on
    ask: Ask  #: what a decision would say of a waiting task


async def serve(options: RunOptions) -> int:
    """Run a scheduler to its end; its exit code. Raises GpulaneError for what is exit code 2."""
    async with contextlib.AsyncExitStack() as stack:
        with preparation.refused():
            asyncio.get_running_loop().set_default_executor(ready_threads(THREADS))
            ready = await make_ready(stack, options)
            parts = await _assemble(stack, ready)
        return await _live(ready, parts)


async def _assemble(stack: contextlib.AsyncExitStack, ready: Ready) -> Parts:
    files = ready.files
    the_plan = make_plan(ready)
    run = RunPaths(files.home.runs / the_plan.name)
    writer = StateWriter(files.home, os.getpid())
    stack.callback(writer.close)
    history = await History.open(files.home.history)
    stack.push_async_callback(history.close)
    advice = Advice(_hooks(files), files.work_dir)
    backend = open_backend(files.home, files.settings, run, ready.watch, ready.rules, advice)
    stack.push_async_callback(backend.close)
    with contextlib.suppress(OSError):  # a full disk: the run is worth more than what a restart would need
        surroundings.save(run)
    number, departed = the_plan.last_number, the_plan.departed
    core = Core(the_plan.tasks, files.settings, run, files.work_dir, now(), number, departed)
    core.surely_gb = _surely_gb(ready.watch, backend)
    recorder = Recorder(history, asyncio.sleep)
    recorder.add(*the_plan.records)
    engine = Engine(core, backend, recorder, stay=ready.options.watch)
    used = (task.key for task in ready.saved.tasks) if ready.saved else ()
    replan = Replan(engine, files, lambda: backend.rules, backend.known, used)
    retune = Retune(engine, backend, files)

    def saved() -> None:
        publisher.look_again()
        if counting:
            counting.look()

    edits, settings = _edits(ready, the_plan.name, replan, retune, saved)

    def problems() -> list[Problem]:
        changing = (*edits.problems, *settings.problems, *retune.problems)
        changing += counting.problems if counting else ()
        found = (core.fuse.problem(), recorder.problem)
        untold = missing(core.settings.notify)
        return [*(each for each in found if each), *untold, *ready.problems, *changing]

    tally = Tally(core)
    engine.decided = tally.decided
    report = Report(_base(ready, the_plan.name), core, tally.totals)
    narrator = Narrator(core, ready.options.watch)
    counting = None
    if ready.journal is not None:
        if ready.saved is None:
            ready.journal.forget()  # of earlier runs, and all counted
        counting = Counting(core, files, the_plan.name, ready.journal, edits.rewritten)
        engine.listeners.append(counting)
    tell = (narrator.problems, _notifier(stack, engine, str(files.command)).problems)
    publisher = Publisher(report, writer, core, backend, problems, tell)
    engine.listeners += [tally, narrator, publisher, partial(_keep_pause, run)]
    backend.name_by(core.board.label)
    backend.shun(lambda: core.aside.decide(now()))
    turn = partial(turn_card, backend.known, core.aside.forgive, files.home.gpus_off)
    changing = edits, settings, replan, retune
    return Parts(engine, recorder, publisher, *changing, counting, the_plan, turn, backend.outlook)


def _keep_pause(run: RunPaths, event: Event | None, _: Sequence[Action]) -> None:
    """For the next start. A listener of the engine's."""
    if not isinstance(event, Pause):
        return
    try:
        paused.keep(run, not event.lifted)
    except OSError as error:
        log.warning("%s: %s; after a restart it would not be known", run.paused, error.strerror)


def _hooks(files: Files) -> Hooks | None:
    if files.hooks is None:
        return None
    return Hooks(files.hooks, files.hook_names, files.work_dir, files.settings.hook_timeout)


def _edits(
    ready: Ready, run: str, replan: Replan, retune: Retune, told: Callable[[], None]
) -> tuple[Edits[Parsed], Edits[Loaded]]:
    """Of the command file, and of the settings."""
    files = ready.files

    def read() -> Parsed:
        return read_again(ready, run, replan.had())

    of_settings = Edits(
        files.config or files.home.config_file(),
        UNREAD if files.loaded.file else None,  # it may have changed since it was read
        files.loaded,
        retune.read,
        retune.accept,
        told,
        of_settings=True,
    )
    of_plan = Edits(files.command, ready.seen, ready.parsed, read, replan, told, given=files.given)
    return of_plan, of_settings


def _notifier(stack: contextlib.AsyncExitStack, engine: Engine, about: str) -> Notifier:
    notifier = Notifier(engine.core, about)
    stack.push_async_callback(notifier.close)
    engine.listeners.append(notifier)
    engine.alongside(notifier.run(), "notifier")
    return notifier


def _surely_gb(watch: GpuWatch, backend: LocalBackend) -> Callable[[TaskSpec], float | None]:
    """By the cards that are known when it is asked: at a resume the driver may answer only later."""

    def answer(spec: TaskSpec) -> float | None:
        return surely_gb(spec, watch.last.gpus, backend.rules) if watch.last else None

    return answer


def _here(files: Files) -> str:
    """Where it was started; the home, if that folder is gone."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return str(files.home.root)


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
        started_with=StartedWith(
            simulate=ready.options.simulate,
            watch=ready.options.watch,
            folder=_here(files),
            metrics_port=ready.options.metrics_port,
        ),
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
    if ready.metrics:
        ready.metrics.serve(parts.publisher.written)
        log.info("metrics: %s", ready.metrics.url)
    view = LiveView(parts.publisher.state, console, ready.options.watch) if on_terminal else None
    if view and ready.saved is not None:
        view.notice(f"resumed: {progress(_in_file(parts.plan))}; --fresh starts over", GREETING_SECONDS)
    signals = Signals(engine, view.notice if view else None, parts.publisher.machine_goes_down)
    signals.install()
    if _is_paused(ready, parts.plan):
        engine.pause()
        await parts.recorder.flush()  # a run that history does not know would begin anew, and not paused
    engine.seek(parts.plan.open_attempts)
    user = procfs.user_name(os.getuid())
    words = Answers(engine, parts.publisher.content, parts.turn, parts.ask, parts.retune, user)
    listener = ControlSocket(files.home.control_socket(os.getpid()), words, parts.recorder.flush)
    engine.alongside(listener.run(), "control socket")
    engine.alongside(parts.publisher.run(), "state file")
    engine.alongside(engine.backend.observe(engine.look_again), "observer")
    engine.alongside(parts.edits.run(), "edits")
    engine.alongside(parts.settings.run(), "settings")
    if parts.counting:
        engine.alongside(parts.counting.run(), "counting")
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
    if _is_paused(ready, the_plan):
        how = "" if ready.options.paused else ", as it was left"
        lines.append(f"paused{how}: nothing starts until ./gpulane resume")
    return lines


def _is_paused(ready: Ready, the_plan: Plan) -> bool:
    """By its flags, or as it was left."""
    return ready.options.paused or paused.is_kept(RunPaths(ready.files.home.runs / the_plan.name))


def _in_file(the_plan: Plan) -> list[Task]:
    return [task for task in the_plan.tasks if task.in_file]


async def _finish(ready: Ready, parts: Parts, signals: Signals, console: Console) -> int:
    core, recorder = parts.engine.core, parts.recorder
    if parts.counting:
        await parts.counting.finish()
    code = signals.exit_code()
    if code is None:
        code = _as_asked(core)
    if core.all_well and await _file_has_more(ready, parts):
        log.info("the command file was edited meanwhile: the next start on it goes on with what is new there")
    elif core.all_well:
        recorder.add(records.RunFinished(now().wall, code))
        await recorder.recover(given_up=lambda: core.ending == "stop")
    await parts.engine.backend.look()  # the last state shows no lease that has just gone
    await signals.understood()
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


def _as_asked(core: Core) -> int:
    """The exit code where no signal has ended it: `stop` and `drain` count as the signals they stand for."""
    if core.all_well:
        return 0
    numbers = {"stop": signal.SIGTERM, "drain": signal.SIGINT}
    return 1 if core.ending is None else 128 + numbers[core.ending]


async def _file_has_more(ready: Ready, parts: Parts) -> bool:
    """A run is over when the file as it stands is done, and not the one that was read."""
    if parts.edits.up_to_date or not ready.files.command.exists():
        return False
    try:
        parsed = await asyncio.to_thread(read_again, ready, parts.plan.name, parts.replan.had())
    except (BadInput, OSError):
        return True
    return parts.replan.has_more(parsed)
