"""A good version of the command file becomes the plan, while its scheduler runs."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from app.command_file.parse import Parsed
from app.core import plan
from app.core.align import align
from app.core.rules import Rules
from app.engine import Engine, now
from app.fitting import never_fitting
from app.model.faults import Fault
from app.model.gpu import Gpu
from app.model.records import TasksPlanned
from app.model.task import TaskKey
from app.narrate import counted, log
from app.preparation import Files, refuse


class Replan:
    """What `Edits` hands a version on to."""

    def __init__(
        self,
        engine: Engine,
        files: Files,
        rules: Callable[[], Rules],
        known: Callable[[], Sequence[Gpu]],
        used: Iterable[TaskKey],
    ) -> None:
        """`rules`: those that hold now; `known`: every card that was ever seen; `used`: keys that tasks of
        the run have had."""
        self._engine, self._files, self._rules, self._known = engine, files, rules, known
        self._used = {*used, *engine.core.board.tasks}

    def __call__(self, parsed: Parsed) -> None:
        """Raises BadInput with the file's faults, and for what is asked for anew and could never run here."""
        core = self._engine.core
        keys = self._keys(parsed)
        planned = plan.numbered(parsed.tasks, keys)
        before = core.known()
        diff = plan.diff(before, planned)
        never: tuple[Fault, ...] = ()
        if cards := self._known():
            anew = (*plan.asking_anew(before, diff), *parsed.doubtful)
            never = never_fitting(anew, parsed.document, cards, self._rules(), self._files.shown)
        refuse(parsed.faults + never)
        self._used.update(keys)
        told = (*diff.added, *diff.changed)  # of 100,000 tasks the rest would take a second to write
        self._engine.recorder.add(TasksPlanned(told, now().wall, diff.removed))
        back = [core.departed[each.key] for each in planned if each.key in core.departed]
        done = sum(plan.done_for_good(task.state) for task in back)
        self._engine.edit(planned)
        if done:
            again = "completed or cancelled before, will not run again (for that: ./gpulane retry TASK)"
            log.info("%s back in the file, %s", counted(done, "task"), again)
        if held := len(back) - done:
            log.info("%s back in the file, still held: ./gpulane release TASK", counted(held, "task"))

    def has_more(self, parsed: Parsed) -> bool:
        """Whether such a version asks for anything that is not done yet, as far as it can be read."""
        known = self._engine.core.known()
        todo = (key not in known or not plan.done_for_good(known[key].state) for key in self._keys(parsed))
        return bool(parsed.faults) or any(todo)

    def had(self) -> Iterator[tuple[tuple[str, str | None], int]]:
        """The tasks of the run so far, by digest and name, and their queues. Any thread may ask."""
        for key, task in self._engine.core.known().items():
            yield (key.digest, task.spec.options.name), task.spec.queue_id

    def _keys(self, parsed: Parsed) -> tuple[TaskKey, ...]:
        core = self._engine.core
        return align(plan.old_tasks(core.board.tasks.values()), parsed.tasks, self._used, core.departed)
