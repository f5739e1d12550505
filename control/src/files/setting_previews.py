"""What other settings would change for the tasks that wait: of each living scheduler that reads them, its
command file as it is saved, previewed under both."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from app.cards_now import CardsNow, Looked
from app.command_file.read import LARGEST_BYTES
from app.config import Loaded, loaded_of, taken_up
from app.core.rules import Rules
from app.fitting import refuse_settings
from app.model.faults import BadInput, Fault, GpulaneError
from app.model.lease import Holder, Lease
from app.model.paths import Home
from app.model.settings import AT_START, Settings
from app.model.state import Backoff
from app.model.task import TaskSpec
from app.preparation import refuse_folder
from app.previewed import Preview, Row
from app.trust import read_trusted
from control.src.files.config_models import ConfigPreview, Outcome, Reader, WaitingTask
from control.src.files.previews import TO_COME, Case, Previews, Question
from control.src.schedulers.states import Raw
from control.src.schedulers.states import Seen as Scheduler
from control.src.web.problems import Refused, listed

MOST_LISTED = 200
"""Tasks."""

AT_HEADS = ("starts_now", "waits", "never")

SetValues = Callable[[int], Mapping[str, str]]
"""Every setting of the scheduler with this pid as it holds there, as JSON. Raises GpulaneError, Refused."""


@dataclass(frozen=True, slots=True)
class Waits:
    """A task at the head of its queue, now and with the other settings."""

    before: Row
    after: Row

    @property
    def changed(self) -> bool:
        """Whether it would start where it waits, wait where it starts, or start elsewhere."""
        return (self.before.state, self.before.gpus) != (self.after.state, self.after.gpus)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one scheduler."""

    top: Raw  #: its state, without queues
    waits: Sequence[Waits] = ()
    refused: str | None = None  #: why it would go on with the settings that it has
    unknown: str | None = None  #: why nothing can be said of it


@dataclass(frozen=True, slots=True)
class Draft:
    """A text of the settings that is not saved."""

    text: str
    file: Path  #: where it would be
    find_folder: bool  #: whether a `work_dir` is looked for: that tells whether it is there


@dataclass(frozen=True, slots=True)
class _Taken:
    """By what would start of the schedulers before: they find each other's leases."""

    before: list[Lease] = field(default_factory=list)
    after: list[Lease] = field(default_factory=list)


class SettingPreviews:
    """For threads."""

    def __init__(
        self,
        home: Callable[[], Home],
        previews: Previews,
        cards: CardsNow,
        settings: Callable[[], Settings],
        set_values: SetValues,
    ) -> None:
        self._home, self._previews, self._cards = home, previews, cards
        self._settings, self._set_values = settings, set_values

    def of(self, draft: Draft, living: Sequence[Scheduler], looked: Looked) -> ConfigPreview:
        try:
            loaded = loaded_of(draft.text, draft.file.name)
        except BadInput as bad:
            return _answer((), (), bad.faults)
        reading = [one for one in living if one.top and self._reads(one.top, draft.file)]
        taken = _Taken()
        verdicts = [self._verdict(one, draft, loaded, looked, taken) for one in reading]
        return _answer(verdicts, [one.pid for one in living if one not in reading])

    def _reads(self, top: Raw, file: Path) -> bool:
        given = top["config_file"]
        return (Path(given) if given else self._home().config_file()).resolve() == file.resolve()

    def _verdict(
        self, one: Scheduler, draft: Draft, loaded: Loaded, looked: Looked, taken: _Taken
    ) -> Verdict:
        top = one.top or {}
        path, held = Path(top["command_file"]), self._held(top)
        try:
            text = read_trusted(path, LARGEST_BYTES, path.name).text
            case = self._previews.saved_case(Question(top["mode"], path, text, None, one), held, looked)
        except BadInput:
            return Verdict(top, unknown=f"{path.name} has faults as it is saved")
        except GpulaneError as error:
            return Verdict(top, unknown=str(error))
        rules, refused = self._cards.rules(held, case.seen.gpus), None
        before = case.beside(taken.before).under(rules)
        try:
            new = rules.under(self._new(top, held, draft, loaded))
            _refuse(replace(loaded, settings=new.settings), case, before, rules)
        except BadInput as bad:
            new, refused = rules, _why(bad, loaded.file)
        after = case.beside(taken.after).under(new)
        taken.before.extend(_elsewhere(before.taken, one.pid))
        taken.after.extend(_elsewhere(after.taken, one.pid))
        return Verdict(top, list(_at_heads(case, before, after)), refused)

    def _held(self, top: Raw) -> Settings:
        """What holds in a scheduler: what is saved, but for what its user has set there."""
        saved = self._settings()
        try:
            values = self._set_values(top["pid"])
        except (GpulaneError, Refused):
            return saved
        flat = saved.flat()
        its = {
            key: text
            for key, text in values.items()
            if key in flat.keys() - AT_START and json.loads(text) != _plain(flat[key])
        }
        with contextlib.suppress(BadInput):
            return taken_up(saved, its, saved)
        return saved

    def _new(self, top: Raw, held: Settings, draft: Draft, loaded: Loaded) -> Settings:
        """What the scheduler would make of the draft. Raises BadInput: it would refuse it."""
        if not draft.text.strip():
            raise BadInput(f"{loaded.file} is empty; for nothing but defaults write {{}} into it")
        if draft.find_folder:
            refuse_folder(loaded, self._home())
        if any(each["kind"] == "settings_refused" for each in top["problems"]):
            return taken_up(loaded.settings, {}, held)  # what it holds is not what is saved
        saved, wanted, flat = self._settings().flat(), loaded.settings.flat(), held.flat()
        set_ = {
            key: json.dumps(_plain(flat[key]))
            for key in flat
            if flat[key] != saved[key] and wanted[key] == saved[key]
        }
        return taken_up(loaded.settings, set_, held)


def _answer(
    verdicts: Sequence[Verdict], elsewhere: Sequence[int], faults: Sequence[Fault] = ()
) -> ConfigPreview:
    waits = [(verdict.top, each) for verdict in verdicts for each in verdict.waits]
    waits.sort(key=lambda found: not found[1].changed)
    changed = sum(each.changed for _, each in waits)
    return ConfigPreview(
        said=_said(len(waits), changed, len(faults)),
        total=len(waits),
        changed=changed,
        tasks=[_waiting(top, each) for top, each in waits[:MOST_LISTED]],
        schedulers=[Reader(**_whose(one.top), refused=one.refused, unknown=one.unknown) for one in verdicts],
        elsewhere=list(elsewhere),
        faults=listed(faults),
    )


def _said(total: int, changed: int, faults: int) -> str:
    if faults:
        return f"it would not be saved, for {'1 fault' if faults == 1 else f'{faults} faults'}"
    if not total:
        return "no task waits"
    tasks = "1 task that waits" if total == 1 else f"{total} tasks that wait"
    return f"of {tasks}, {changed or 'none'} would start or wait otherwise"


def _waiting(top: Raw, each: Waits) -> WaitingTask:
    row = each.after
    return WaitingTask(
        **_whose(top),
        task=row.task,
        key=row.key,
        name=row.name,
        before=_outcome(each.before),
        after=_outcome(row),
        changed=each.changed,
    )


def _outcome(row: Row) -> Outcome:
    return Outcome(**{each.name: getattr(row, each.name) for each in fields(Outcome)})


def _whose(top: Raw) -> Raw:
    return {"scheduler": top["pid"], "mode": top["mode"], "config_index": top["config_index"]}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _elsewhere(leases: Sequence[Lease], pid: int) -> Iterator[Lease]:
    """As another scheduler sees them."""
    for lease in leases:
        holder = Holder("elsewhere", lease.label, pid)
        yield replace(lease, label=holder.said, holder=holder)


def _why(bad: BadInput, file: str) -> str:
    """Without the file's name, which everybody here knows."""
    if bad.faults:
        return "; ".join(each for fault in bad.faults for each in (fault.problem, fault.hint) if each)
    return str(bad).removeprefix(f"{file}: ")


def _refuse(loaded: Loaded, case: Case, before: Preview, rules: Rules) -> None:
    """Raises BadInput: the scheduler would not take it up."""
    known = (*case.seen.gpus, *case.seen.known)
    specs = {spec.line: spec for spec in case.parsed.tasks}
    left: list[tuple[str, TaskSpec]] = [
        (row.task, specs[row.line])
        for row in before.rows
        if row.in_file and row.state in (*TO_COME, "never") and row.line in specs
    ]
    if known:
        refuse_settings(loaded, left, known, rules)


def _at_heads(case: Case, before: Preview, after: Preview) -> Iterator[Waits]:
    """Those that wait for GPUs, and not for a retry's time."""
    saved = case.before.saved.tasks if case.before.saved else ()
    paused = {str(one.key) for one in saved if isinstance(one.state, Backoff)}
    earlier = {row.key: row for row in before.rows}
    for row in after.rows:
        old = earlier.get(row.key)
        if old and row.key not in paused and {old.state, row.state} & set(AT_HEADS):
            yield Waits(old, row)
