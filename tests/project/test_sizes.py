"""Files and functions stay small enough to be read at a sitting."""

import ast
from collections.abc import Iterator
from pathlib import Path

from app.model.paths import PROJECT
from tests.project.files import python_files

FILE_LINES = 400
FUNCTION_LINES = 60


def programs() -> list[Path]:
    return python_files("app") + python_files("control")


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(place and name, lines) of every function in the file, decorators and docstring included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield f"{path.relative_to(PROJECT)}:{first} {node.name}", (node.end_lineno or first) - first + 1


def test_no_file_is_over_400_lines() -> None:
    sizes = {str(path.relative_to(PROJECT)): len(path.read_text().splitlines()) for path in programs()}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == {}


def test_no_function_is_over_60_lines() -> None:
    sizes = dict(function for path in programs() for function in functions(path))
    assert sizes
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}
