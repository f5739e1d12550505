"""Changing keys of a YAML file: its comments, order and quotes stay, and what is not changed stays as it is.

What comes out is read again and compared: a form of YAML that is not foreseen is refused, not damaged.
"""

import io
import re
from collections.abc import Mapping
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from app.model.faults import BadInput, Fault

BOM = "\ufeff"
WIDTH = 1 << 20  #: of a line: none is broken

PLAIN = re.compile(r"[A-Za-z_/.][\w/. -]*[\w/]|\w", re.ASCII)
"""Texts that need no quotes, if they are no words of YAML."""

KeyPath = tuple[str, ...]


def changed(text: str, values: Mapping[KeyPath, object]) -> str:
    """The text with these values; a key that is missing is added at the end of its mapping. (None is taken
    out: the comments about the next one would go with it.)

    Raises BadInput: it is no YAML, or written in a way that only its author can change."""
    mark = BOM if text.startswith(BOM) else ""
    end = "\r\n" if "\r\n" in text else "\n"
    before = text.removeprefix(BOM).replace("\r\n", "\n")
    expected = _plain(before)
    try:
        whole = _yaml().load(before)
        root = CommentedMap() if whole is None else whole
        for path, value in values.items():
            _set(root, path, _quoted(value))
            _set(expected, path, value)
        after = _written(root) if whole is not None else _added(before, root)
    except (YAMLError, RecursionError, AttributeError, TypeError) as error:
        raise _refused() from error
    if _plain(after) != expected:
        raise _refused()
    return mark + after.replace("\n", end)


def compose(text: str) -> yaml.Node | None:
    """Raises BadInput."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInput(f"the file is no YAML; mend its text first: {error}") from error


def _yaml() -> YAML:
    found = YAML()
    found.preserve_quotes = True
    found.width = WIDTH
    found.indent(mapping=2, sequence=4, offset=2)
    found.representer.add_representer(
        type(None), lambda writer, _: writer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    # ruamel writes 1e-05, which PyYAML reads as a text: with a point both read a number.
    found.representer.add_representer(
        float,
        lambda writer, value: writer.represent_scalar(
            "tag:yaml.org,2002:float", yaml.safe_dump(value).split("\n")[0]
        ),
    )
    return found


def _written(root: CommentedMap) -> str:
    out = io.StringIO()
    _yaml().dump(root, out)
    return out.getvalue()


def _added(before: str, root: CommentedMap) -> str:
    """To a file that says nothing, and may hold comments."""
    gap = "\n" if before and not before.endswith("\n") else ""
    return before + gap + (_written(root) if root else "")


def _set(said: Any, path: KeyPath, value: object) -> None:
    for key in path[:-1]:
        if not isinstance(said.get(key), dict):
            said[key] = {}
        said = said[key]
    said[path[-1]] = list(value) if isinstance(value, tuple) else value


def _quoted(value: object) -> object:
    """Texts that could be read as something else; PyYAML knows YAML 1.1: on, 0:1, 1_000."""
    if isinstance(value, list | tuple):
        listed = CommentedSeq(_quoted(each) for each in value)
        listed.fa.set_flow_style()  # in its line, so that the comments below it stay below it
        return listed
    if isinstance(value, dict):
        return {key: _quoted(each) for key, each in value.items()}
    if not isinstance(value, str):
        return value
    if PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return (SingleQuotedScalarString if value.isprintable() else DoubleQuotedScalarString)(value)


def _plain(text: str) -> Any:
    """What it says. Raises BadInput."""
    compose(text)
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise _refused() from error
    if found is not None and not isinstance(found, dict):
        raise BadInput("the file is no list of keys and values; mend its text first")
    return found or {}


def _refused() -> BadInput:
    problem = "the file is written in a way that only its text can be changed"
    return BadInput([Fault("values", 0, 0, problem, "change the text itself")])
