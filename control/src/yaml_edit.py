"""Changing keys of a YAML file in its text: comments, order, quotes and indentation of all else stay as they
are, byte for byte.

Values are spliced in where the parser has found them. (Writing the whole file anew, as round-trip loaders do,
turns `null` into nothing and `[0,1]` into `[0, 1]`, and hangs the comments above a key on the key before it.)
What comes out is read again and compared: a form of YAML that is not foreseen is refused, not damaged.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from app.model.faults import BadInput, Fault

BOM = "\ufeff"
KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its value, as places in the text."""

    start: int
    key_end: int  #: behind the key, before its colon
    value: yaml.Node
    end: int  #: behind the value


def changed(text: str, values: Mapping[KeyPath, object], removed: Iterable[KeyPath] = ()) -> str:
    """The text with these values, and without those keys; a key that is missing is added at the end of its
    mapping. Raises BadInput: it is no YAML, or written in a way that only its author can change."""
    mark = BOM if text.startswith(BOM) else ""
    before = after = text.removeprefix(BOM)
    expected = _plain(before)
    for path in removed:
        after = _without(after, path)
        _forget(expected, path)
    for path, value in values.items():
        after = _with(after, path, value)
        _remember(expected, path, value)
    if _plain(after) != expected:
        raise _refused()
    return mark + after


def _with(text: str, path: KeyPath, value: object) -> str:
    mapping = _root(text)
    for depth, key in enumerate(path):
        pair = _find(text, mapping, key)
        if pair is None:
            return _add(text, mapping, path[depth:], value, top=depth == 0)
        if depth == len(path) - 1:
            return _splice(text, pair, _flow(value))
        if not isinstance(pair.value, yaml.MappingNode) or not pair.value.value:
            return _splice(text, pair, _flow(_nested(path[depth + 1 :], value)))
        mapping = pair.value
    raise LookupError(path)


def _splice(text: str, pair: Pair, written: str) -> str:
    between = text[pair.key_end : pair.value.start_mark.index]
    if pair.value.start_mark.index < pair.key_end:  # what an alias means stands elsewhere
        raise _refused()
    if "\n" in between or not between.endswith((" ", "\t")):
        colon = pair.key_end + between.index(":") + 1
        return f"{text[:colon]} {written}{text[pair.end :]}"
    return f"{text[: pair.value.start_mark.index]}{written}{text[pair.end :]}"


def _add(text: str, mapping: yaml.MappingNode | None, path: KeyPath, value: object, top: bool) -> str:
    nested = _nested(path, value)
    if mapping is not None and mapping.flow_style:
        return _add_in_braces(text, mapping, nested)
    end = "\r\n" if "\r\n" in text else "\n"
    if mapping is None:
        at, indent = len(text), ""
    else:
        indent = " " * mapping.value[0][0].start_mark.column
        at = len(text) if top and not _goes_on(text) else _line_end(text, _end(text, mapping.value[-1][1]))
    lines = "".join(f"{indent}{line}{end}" for line in _block(nested))
    gap = end if at and text[at - 1] != "\n" else ""
    return f"{text[:at]}{gap}{lines}{text[at:]}"


def _add_in_braces(text: str, mapping: yaml.MappingNode, nested: Mapping[str, object]) -> str:
    written = ", ".join(
        f"{json.dumps(key) if _is_json(mapping) else key}: {_flow(nested[key])}" for key in nested
    )
    close = mapping.end_mark.index - 1
    if not mapping.value:
        return f"{text[:close]}{written}{text[close:]}"
    at = _end(text, mapping.value[-1][1])
    return f"{text[:at]}, {written}{text[at:]}"


def _is_json(mapping: yaml.MappingNode) -> bool:
    return all(key.style == '"' for key, _ in mapping.value[:1])


def _without(text: str, path: KeyPath) -> str:
    """Comments above the key stay: they say what it means to who writes it again."""
    mapping = _root(text)
    for key in path[:-1]:
        pair = _find(text, mapping, key)
        if pair is None or not isinstance(pair.value, yaml.MappingNode):
            return text
        mapping = pair.value
    pair = _find(text, mapping, path[-1])
    if pair is None or mapping is None:
        return text
    if len(mapping.value) == 1 and len(path) > 1:
        return _without(text, path[:-1])
    if mapping.flow_style:
        return _without_in_braces(text, mapping, path[-1])
    start = text.rfind("\n", 0, pair.start) + 1
    if text[start : pair.start].strip():  # `- key: value`, or another key on its line
        raise _refused()
    return text[:start] + text[_line_end(text, pair.end) :]


def _without_in_braces(text: str, mapping: yaml.MappingNode, key: str) -> str:
    keys = [node.value for node, _ in mapping.value]
    at = keys.index(key)
    if at + 1 < len(keys):
        return (
            text[: mapping.value[at][0].start_mark.index] + text[mapping.value[at + 1][0].start_mark.index :]
        )
    start = _end(text, mapping.value[at - 1][1]) if at else mapping.start_mark.index + 1
    return text[:start] + text[_end(text, mapping.value[at][1]) :]


def _root(text: str) -> yaml.MappingNode | None:
    """None: the file says nothing. Raises BadInput."""
    node = compose(text)
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value.strip("~")):
        return None
    if not isinstance(node, yaml.MappingNode):
        raise BadInput("the file is no list of keys and values; mend its text first")
    return node


def compose(text: str) -> yaml.Node | None:
    """Raises BadInput."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInput(f"the file is no YAML; mend its text first: {error}") from error


def _find(text: str, mapping: yaml.MappingNode | None, key: str) -> Pair | None:
    for key_node, value in mapping.value if mapping else ():
        if key_node.value == key:
            return Pair(
                key_node.start_mark.index, key_node.end_mark.index, value, _end(text, value, key_node)
            )
    return None


def _end(text: str, node: yaml.Node, key: yaml.Node | None = None) -> int:
    """Behind a node's last character: marks of what is written on lines of its own stand behind the blank
    lines and comments after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return start + len(text[start:end].rstrip())
    return int(end)


def _goes_on(text: str) -> bool:
    """Whether a document's end is marked, and keys at the end of the text would be another's."""
    return re.search(r"^(\.\.\.|---)(\s|$)", text.partition("\n")[2], re.MULTILINE) is not None


def _line_end(text: str, at: int) -> int:
    """The start of the next line."""
    found = text.find("\n", at)
    return found + 1 if found >= 0 else len(text)


def _nested(path: KeyPath, value: object) -> dict[str, object]:
    for key in reversed(path[1:]):
        value = {key: value}
    return {path[0]: value}


def _block(nested: Mapping[str, object]) -> list[str]:
    """As lines; values in the flow style, mappings on lines of their own."""
    lines = []
    for key, value in nested.items():
        if isinstance(value, Mapping):
            lines += [f"{key}:", *(f"  {line}" for line in _block(value))]
        else:
            lines.append(f"{key}: {_flow(value)}")
    return lines


def _flow(value: object) -> str:
    """In one line, quoted where it has to be."""
    written = yaml.safe_dump(
        _listed(value), default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return str(written).removesuffix("\n").removesuffix("...").rstrip("\n")


def _listed(value: object) -> object:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _plain(text: str) -> Any:
    """What it says, scalars as written kinds and texts, so that 1 and true are not the same."""
    return _of(compose(text)) or {}


def _of(node: yaml.Node | None) -> Any:
    if node is None:
        return None
    if isinstance(node, yaml.MappingNode):
        return {key.value: _of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_of(item) for item in node.value]
    return node.tag, node.value if node.tag != _NULL else ""


_NULL = "tag:yaml.org,2002:null"


def _remember(said: Any, path: KeyPath, value: object) -> None:
    for key in path[:-1]:
        if not isinstance(said.get(key), dict):
            said[key] = {}
        said = said[key]
    said[path[-1]] = _of(compose(_flow(value)))


def _forget(said: Any, path: KeyPath) -> None:
    inner = said.get(path[0]) if isinstance(said, dict) else None
    if inner is None:
        return
    if len(path) > 1:
        _forget(inner, path[1:])
    if len(path) == 1 or inner == {}:
        del said[path[0]]


def _refused() -> BadInput:
    problem = "the file is written in a way that only its text can be changed"
    return BadInput([Fault("values", 0, 0, problem, "change the text itself")])
