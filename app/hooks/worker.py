"""The child process that a hooks file runs in: reads a request a line, writes an answer a line.

Run by the user's own Python, which may be an older one and has none of our packages: standard library only.
"""

import contextlib
import faulthandler
import importlib.util
import inspect
import json
import os
import select
import signal
import sys
import threading
import traceback
from functools import cmp_to_key
from typing import Any, Callable, Dict, List, Optional, TextIO  # noqa: UP035 - of older Pythons

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


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


def files(path: str, hooks: Any) -> List[str]:  # noqa: UP006
    """That its functions come from, with what was imported from beside these."""
    found = {path}
    given = (getattr(hooks, name, None) for name in ("build_command", "compare_gpus"))
    for function in filter(None, given):
        code = getattr(inspect.unwrap(function), "__code__", None)
        found |= {code.co_filename} if code else set()
    folders = {os.path.dirname(each) for each in found}  # noqa: PTH120
    modules = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    beside = {each for each in modules if each and os.path.dirname(each) in folders}  # noqa: PTH120
    return sorted(found | beside)


def build(hooks: Any, request: Dict[str, Any]) -> Dict[str, str]:  # noqa: UP006
    given = [request["row"], request["gpu_id"], request["sorted_gpu_ids"]]
    command = hooks.build_command(*given[: takes(hooks.build_command)])
    if not isinstance(command, str) or not command.strip():
        raise TypeError(f"build_command answered {command!r}, and no command")
    return {"command": command, "shown": getattr(command, "shown", command)}


def takes(function: Callable[..., Any]) -> Optional[int]:  # noqa: UP045
    """How many arguments by place; None: any number."""
    kinds = [each.kind for each in inspect.signature(function).parameters.values()]
    return None if inspect.Parameter.VAR_POSITIONAL in kinds else sum(kind in POSITIONAL for kind in kinds)


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


def failure(request: Dict[str, Any]) -> Dict[str, str]:  # noqa: UP006
    """What is told of the exception that is being handled: its last line, and the whole traceback."""
    kind, error, trace = sys.exc_info()
    last = traceback.format_exception_only(kind, error)[-1].strip()
    row = request.get("row")
    if isinstance(error, KeyError) and row is not None and error.args and error.args[0] not in row:
        last += "; its row has " + (", ".join(row) or "no columns but those that are not handed over")
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(OURS):  # says nothing to them
        trace = trace.tb_next
    return {"error": last, "trace": "".join(traceback.format_exception(kind, error, trace))}


class Printed:
    """What hooks and their children print, the last of it. A thread takes it, lest a full pipe stop them."""

    MOST = 20000
    MARK = b"\0gpulane: so far\0"

    def __init__(self) -> None:
        self._text = bytearray()
        self._marked = threading.Event()
        take, self._give = os.pipe()
        for fd in (1, 2):
            os.dup2(self._give, fd)
        threading.Thread(target=self._take, args=(take,), daemon=True).start()

    def _take(self, fd: int) -> None:
        while True:
            self._text += os.read(fd, 65536)
            del self._text[: -self.MOST]
            if self.MARK in self._text:
                self._marked.set()

    def so_far(self) -> str:
        """Since this was asked before."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a hook may have put anything in their place
                stream.flush()
        self._marked.clear()
        os.write(self._give, self.MARK)
        self._marked.wait(1)
        text, _, _ = bytes(self._text).partition(self.MARK)
        self._text.clear()
        return text.decode("utf-8", "replace")


def serve(path: str, requests: TextIO, answers: TextIO) -> None:
    hooks, printed = None, Printed()
    for line in requests:
        request = json.loads(line)
        # Where it hangs is told by a thread that runs whatever the hook does.
        faulthandler.dump_traceback_later(request["limit"], file=answers)
        try:
            if hooks is None:
                hooks = load(path)
                tell(answers, {"loaded": files(path, hooks)})
            answer: Dict[str, Any] = {"answer": CALLS[request["call"]](hooks, request)}  # noqa: UP006
        except BaseException:  # SystemExit as well: a hook that leaves has not answered
            answer = failure(request)
        faulthandler.cancel_dump_traceback_later()
        tell(answers, dict(answer, printed=printed.so_far()))


def end_with(requests: int) -> None:
    """A hook that hangs must not outlive its scheduler, however that ends."""
    asker = select.poll()
    asker.register(requests, 0)  # that it is gone is always told
    asker.poll()
    os.killpg(os.getpid(), signal.SIGKILL)


def tell(answers: TextIO, answer: Dict[str, Any]) -> None:  # noqa: UP006
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def main(root: str, path: str) -> None:
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what they start may read, and is not asked
    threading.Thread(target=end_with, args=(requests.fileno(),), daemon=True).start()
    sys.path.insert(0, root)
    serve(path, requests, answers)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
