"""A table from disk: what a command file would say of the same tasks."""

import difflib
import hashlib
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.command_file.parse import Parsed
from app.model.faults import BadInput, Fault
from app.model.problems import Problem, problem
from app.model.task import Mode, TaskSpec, Value
from app.tables.rows import NEED, OURS, Commands, Identity, OwnQueues, RowReader
from app.tables.sheet import SUFFIXES, Sheet, Unreadable, of_suffix
from app.trust import decode, read_trusted_bytes

LARGEST_BYTES = 64 * 1024 * 1024
SHAPE = "the first row names the columns, each other one is a task: name, cmd, need_run_num, its arguments"

LIKE = 0.8
"""How like one of ours a column's name is that may be a slip, by difflib: `memory`, `gpu`, `need_run_nun`."""

COLUMN_OF: Mapping[Value, str] = {"memory": "memory_gb"}
"""Where a value's column is not called like it."""

Counted = Mapping[Identity, int]
"""Runs of the present run of the plan that the file's `run_num` has in it already."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a run knows of a table that is read again."""

    counted: Counted = field(default_factory=dict)
    queues: Mapping[Identity, Sequence[int]] = field(default_factory=dict)  #: of its tasks


NOTHING = Known()


def queues_of(tasks: Iterable[tuple[Identity, int]]) -> Mapping[Identity, Sequence[int]]:
    """See `Known.queues`; of tasks and their queues."""
    found: dict[Identity, dict[int, None]] = defaultdict(dict)
    for identity, queue in tasks:
        found[identity][queue] = None
    return {identity: tuple(queues) for identity, queues in found.items()}


@dataclass(frozen=True, slots=True)
class Table:
    """Stands where a command file has its document: knows where everything is."""

    text: str  #: the same for the same content
    sheet: Sheet

    def place(self, line: int, value: Value) -> tuple[int, int]:
        return self.sheet.place(line, COLUMN_OF.get(value, value))

    def block_at(self, line: int) -> int:
        return line

    def script_lines(self, block: int) -> list[int]:
        return [block]


@dataclass(frozen=True, slots=True)
class RowTask:
    """A row that was read: its task, and how often it was run and shall be."""

    at: int  #: from 0
    spec: TaskSpec
    done: int
    need: int

    @property
    def identity(self) -> Identity:
        return self.spec.digest(), self.spec.options.name


def is_table(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def read_table(path: Path, mode: Mode, name: str, how: Commands, known: Known = NOTHING) -> Parsed:
    """A table's tasks: each row as often as is missing, and those runs of this run that are counted in it.

    Never raises; `how`: its commands are made."""
    try:
        data, problems = read_trusted_bytes(path, LARGEST_BYTES, name)
        return parse_table(path, data, mode, name, how, known, problems)
    except BadInput as bad:
        return Parsed(Table("", Sheet((), ())), (), bad.faults)


def parse_table(
    path: Path,
    data: bytes,
    mode: Mode,
    name: str,
    how: Commands,
    known: Known = NOTHING,
    problems: tuple[Problem, ...] = (),
) -> Parsed:
    """Raises BadInput for what is no table at all."""
    faults: list[Fault] = []
    sheet = parse_sheet(path, data, name, faults)
    rows = list(row_tasks(sheet, mode, name, how, faults, known.queues))
    left = Counter(known.counted)
    tasks: list[TaskSpec] = []
    for row in rows:
        ours = min(row.done, left[row.identity])  # of twins the first were counted first
        left[row.identity] -= ours
        tasks += [row.spec] * max(0, row.need - row.done + ours)
    if not sheet.rows and not faults:
        faults.append(Fault(name, 0, 0, "there is no task in it", SHAPE))
    elif not tasks and not faults:
        problems = (*problems, problem("nothing_missing", file=name))
    if not how.hooked:
        problems = (*problems, *_like_ours(sheet, name))
    text = hashlib.sha256(data).hexdigest()
    return Parsed(Table(text, sheet), tuple(tasks), tuple(sorted(faults)), problems)


def _like_ours(sheet: Sheet, name: str) -> Iterator[Problem]:
    """Columns that become flags and may be meant for ours."""
    for column in sheet.columns:
        like = difflib.get_close_matches(column.lower(), OURS, 1, LIKE)
        if meant := {"repeat": NEED, "queue_devices": "devices"}.get(column):
            yield problem("column_like", file=name, column=column, meant=meant)
        elif column not in OURS and like:
            yield problem("column_like", file=name, column=column, meant=like[0])


def row_tasks(
    sheet: Sheet,
    mode: Mode,
    name: str,
    how: Commands,
    faults: list[Fault],
    queues: Mapping[Identity, Sequence[int]] = NOTHING.queues,
) -> Iterator[RowTask]:
    """Of every sound row; what is wrong with the others is added to `faults`."""

    def report(line: int, column: str, problem: str, hint: str) -> None:
        faults.append(Fault(name, *sheet.place(line, column), problem, hint))

    reader = RowReader(mode, how, OwnQueues(_named_queues(sheet), queues), report)
    tmux = shutil.which("tmux") is not None
    for at, row in enumerate(sheet.rows):
        spec, runs = reader.task(row, at), reader.runs(row)
        if spec is not None and spec.options.terminal == "tmux" and not tmux:
            report(row.line, "terminal", "terminal is tmux, but there is no tmux on PATH", "install tmux")
        elif spec is not None and runs is not None:
            yield RowTask(at, spec, *runs)


def _named_queues(sheet: Sheet) -> Iterator[int]:
    for row in sheet.rows:
        text = row.cells.get("queue", "").strip()
        if text.isascii() and text.isdecimal():
            yield int(text)


def parse_sheet(path: Path, data: bytes, name: str, faults: list[Fault]) -> Sheet:
    """`faults` gets those of single rows. Raises BadInput for what is no table at all."""
    if path.suffix.lower() != ".xlsx":
        decode(data, name)
    try:
        sheet = of_suffix(path).read(data)
    except Unreadable as wrong:
        raise BadInput([_fault(name, wrong)]) from None
    faults += [_fault(name, wrong) for wrong in sheet.wrong]
    return sheet


def _fault(name: str, wrong: Unreadable) -> Fault:
    return Fault(name, wrong.line, wrong.column, wrong.problem, wrong.hint)
