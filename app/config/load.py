"""gpu_manage.yaml: a file to settings, or to everything that is wrong with it."""

import difflib
import json
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.config.crossed import crossed
from app.config.tree import KeyPath, Reader, Tree, described
from app.model.faults import BadInput, Fault
from app.model.paths import Home
from app.model.problems import Problem, problem
from app.model.settings import AT_START, SECRET, Settings
from app.trust import read_trusted

LARGEST_BYTES = 256 * 1024

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and what their user should know about the file they come from."""

    settings: Settings
    problems: tuple[Problem, ...] = ()
    file: str = ""  #: "": there is none, and all settings are defaults
    tree: Tree = field(default_factory=Tree)
    text: str = ""

    def fault(self, path: KeyPath, problem: str, hint: str) -> Fault:
        """That a sound value does not suit this machine, at the value's line."""
        return Fault(self.file, *self.tree.place(path), problem, hint)


def load(path: Path | None = None) -> Loaded:
    """The settings of a file; of the home's own, or the defaults where that is missing, for None.

    Raises BadInput with all faults of the file, each at the line of its key.
    """
    if path is None:
        path = Home.find().config_file()
        if not path.exists():
            return Loaded(Settings())
    found = read_trusted(path, LARGEST_BYTES, str(path))
    settings, tree = _read(found.text, str(path))
    unused = settings.use_all_gpus and settings.compete_gpus
    more: tuple[Problem, ...] = (problem("compete_gpus_unused", file=str(path)),) if unused else ()
    if settings.notify.urls and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        more += (problem("secrets_readable", file=str(path)),)
    return Loaded(settings, found.problems + more, str(path), tree, found.text)


def state_dir_of(path: Path) -> str | None:
    """What a file says of it, whatever else may be wrong there. Raises BadInput if it can't be read."""
    found = read_trusted(path, LARGEST_BYTES, str(path))
    given = Reader(str(path)).read(_compose(found.text, str(path))).values.get("state_dir")
    return given if isinstance(given, str) else None


def model_of(text: str, file: str, model: type[M]) -> M:
    """What a YAML text says of the keys of another model than the settings'. Raises BadInput."""
    tree = Reader(file, model).read(_compose(text, file))
    found, wrong = _sound(tree, file, model)
    if faults := [*tree.faults, *wrong]:
        raise BadInput(faults)
    return found


def settings_of(text: str, file: str) -> Settings:
    """The settings that a YAML text says. Raises BadInput."""
    return _read(text, file)[0]


def loaded_of(text: str, file: str) -> Loaded:
    """As `load`, of a text that is in no file yet. Raises BadInput."""
    settings, tree = _read(text, file)
    return Loaded(settings, (), file, tree, text)


def read_what_can_be(text: str, file: str) -> tuple[Settings, Tree, list[Fault]]:
    """The settings as far as the text says them, the defaults for the rest, and all that is wrong."""
    try:
        tree = Reader(file).read(_compose(text, file))
    except BadInput as bad:
        return Settings(), Tree(), list(bad.faults)
    settings, wrong = _sound(tree, file, Settings)
    return settings, tree, sorted([*tree.faults, *wrong, *crossed(settings, tree, file)])


def with_value(settings: Settings, key: str, text: str) -> Settings:
    """The settings with one value as YAML would read it; `key` as `Settings.flat` has it. Raises BadInput."""
    known = settings.flat()
    refuse_unknown(known, key)
    if "\n" in text or not text.strip():
        raise BadInput(f"{key} wants a value in one line, such as {json.dumps(known[key])}")
    above, _, name = key.rpartition(".")
    tree = Reader(key).read(_compose(f"{above}: {{{name}: {text}}}" if above else f"{name}: {text}", key))
    values = settings.model_dump()
    for top, value in tree.values.items():
        values[top] = {**values[top], **value} if isinstance(value, dict) else value
    merged = Tree(values, faults=tree.faults, faulty=tree.faulty)
    new, wrong = _sound(merged, key, Settings)
    faults = [*merged.faults, *wrong, *crossed(new, merged, key)]
    if faults:
        raise BadInput("\n".join(f"{each.problem}; {each.hint}" for each in faults))
    return new


def taken_up(wanted: Settings, said: Mapping[str, str], begun: Settings) -> Settings:
    """What a scheduler that began with `begun` makes of other settings while it runs; `said`: values that its
    user has set, as `with_value` has them. Raises BadInput."""
    for key, text in said.items():
        wanted = with_value(wanted, key, text)
    return wanted.model_copy(update={key: getattr(begun, key) for key in AT_START})


def refuse_unknown(known: Iterable[str], key: str) -> None:
    """`known`: settings by their names, as `Settings.flat` has them. Raises BadInput."""
    if key in SECRET:
        raise BadInput(
            f"{key} is not shown and not set here, as it holds secrets: write it into the settings"
        )
    if key not in (known := list(known)):
        near = difflib.get_close_matches(key, known, 1)
        raise BadInput(f"{key} is no setting; " + (f"did you mean {near[0]}?" if near else _listed(known)))


def _listed(known: Iterable[str]) -> str:
    return f"there are {', '.join(known)}"


def _read(text: str, file: str) -> tuple[Settings, Tree]:
    settings, tree, faults = read_what_can_be(text, file)
    if faults:
        raise BadInput(faults)
    return settings, tree


def _sound(tree: Tree, file: str, model: type[M]) -> tuple[M, list[Fault]]:
    """What it says without those that can't be as they are, whose keys the tree is told, and their faults."""
    try:
        return model.model_validate(tree.values), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    wrong = {str(detail["loc"][0]) for detail in details}
    tree.faulty |= wrong
    rest = {key: value for key, value in tree.values.items() if key not in wrong}
    known = {(fault.line, fault.column) for fault in tree.faults}
    new = [_fault(detail, tree, file) for detail in details]
    return model.model_validate(rest), [fault for fault in new if (fault.line, fault.column) not in known]


def _compose(text: str, file: str) -> yaml.Node | None:
    """The text as nodes, which know their lines; nothing is constructed from tags."""
    try:
        return yaml.compose(text.removeprefix("\ufeff"), Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        problem, line = (
            f"the character {chr(int(error.character))!r} can't stand in YAML",
            text.count("\n", 0, error.position),
        )
        raise BadInput([Fault(file, line + 1, 1, problem, "take it out")]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise BadInput([Fault(file, line, column, f"it is no YAML: {problem}", "write key: value")]) from None
    except RecursionError:
        raise BadInput([Fault(file, 0, 0, "it is nested too deeply", "write key: value")]) from None


def _fault(detail: ErrorDetails, tree: Tree, file: str) -> Fault:
    """A pydantic error in our words, at the value it is about."""
    path = detail["loc"]
    line, column = tree.place(path)
    key = ".".join(part for part in path if isinstance(part, str))
    # What stands there may be secret.
    secret = path[0] == "notify" or "secret" in str(path[0])
    if detail["type"] == "value_error" and not secret:  # a sentence of ours
        problem, _, hint = str(detail["ctx"]["error"]).partition("; ")
        return Fault(file, line, column, f"{key}: {problem}", hint)
    hint = _wanted(detail)
    value = "what stands here" if secret else described(detail["input"])
    return Fault(file, line, column, f"{key} can't be {value}", hint)


_DURATION = re.compile(r"(?:[0-9.]+\s*[smhd]\w*\s*)+")
_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list, e.g. [0, 1]",
    "model_type": "keys and values of its own, indented below it",
    "dataclass_type": "keys and values of its own, indented below it",
}


def _wanted(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "float_type" and _DURATION.fullmatch(str(detail["input"])):
        return "it wants a number of seconds"
    if kind in _KINDS:
        return f"it wants {_KINDS[kind]}"
    if kind == "literal_error":
        return f"it wants {context['expected']}"
    if kind == "too_long":
        return f"it wants at most {context['max_length']} of them"
    limits = {"greater_than": "more than", "greater_than_equal": "at least"}
    limits |= {"less_than": "less than", "less_than_equal": "at most"}
    if kind in limits:
        return f"it wants {limits[kind]} {next(iter(context.values()))}"
    return detail["msg"]
