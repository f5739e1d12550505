"""Where the prompt's lines come from: an editor with history and completion, or a pipe's plain lines."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from app.commands.candidates import Next
from app.model.paths import Home

LOOK_SECONDS = 0.3
"""Between two looks at whether the scheduler still lives, while a line is typed."""

Complete = Callable[[list[str], str], Next]
"""The words before, and what is typed of the next one."""


class Lines(Protocol):
    """Raises EOFError at the end, and KeyboardInterrupt when a line is thrown away."""

    def read(self) -> str: ...


class Plain:
    """For pipes and for terminals that can't move their cursor."""

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt if sys.stdin.isatty() else ""

    def read(self) -> str:
        sys.stdout.write(self._prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line


class Edited:
    """With completion of what there is now, and a history over all prompts of this home."""

    def __init__(self, prompt: str, home: Home, complete: Complete, notice: Callable[[], str]) -> None:
        """`notice`: asked now and then while a line is typed; what it says is shown above the line."""
        from prompt_toolkit import PromptSession

        from app.commands.prompt.editing import Completer, history

        self._prompt, self._notice = prompt, notice
        self._session: PromptSession[str] = PromptSession(
            history=history(history_file(home)),
            completer=Completer(complete),
            complete_in_thread=True,
            complete_while_typing=False,
            enable_open_in_editor=False,
        )

    def read(self) -> str:
        with self._watched():
            return self._session.prompt(self._prompt)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        from prompt_toolkit.patch_stdout import patch_stdout

        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_SECONDS):
                if said := self._notice():
                    print(said)  # noqa: T201 - above the line that is being typed

        with patch_stdout():
            watcher = threading.Thread(target=look, daemon=True)
            watcher.start()
            try:
                yield
            finally:
                over.set()
                watcher.join()


def history_file(home: Home) -> Path:
    return home.logs / "shell_history"


def lines(prompt: str, home: Home, complete: Complete, notice: Callable[[], str]) -> Lines:
    """As what we are started on allows."""
    able = (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
    )
    return Edited(prompt, home, complete, notice) if able else Plain(prompt)
