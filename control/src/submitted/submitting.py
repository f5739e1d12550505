"""What is done to submitted tasks: making one, ending one, letting one into the queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import by_id
from app.amend import script_fault
from app.client import NoAnswer
from app.model.faults import BadInput, Fault
from app.model.paths import Home
from app.model.secret_names import MASK
from app.store.lasting import KeptTask, task_by_id
from app.store.lock import is_alive
from app.submission import New, Submitted, model_of, spec_of, submit
from control.src.schedulers.asking import Asking
from control.src.schedulers.states import States
from control.src.submitted.models import Raw, TaskCreate
from control.src.web import problems
from control.src.web.problems import Refused

COMMAND = "body.command"


def make(home: Home, given: TaskCreate) -> Submitted:
    """Submit it. Raises Refused with what is wrong with it, and where."""
    try:
        return submit(to_submit(home, given))
    except BadInput as bad:
        shown = [fault.model_dump() for fault in problems.listed(faults_of(bad))]
        raise Refused(422, "bad-input", problems.said(bad), faults=shown) from bad


def faults_of(bad: BadInput) -> Sequence[Fault]:
    """Each sentence of it is one, whether it has a place or not."""
    lines = [line.strip() for line in str(bad).splitlines() if line.strip()]
    return bad.faults or [Fault("body", 0, 0, line) for line in lines]


def to_submit(home: Home, given: TaskCreate, find_folder: bool = True) -> New:
    """As it would stand in line. Raises BadInput with what is wrong with it, and where."""
    script = given.command.replace("\r\n", "\n").strip("\n")
    if not script.strip() or "\0" in script:
        raise BadInput([Fault(COMMAND, 0, 0, "there are no commands", "write at least one line")])
    if wrong := script_fault(script):
        raise BadInput([Fault(COMMAND, wrong[0], 1, f"bash can't read it: {wrong[1]}")])
    words: list[tuple[str, str | None]] = [
        (key, str(value))
        for key, value in (
            *(
                ("name", given.name or None),
                ("model", model_of(given.gpu_type)),
                ("cwd", _folder(given.cwd, find_folder)),
            ),
            *(("devices", given.devices or None), ("retries", given.retries), ("timeout", given.timeout)),
            *(("priority", given.priority or None), ("terminal", "tmux" if given.tmux else None)),
        )
        if value is not None
    ]
    words += [("hold", None)] if given.hold else []
    words += [(f"env.{name}", value) for name, value in _unmasked(home, given).items()]
    return New(spec_of(words, script, given.gpu_count, given.memory_gb), given.simulate, given.queue)


def _folder(given: str | None, find: bool) -> str | None:
    """`find`: it is looked for, which tells whether it is there. Raises BadInput."""
    if not given or not find:
        return given or None
    try:
        path = Path(given).expanduser()
        if path.is_absolute() and path.is_dir():
            return str(path.resolve())
    except (OSError, RuntimeError, ValueError):  # `~` of nobody, a name too long, NUL
        pass
    raise BadInput([Fault("body.cwd", 0, 0, f"{given[:200]!r} is no folder", "write an absolute path")])


def _unmasked(home: Home, given: TaskCreate) -> Mapping[str, str]:
    """What a copy shows masked is what its original has. Raises BadInput."""
    for name in given.env:
        if "=" in name or not name.isidentifier():
            raise BadInput([Fault("body.env", 0, 0, f"{name!r} is no name of a variable")])
    hidden = [name for name, value in given.env.items() if value == MASK]
    if not hidden:
        return given.env
    original = task_by_id(home.history, given.copy_of) if given.copy_of else None
    known = dict(original.spec.options.env) if original else {}
    for name in hidden:
        if name not in known:
            hint = "write it out, or name the task that is copied in copy_of"
            raise BadInput([Fault(f"body.env.{name}", 0, 0, "its value is masked", hint)])
    return {**given.env, **{name: known[name] for name in hidden}}


@dataclass(frozen=True, slots=True)
class Living:
    """A task of a scheduler that runs."""

    asking: Asking
    pid: int  #: of the scheduler
    key: str

    def ask(self, verb: str) -> Raw:
        """Raises Refused, RequestRefused, NoAnswer."""
        return self.asking.ask(self.pid, verb, task=self.key, key=self.key)


def cancel(home: Home, states: States, asking: Asking, task: KeptTask) -> Raw:
    """Raises Refused, BadInput, RequestRefused, NoAnswer."""
    if task.command_file != str(home.submitted):
        said = f"task {task.id} is {task.label} of {task.command_file} and was not submitted; kill it there"
        raise Refused(409, "not-submitted", said)
    return _wherever(home, states, asking, task, by_id.cancel)


def release(home: Home, states: States, asking: Asking, task: KeptTask) -> Raw:
    """Of any command file. Raises Refused, BadInput, RequestRefused, NoAnswer."""
    answer = _wherever(home, states, asking, task, by_id.release)
    if not answer["changed"]:
        raise Refused(409, "not-held", answer["said"])
    return answer


def _wherever(
    home: Home,
    states: States,
    asking: Asking,
    task: KeptTask,
    do: Callable[[Home, KeptTask, by_id.Living | None], Raw],
) -> Raw:
    """Its scheduler is asked; history, where that is gone."""
    seen = next((one for one in states.all if one.alive and one.top and one.top["run"] == task.run), None)
    if seen and is_alive(home.state_lock(seen.pid)):
        try:
            return do(home, task, Living(asking, seen.pid, str(task.key)))
        except NoAnswer:
            if is_alive(home.state_lock(seen.pid)):
                raise  # else it has ended just now
    try:
        return do(home, task, None)
    except BadInput as bad:
        raise Refused(409, "refused", str(bad)) from bad
