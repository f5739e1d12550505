"""What a text would do as a command file, put together from the file's run, its scheduler and the cards."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.cards_now import CardsNow, Looked, simulated_cards
from app.command_file.parse import Parsed
from app.command_file.read import read
from app.config.load import load
from app.core.rules import Rules, Seen
from app.earlier import count_living, filled_in, keys_in, left_of, unfinished_run
from app.fitting import out_of_range
from app.model.backend import Now
from app.model.blockers import DriverSilent
from app.model.faults import BadInput, Fault
from app.model.lease import Lease
from app.model.paths import Home, RunPaths
from app.model.settings import Settings
from app.model.state import FINISHED
from app.model.task import Mode
from app.options import RunOptions
from app.preparation import refuse
from app.preview import Asked, Before, Standing, own_leases, preview
from app.previewed import Preview, Row
from app.store import paused
from app.store.lasting import last_run
from app.store.resume import load_unfinished
from control.src.files.configurations import Checked
from control.src.schedulers.states import Raw
from control.src.schedulers.states import Seen as Scheduler

LONGEST = 2_000_000
"""Characters."""

MOST_SCRIPTS = 40
"""That bash is asked about at once; it takes some milliseconds for each."""

Check = Callable[[str, Mode, str, int], Checked]
"""A text, its mode, what faults call its file, and about how many new scripts bash is asked now."""


Usual = Callable[[str, str, int], float | None]
"""Seconds that a task takes as a rule: by its digest, script and number of GPUs."""

MOST_ROWS = 2_000
"""Tasks of a preview that are shown; what is submitted is the last of all."""
TO_COME = ("starts_now", "waits", "behind", "held")


@dataclass(frozen=True, slots=True)
class Answer:
    found: Preview
    notes: Sequence[str] = ()  #: what is worth knowing of it
    seconds: Mapping[str, float] = field(default_factory=dict)  #: that a task usually takes, by its key


def refused(faults: Sequence[Fault], total: int = 0) -> Preview:
    return Preview(how="fresh", total=total, counts={}, faults=tuple(faults))


@dataclass(frozen=True, slots=True)
class Case:
    """A text without faults, and all that decides what becomes of it but for the settings."""

    parsed: Parsed
    file: str  #: as faults call it
    before: Before
    seen: Seen
    now: Now

    def under(self, rules: Rules) -> Preview:
        asked = Asked(self.parsed.tasks, self.parsed.document, self.file, rules, self.now)
        return preview(asked, self.before, self.seen)

    def beside(self, taken: Sequence[Lease]) -> "Case":
        """With these leases on the cards as well."""
        return replace(self, seen=replace(self.seen, leases=(*self.seen.leases, *taken)))


@dataclass(frozen=True, slots=True)
class Question:
    """A text, and whose it would be."""

    mode: Mode
    path: Path  #: real
    text: str
    simulate: str | None  #: None: as its scheduler has it; "": the machine's cards
    scheduler: Scheduler | None  #: that runs the file, or has run it last
    fresh: bool = False  #: a start begins a run, whatever is left of one

    @property
    def top(self) -> Raw | None:
        """The state of its scheduler, without queues."""
        return self.scheduler.top if self.scheduler else None

    @property
    def living(self) -> Raw | None:
        """The same, of one that runs the file now."""
        return self.top if self.scheduler and self.scheduler.alive else None

    @property
    def simulation(self) -> str | None:
        """On which simulated cards; None: on the machine's."""
        if self.simulate is not None and not self.living:
            return self.simulate or None
        left = self.living or (self.top if self.top and self.top["status"] != "finished" else None)
        started = left["started_with"] if left else None
        found: str | None = started["simulate"] if started else None
        return found


class Previews:
    """For threads."""

    def __init__(
        self,
        home: Callable[[], Home],
        cards: CardsNow,
        settings: Callable[[], Settings],
        check: Check,
        usual: Usual,
    ) -> None:
        self._home, self._cards, self._settings = home, cards, settings
        self._check, self._usual = check, usual

    def of(self, asked: Question, looked: Looked) -> Answer:
        """Raises GpulaneError where a start would not even come so far."""
        notes: list[str] = []
        checked = self._check(asked.text, asked.mode, asked.path.name, MOST_SCRIPTS)
        parsed = checked.parsed
        if checked.unasked:
            notes.append(f"{checked.unasked} scripts are not checked by bash until it is saved")
        if checked.faults:
            return Answer(refused(checked.faults, len(parsed.tasks)), notes)
        settings = self._settings_of(asked)
        case = self._case(asked, parsed, settings, looked, notes)
        seen = case.seen
        if not seen.gpus and isinstance(seen.silent, DriverSilent):
            notes.append(f"not checked against this machine's GPUs: {seen.silent.error}")
        found = case.under(self._cards.rules(settings, seen.gpus))
        its = {spec.line: spec for spec in parsed.tasks}
        usual = {
            row.key: self._usual(row.key.rpartition("-")[0], spec.script, spec.gpus)
            for row in (*found.rows[:MOST_ROWS], *found.rows[-1:])
            if row.state in TO_COME and (spec := its.get(row.line))
        }
        return Answer(found, notes, {key: seconds for key, seconds in usual.items() if seconds is not None})

    def saved_case(self, asked: Question, settings: Settings, looked: Looked) -> Case:
        """Of a file as a living scheduler has it. Raises GpulaneError."""
        checked = self._check(asked.text, asked.mode, asked.path.name, MOST_SCRIPTS)
        if checked.faults:
            raise BadInput(checked.faults)
        return self._case(asked, checked.parsed, settings, looked, [])

    def _case(
        self, asked: Question, parsed: Parsed, settings: Settings, looked: Looked, notes: list[str]
    ) -> Case:
        now = Now(time.monotonic(), time.time())
        before = self._before(asked, now, notes)
        simulated = simulated_cards([asked.simulation] if asked.simulation else ())
        seen = self._cards.seen(None if simulated else looked, simulated, settings, own_leases(before))
        if asked.living:
            aside = frozenset(card["uuid"] for card in asked.living["gpus"] if card["aside"])
            seen = replace(seen, aside=aside)
        return Case(parsed, asked.path.name, before, seen, now)

    def refuse_start(self, asked: Question, looked: Looked) -> None:
        """Raises BadInput where a scheduler would not start for what this machine has: no driver, unless some
        of what it goes on with still runs; not all of the cards that the settings name."""
        if asked.living:
            return
        home, gpus = self._home(), looked.gpus
        if asked.simulation:
            gpus = simulated_cards([asked.simulation])
        elif looked.none:
            left = left_of(home, asked.path).get((asked.mode, False))
            if not (left and count_living(home, left)):
                raise BadInput(str(looked.none))
        config = home.config_file()
        if gpus and asked.fresh and config.exists():
            refuse(out_of_range(load(config), gpus))

    def _before(self, asked: Question, now: Now, notes: list[str]) -> Before:
        home, simulated = self._home(), asked.simulation is not None
        if asked.living:
            status, pid = asked.living["status"], asked.living["pid"]
            saved = load_unfinished(home.history, str(asked.path), os.getuid(), asked.mode, simulated)
            standing: Standing | None = "paused" if status == "paused" else None
            standing = standing or (None if status == "running" else "draining")
            notes.append(f"the scheduler with pid {pid} takes it up when it is saved")
            return Before(saved, living=True, standing=standing)
        options = RunOptions(mode=asked.mode, simulate=asked.simulation)
        found = None if asked.fresh else unfinished_run(home, asked.path, options)
        if found is None:
            return _finished(home, asked)
        saved, _ = filled_in(home, found, now)
        notes.append(f"a start goes on with the run {saved.name}, which is not finished")
        kept = paused.is_kept(RunPaths(home.runs / saved.name))
        return Before(saved, standing="paused" if kept else None)

    def _settings_of(self, asked: Question) -> Settings:
        """Those of its scheduler, if that was started with others than the console shows. Raises BadInput."""
        given = asked.living["config_file"] if asked.living else None
        return load(Path(given)).settings if given else self._settings()


def _finished(home: Home, asked: Question) -> Before:
    """What is saved, and how it did in the last run, all of which is over. Raises HistoryError."""
    specs = read(asked.path, asked.mode).tasks if asked.path.exists() else ()
    run = last_run(home.history, str(asked.path), os.getuid())
    ended = {one.key: one.status for one in run.tasks if one.status in FINISHED} if run else {}
    return Before(specs=specs, ended=[ended.get(key) for key in keys_in(run, specs)])


def sentence(found: Preview) -> str:
    """ "3 start now, 2 run on, 5 wait, 1 is removed"."""
    if found.faults:
        many = "1 fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
        return f"it would be refused whole, for {many}"
    words = {
        "starts_now": ("starts now", "start now"),
        "runs_on": ("runs on", "run on"),
        "waits": ("waits", "wait"),
        "behind": ("comes behind others in its queue", "come behind others in their queues"),
        "held": ("is held", "are held"),
        "never": ("can never run here", "can never run here"),
        "completed": ("is completed already", "are completed already"),
        "failed": ("has failed", "have failed"),
        "skipped": ("is skipped", "are skipped"),
        "cancelled": ("is cancelled", "are cancelled"),
    }
    counts: dict[str, int] = {str(state): count for state, count in found.counts.items()}
    parts = [f"{counts[key]} {said[counts[key] > 1]}" for key, said in words.items() if counts.get(key)]
    gone = sum(not one.runs_on for one in found.removed)
    parts += [f"{gone} {'is' if gone == 1 else 'are'} removed"] if gone else []
    return ", ".join(parts) or "there is nothing to do"


def of_task(row: Row) -> str:
    """ "would start now on GPU 2"."""
    if row.state == "starts_now":
        return f"would start now on GPU {', '.join(row.gpus)}" if row.gpus else "would start now"
    if row.state == "held":
        return "would be held until it is released"
    if row.state == "never":
        return f"could never run here: it {row.reason}"
    return f"would wait: {row.reason}"
