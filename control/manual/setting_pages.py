"""The tables of help/settings.md and help/zh/settings.md: every key of both settings files."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from app.model.paths import PROJECT
from app.model.settings import AT_START, Settings
from control.manual.tables import table
from control.src.files.setting_keys import Key, keys_of
from control.src.settings import RESTART, ControlSettings

TRANSLATED = Path(__file__).with_name("settings_zh.yaml")
FILES: Mapping[str, type[Settings | ControlSettings]] = {
    "gpu_manage": Settings,
    "control_setting": ControlSettings,
}
LATER = AT_START | {name.replace("_", "-") for name in RESTART}
"""Keys that act with the next start only: of the scheduler, of the console."""

WORDS: Mapping[str, str] = {
    "key": "key",
    "default": "default",
    "values": "values",
    "acts": "acts",
    "meaning": "meaning",
    "now": "at once",
    "later": "next start",
    "comma": ", ",
    "null": "or null",
    "same": "see above",
    "integer": "whole number",
    "number": "number",
    "boolean": "true, false",
    "string": "text",
    "list": "list",
}
_TABLES = re.compile(r"(<!-- keys of (\w+) -->\n).*?(<!-- end of keys -->)", re.DOTALL)


def setting_pages(folder: Path) -> dict[Path, str]:
    """Both pages as they stand, with the tables that are right now."""
    chinese = yaml.safe_load(TRANSLATED.read_text())
    english: Mapping[str, Any] = {"words": WORDS, "sections": {}, **{name: {} for name in FILES}}
    return {
        path: _filled(path.read_text(), language)
        for path, language in (
            (folder / "settings.md", english),
            (folder / "zh" / "settings.md", chinese),
        )
    }


def keys_in(name: str) -> tuple[Key, ...]:
    return keys_of(FILES[name], PROJECT / "config" / f"{name}.yaml")


def _filled(page: str, language: Mapping[str, Any]) -> str:
    return _TABLES.sub(
        lambda found: found[1] + "\n".join(_tables(keys_in(found[2]), language, found[2])) + found[3], page
    )


def _tables(keys: Sequence[Key], language: Mapping[str, Any], name: str) -> Iterator[str]:
    words = language["words"]
    heads = [words[head] for head in ("key", "default", "values", "acts", "meaning")]
    yield ""
    for section, those in groupby(keys, lambda key: key.section):
        title = language["sections"].get(section, section)
        yield from (f"### {title[:1].upper()}{title[1:]}", "")
        yield from table(heads, list(_rows(those, words, language[name])))
        yield ""
    yield ""


def _rows(
    keys: Iterable[Key], words: Mapping[str, str], meanings: Mapping[str, str]
) -> Iterator[Sequence[str]]:
    before = ""
    for key in keys:
        meaning = meanings.get(key.key, key.meaning.replace(" (restart)", ""))
        acts = words["later" if key.key in LATER else "now"]
        said = words["same"] if meaning == before else meaning
        yield f"`{key.key}`", f"`{_shown(key.default)}`", _values(key, words), acts, said
        before = meaning


def _values(key: Key, words: Mapping[str, str]) -> str:
    said = [words["comma"].join(f"`{each}`" for each in key.choices) if key.choices else words[key.type]]
    limits = (("≥", key.minimum), (">", key.above), ("≤", key.maximum))
    said += [f"{sign} {_shown(limit)}" for sign, limit in limits if limit is not None]
    return words["comma"].join([*said, *([words["null"]] if key.null else [])])


def _shown(value: object) -> str:
    """As YAML would have it, and 600.0 as 600."""
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)
