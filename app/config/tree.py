"""YAML nodes to plain values that remember their lines. Only scalars, lists and mappings of our keys."""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml
from pydantic import BaseModel

from app.model.faults import Fault
from app.model.settings import Settings

KeyPath = tuple[str | int, ...]

_STANDARD = "tag:yaml.org,2002:"
_SCALARS = frozenset(_STANDARD + kind for kind in ("null", "bool", "int", "float", "str"))

MOST_NEAR, LONGEST_NEAR = 100, 200
"""Faults by which nothing is looked for any more that a key may mean; characters of such a key."""


@dataclass(slots=True)
class Tree:
    """What a settings file says: plain values, and where each of them stands."""

    values: dict[str, object] = field(default_factory=dict)
    places: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)  #: of values: line, column from 1
    faults: list[Fault] = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)  #: keys whose value is not sure, or was left out

    def place(self, path: KeyPath) -> tuple[int, int]:
        """Where a value stands, or the nearest thing around it; (0, 0) when the file does not say it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (0, 0))


class Reader:
    """Reads one file's nodes; what is wrong is noted, left out, and reading goes on."""

    def __init__(self, file: str, model: type[BaseModel] = Settings) -> None:
        self.file = file
        self.tree = Tree()
        self._model = model
        self._inner = _models_in(model)

    def read(self, root: yaml.Node | None) -> Tree:
        """None, an empty file, says nothing."""
        if isinstance(root, yaml.MappingNode) and root.tag == _STANDARD + "map":
            self.tree.values = self._mapping(root, (), self._model)
        elif root is not None and not (isinstance(root, yaml.ScalarNode) and root.tag == _STANDARD + "null"):
            self._fault(root, "the file is no list of keys and values", "write key: value, one a line")
        return self.tree

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, model: type[BaseModel]) -> dict[str, object]:
        values: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, model)
            if key is None:
                continue
            name = ".".join([*map(str, path), key])
            if key in lines:
                self.tree.faulty.add(key)
                self._fault(
                    key_node, f"{name} is given twice", f"its first value is in line {lines[key]}; keep one"
                )
                continue
            lines[key] = _line(key_node)
            # A file can hold one fault more than once; values that can't be read are left out here.
            value = self._value(value_node, (*path, key), name)
            if value is _LEFT_OUT:
                self.tree.faulty.add(key)
            else:
                values[key] = value
        return values

    def _key(self, node: yaml.Node, model: type[BaseModel]) -> str | None:
        if not isinstance(node, yaml.ScalarNode) or node.tag != _STANDARD + "str":
            self._fault(node, "this is no key", "write key: value")
            return None
        known = keys_of(model)
        if node.value in known:
            return str(node.value)
        above = [
            name
            for name, inner in self._inner.items()
            if model is self._model and node.value in keys_of(inner)
        ]
        if above:
            self._fault(
                node, f"{_clip(node.value)} is no key of its own", f"it belongs under {above[0]}, indented"
            )
            return None
        # To look for what is near takes long, and nobody reads hundreds of faults.
        few = len(self.tree.faults) < MOST_NEAR and len(node.value) <= LONGEST_NEAR
        near = difflib.get_close_matches(node.value.lower(), known, 1, 0.5) if few else []
        self.tree.faulty.update(near)  # what it was to be is not known
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        name = "an address" if "://" in node.value else _clip(node.value)  # which may hold secrets
        self._fault(node, f"{name} is no key of this file", hint)
        return None

    def _value(self, node: yaml.Node, path: KeyPath, name: str) -> object:
        self.tree.places[path] = (_line(node), node.start_mark.column + 1)
        if isinstance(node, yaml.SequenceNode) and node.tag == _STANDARD + "seq":
            return self._list(node, path, name)
        if isinstance(node, yaml.MappingNode) and node.tag == _STANDARD + "map":
            model = self._inner.get(name)
            if model is None:
                self._fault(node, f"{name} can't be keys and values", "it takes one value")
                return _LEFT_OUT
            return self._mapping(node, path, model)
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self._scalar(node, name)
        self._fault(node, f"{name} can't be {_clip(node.tag.removeprefix(_STANDARD))}", "write a plain value")
        return _LEFT_OUT

    def _list(self, node: yaml.SequenceNode, path: KeyPath, name: str) -> object:
        items = []
        for position, item in enumerate(node.value):
            if not isinstance(item, yaml.ScalarNode):
                self._fault(item, f"{name} is a list of plain values", "write it like [0, 1]")
                return _LEFT_OUT
            items.append(self._value(item, (*path, position), name))
        return _LEFT_OUT if _LEFT_OUT in items else items

    def _scalar(self, node: yaml.ScalarNode, name: str) -> object:
        kind = node.tag.removeprefix(_STANDARD)
        # YAML 1.1 reads 0:1, a MIG device, as a number in base 60.
        if kind in ("int", "float") and ":" in node.value:
            return node.value
        # ... and 6e2 as text.
        if (
            kind == "str"
            and node.style is None
            and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+", node.value)
        ):
            kind = "float"
        value = _construct(kind, node)
        if isinstance(value, float) and not math.isfinite(value):
            self._fault(
                node, f"{name} can't be {node.value}", "write a number; null means none where it is allowed"
            )
            return _LEFT_OUT
        return value

    def _fault(self, node: yaml.Node, problem: str, hint: str) -> None:
        self.tree.faults.append(Fault(self.file, _line(node), node.start_mark.column + 1, problem, hint))


def keys_of(model: type[BaseModel]) -> list[str]:
    """As a file writes them."""
    return [info.alias or name for name, info in model.model_fields.items()]


def _models_in(model: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """Keys that have keys of their own below them."""
    return {
        info.alias or name: info.annotation
        for name, info in model.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }


BEYOND_ALL_USE = 10**18
"""Python does not even write out integers of thousands of digits."""

_LEFT_OUT = object()
_BUILDER = yaml.constructor.SafeConstructor()


def _construct(kind: str, node: yaml.ScalarNode) -> object:
    """A scalar by YAML 1.1's rules (yes and on are true, 0x10 is 16); text where they break down."""
    if kind == "null":
        return None
    try:
        if kind == "bool":
            return _BUILDER.construct_yaml_bool(node)
        if kind == "int":
            number = _BUILDER.construct_yaml_int(node)
            return number if abs(number) < BEYOND_ALL_USE else node.value
        if kind == "float":
            return _BUILDER.construct_yaml_float(node)
    except (ValueError, LookupError):  # 5,000 digits, or a tag that does not fit: `!!int abc`, `!!bool maybe`
        return node.value
    return node.value


def described(value: object) -> str:
    """A value for a sentence: nothing, the text 'abc', 1.5, a list."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {_clip(value)}"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "keys and values"
    return _clip(str(value)).strip("'")


def _clip(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
