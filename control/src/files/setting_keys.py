"""The keys of a settings file, for who shows a form: kinds and limits from the model, meanings from the
comments of the file as we ship it."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from app.model.settings import SECRET

_KEY = re.compile(r"( *)([A-Za-z_-]+):(.*)")
_SECTION = re.compile(r"# --- (.+?) -+")


class Key(BaseModel):
    """What one key may say."""

    key: str = Field(examples=["retry_config.backoff_duration"])
    type: str = Field(examples=["number"], description="integer, number, boolean, string or list")
    null: bool = Field(description="null is a value, too: none, or no limit, as the meaning says")
    minimum: float | None = None
    above: float | None = Field(default=None, description="it has to be more than this")
    maximum: float | None = None
    choices: list[str] | None = None
    section: str = ""
    meaning: str
    default: Any
    secret: bool = False


@cache
def keys_of(model: type[BaseModel], shipped: Path) -> tuple[Key, ...]:
    """In the order of the shipped file, with those it has not at the end."""
    meanings = _meanings(shipped.read_text())
    order = {key: place for place, key in enumerate(meanings)}
    found = [
        Key(key=key, section=meanings.get(key, ("", ""))[0], meaning=meanings.get(key, ("", ""))[1], **kind)
        for key, kind in _kinds(model)
    ]
    return tuple(sorted(found, key=lambda each: order.get(each.key, len(order))))


def _kinds(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    properties = model.model_json_schema(by_alias=True)["properties"]
    for name, field in model.model_fields.items():
        shown = field.alias or name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _kinds(field.annotation, f"{shown}.")
            continue
        key, default = f"{above}{shown}", field.get_default()
        kind = _kind(properties[shown])
        yield (
            key,
            {
                **kind,
                "default": list(default) if isinstance(default, tuple) else default,
                "secret": key in SECRET or "secret" in key,
            },
        )


def _kind(schema: dict[str, Any]) -> dict[str, Any]:
    options = schema.get("anyOf", [schema])
    real = next(each for each in options if each.get("type") != "null")
    kind = "list" if real.get("type") == "array" else real.get("type", "string")
    return {
        "type": kind,
        "null": any(each.get("type") == "null" for each in options),
        "minimum": real.get("minimum"),
        "above": real.get("exclusiveMinimum"),
        "maximum": real.get("maximum"),
        "choices": real.get("enum"),
    }


def _meanings(text: str) -> dict[str, tuple[str, str]]:
    """Section and meaning of each key: the comments above it; those of the keys above where it has none, and
    no blank line is between."""
    found: dict[str, tuple[str, str]] = {}
    section, comments, meaning, above = "", list[str](), "", ""
    for line in text.splitlines():
        if heading := _SECTION.fullmatch(line.strip()):
            section, comments = heading[1], []
        elif line.strip().startswith("#"):
            comments.append(line.strip().removeprefix("#").strip())
        elif key := _KEY.fullmatch(line):
            meaning = " ".join(comments) if comments else meaning
            above = above if key[1] else ""
            found[f"{above}{key[2]}"] = section, meaning
            if not key[3].strip() and not key[1]:
                above = f"{key[2]}."
            comments = []
        elif not line.strip():
            comments, meaning = [], ""
    return found
