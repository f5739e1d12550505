"""A row to a task: FlowLine's columns, ours, and every other one as a flag of the command."""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from app.command_file import values
from app.command_file.lane import option_value
from app.command_file.shell import background_end
from app.command_file.values import Misread, clip
from app.model.task import Mode, Options, TaskSpec, hook_script
from app.tables.arguments import flags_of, with_flags
from app.tables.sheet import Row

NAME, CMD, RUN, NEED = "name", "cmd", "run_num", "need_run_num"
"""FlowLine's columns: what is shown, the command, how often it was run, and how often it shall be."""

OPTIONS = (
    "queue_name",
    "devices",
    "model",
    "retries",
    "timeout",
    "on_failure",
    "priority",
    "hold",
    "fifo",
    "cwd",
    "share",
    "terminal",
)
"""Columns that say what `#LANE` options of the same name do."""

WHOLE = frozenset({"queue", "gpus", "retries", "priority"})
"""Columns of whole numbers, which pandas writes as 1.0 where another row has none."""

YES_OR_NO = frozenset({"hold", "fifo", "share"})
BOOLEANS = {"true": "yes", "false": "no"}
"""As pandas, spreadsheets and JSON write them."""

OURS = frozenset({NAME, CMD, RUN, NEED, "queue", "gpus", "memory_gb", *OPTIONS})

UNNAMED = re.compile(r"Task:(\d+)")
"""What a row without a name is called, after its place from 0."""

MOST_RUNS = 10_000
_ZEROS = re.compile(r"\.0+$")
_UNUSABLE = re.compile("[\x00\r\ud800-\udfff]")

Identity = tuple[str, str | None]
"""Of a row, however it moves: its task's digest, and its name."""

Report = Callable[[int, str, str, str], None]
"""Takes a row's line, a column, what is wrong and what would be right."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Commands:
    """Where the commands of rows come from, beside their own `cmd`."""

    template: str | None = None  #: the setting `table_command`
    hooked: bool = False  #: a hook builds each of them, when it has its cards


class OwnQueues:
    """Rows that name no queue get one each: that which their tasks have had already, else one of nobody's.

    By their place alone a row that is new would stand behind one that was there before and runs still."""

    def __init__(self, named: Iterable[int], known: Mapping[Identity, Sequence[int]]) -> None:
        """`named`: queues that rows name; `known`: of all tasks so far."""
        taken = {*named}
        self._given: set[int] = set()
        self._of_name: dict[Identity, deque[int]] = {}
        self._of_digest: dict[str, deque[int]] = defaultdict(deque)
        for identity, had in known.items():
            self._of_name[identity] = deque(each for each in had if each not in taken)
            self._of_digest[identity[0]] += self._of_name[identity]
        self._next = 1 + max((*taken, *(each for had in known.values() for each in had)), default=-1)

    def of(self, identity: Identity) -> int:
        """Of rows with the same command each gets its own, as long as it keeps its name."""
        none: deque[int] = deque()
        for had in (self._of_name.get(identity, none), self._of_digest.get(identity[0], none)):
            while had:
                queue = had.popleft()
                if queue not in self._given:
                    self._given.add(queue)
                    return queue
        self._next += 1
        return self._next - 1


class RowReader:
    """Reads the rows of a table, one after the other."""

    def __init__(self, mode: Mode, how: Commands, own: "OwnQueues", report: Report) -> None:
        """`own`: for rows that name no queue."""
        self._mode, self._how, self._own = mode, how, own
        self._report = report

    def task(self, row: Row, at: int) -> TaskSpec | None:
        """The task of the row at this place (from 0); None after a report."""
        sound = True

        def report(column: str, wrong: Misread) -> None:
            nonlocal sound
            sound = False
            self._report(row.line, column, wrong.problem, wrong.hint.replace(f"{column}=", ""))

        queue = self._value(row, "queue", values.queue_id, report)
        memory = self._value(row, "memory_gb", values.memory, report)
        options, cpu = self._options(row, at, report)
        gpus = self._gpus(row, cpu, report)
        script = self._script(row, report)
        if not sound or script is None:
            return None
        gb = (memory if "memory_gb" in row.cells else 0.0) if gpus else 0.0
        spec = TaskSpec(queue or 0, script, gpus, gb, options, row.line)
        return (
            spec
            if queue is not None
            else replace(spec, queue_id=self._own.of((spec.digest(), spec.options.name)))
        )

    def runs(self, row: Row) -> tuple[int, int] | None:
        """How often it was run, and how often it shall be; None after a report."""
        found = [self._count(row, RUN, 0), self._count(row, NEED, 1)]
        done, need = found
        return None if done is None or need is None else (done, need)

    def _count(self, row: Row, column: str, default: int) -> int | None:
        text = row.cells.get(column, str(default)).strip()
        whole = _ZEROS.sub("", text)  # as a spreadsheet may show it
        if values.is_digits(whole) and int(whole[:9]) <= MOST_RUNS and len(whole) < 6:
            return int(whole)
        self._report(row.line, column, f"{column} is {clip(text)}", f"write a number from 0 to {MOST_RUNS}")
        return None

    def _value(
        self, row: Row, column: str, read: Callable[[str], T], report: Callable[[str, Misread], None]
    ) -> T | None:
        if column not in row.cells:
            return None
        try:
            text = row.cells[column].strip()
            text = _ZEROS.sub("", text) if column in WHOLE else text
            return read(BOOLEANS.get(text.lower(), text) if column in YES_OR_NO else text)
        except Misread as wrong:
            report(column, wrong)
            return None

    def _gpus(self, row: Row, cpu: bool, report: Callable[[str, Misread], None]) -> int:
        count = self._value(row, "gpus", values.gpu_count, report)
        if cpu:
            return 0
        if count is not None and count > 1 and self._mode == "single":
            report("gpus", Misread(f"{count} GPUs in single mode", "run the table by main_gpus.py"))
        return 1 if count is None else count

    def _options(self, row: Row, at: int, report: Callable[[str, Misread], None]) -> tuple[Options, bool]:
        """With a name for every row, as FlowLine fills it in; and whether `devices` says cpu."""
        known: dict[str, Any] = {"name": row.cells.get(NAME, f"Task:{at}")}
        for key in OPTIONS:
            if key in row.cells:
                known[key] = self._value(row, key, partial(option_value, key), report)
        env = {
            column.removeprefix("env."): self._value(row, column, partial(option_value, column), report)
            for column in row.cells
            if column.startswith("env.")
        }
        devices = known.pop("devices", None)
        if isinstance(devices, tuple):
            known["devices"] = devices
        if env:
            known["env"] = tuple(sorted(env.items()))
        return Options(**{key: value for key, value in known.items() if value is not None}), devices == "cpu"

    def _script(self, row: Row, report: Callable[[str, Misread], None]) -> str | None:
        if self._how.hooked:
            return hook_script(_arguments(row))
        command = row.cells.get(CMD, self._how.template)
        if command is None:
            hint = 'fill in cmd, or set table_command in gpu_manage.yaml: "python train.py {args}"'
            odd = next((name for name in row.cells if name.strip().lower() == CMD), None)
            named = f"; the column {odd} is another" if odd else ""
            report(CMD, Misread(f"the row has no command{named}", hint))
            return None
        where = CMD if CMD in row.cells else "table_command"
        try:
            script = with_flags(command, flags_of(_arguments(row)), where)
        except Misread as wrong:
            report(CMD, wrong)
            return None
        if _UNUSABLE.search(script):
            report(CMD, Misread("the row holds a character that no command can", "take out NUL and CR"))
        if background_end(script) is not None:
            report(CMD, Misread("the command ends in & and would be over at once", "take the & away"))
        return script


def _arguments(row: Row) -> dict[str, str]:
    """What is none of ours."""
    return {
        name: text for name, text in row.cells.items() if name not in OURS and not name.startswith("env.")
    }
