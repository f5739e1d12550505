"""The child process that a hooks file runs in: reads a request a line, writes an answer a line.

Run by the user's own Python, which may be an older one and has none of our packages: standard library only.
"""

import importlib.util
import inspect
import json
import os
import sys
import traceback
from functools import cmp_to_key
from typing import Any, Callable, Dict, List, Optional  # noqa: UP035 - of older Pythons


class Card:
    """What FlowLine's comparators know of a card, as attributes."""

    def __init__(self, facts: Dict[str, Any]) -> None:  # noqa: UP006
        self.__dict__.update(facts)


def load(path: str) -> Any:
    sys.path.insert(0, os.path.dirname(path))  # noqa: PTH120
    spec = importlib.util.spec_from_file_location("gpulane_hooks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(hooks: Any, request: Dict[str, Any]) -> str:  # noqa: UP006
    given = [request["row"], request["gpu_id"], request["sorted_gpu_ids"]]
    takes = len(inspect.signature(hooks.build_command).parameters)
    command = hooks.build_command(*given[:takes])
    if not isinstance(command, str) or not command.strip():
        raise TypeError(f"build_command answered {command!r}, and no command")
    return command


def order(hooks: Any, request: Dict[str, Any]) -> Optional[List[int]]:  # noqa: UP006, UP045
    """Places of the cards, the best first; None: there is no comparator."""
    compare = getattr(hooks, "compare_gpus", None)
    if compare is None:
        return None
    cards = [Card(facts) for facts in request["cards"]]

    def better(one: int, other: int) -> int:
        return int(compare(cards[one], cards[other]))

    return sorted(range(len(cards)), key=cmp_to_key(better))


CALLS: Dict[str, Callable[[Any, Dict[str, Any]], Any]] = {"build": build, "order": order}  # noqa: UP006


def main(root: str, path: str) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what hooks print is no answer
    sys.path.insert(0, root)
    hooks = None
    for line in sys.stdin:
        try:
            if hooks is None:
                hooks = load(path)
            request = json.loads(line)
            answer = {"answer": CALLS[request["call"]](hooks, request)}
        except BaseException:  # SystemExit as well: a hook that leaves has not answered
            kind, error = sys.exc_info()[:2]
            answer = {"error": traceback.format_exception_only(kind, error)[-1].strip()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
