"""JSON to be read: what fits into a line stands in one."""

import json
from typing import Any

WIDTH = 110


def compact(value: Any, indent: str = "", room: int = WIDTH) -> str:
    """`room`: columns that are left in its first line; further lines start with `indent`."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= room or not value or not isinstance(value, dict | list):
        return line
    deeper = indent + " "
    if isinstance(value, list):
        parts = [compact(each, deeper, WIDTH - len(deeper) - 1) for each in value]
    else:
        names = [json.dumps(name, ensure_ascii=False) + ": " for name in value]
        parts = [
            name + compact(each, deeper, WIDTH - len(deeper) - len(name) - 1)
            for name, each in zip(names, value.values(), strict=True)
        ]
    opened, closed = "[]" if isinstance(value, list) else "{}"
    inside = ",\n".join(deeper + part for part in parts)
    return f"{opened}\n{inside}\n{indent}{closed}"
