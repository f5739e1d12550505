"""What a hooks file defines."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Those that may run at the top level: what stands below an `if` or a `try` as well."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _statements(node.body)
        if isinstance(node, ast.If | ast.Try):
            yield from _statements(node.orelse)
        if isinstance(node, ast.Try):
            yield from _statements(node.finalbody)
            for handler in node.handlers:
                yield from _statements(handler.body)


def defined(path: Path) -> frozenset[str]:
    """The names a Python file gives at its top level, without running it. Raises SyntaxError, OSError."""
    names: set[str] = set()
    for node in _statements(ast.parse(path.read_bytes()).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            found = (each for target in node.targets for each in ast.walk(target))
            names |= {each.id for each in found if isinstance(each, ast.Name)}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {(alias.asname or alias.name) for alias in node.names}
    return frozenset(names)
