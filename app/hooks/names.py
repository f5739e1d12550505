"""What a hooks file defines."""

import ast
from pathlib import Path


def defined(path: Path) -> frozenset[str]:
    """The names a Python file gives at its top level, without running it. Raises SyntaxError, OSError."""
    names: set[str] = set()
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            found = (each for target in node.targets for each in ast.walk(target))
            names |= {each.id for each in found if isinstance(each, ast.Name)}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {(alias.asname or alias.name) for alias in node.names}
    return frozenset(names)
