"""What prompt_toolkit is told: completions, and where its history is kept."""

import contextlib
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completion, PathCompleter
from prompt_toolkit.completion import Completer as Base
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from app.commands.candidates import Next


class Completer(Base):
    """Of the word at the cursor."""

    def __init__(self, complete: Callable[[list[str], str], Next]) -> None:
        self._complete, self._paths = complete, PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Those that go on as the word begins; none inside of quotes."""
        text = document.text_before_cursor
        try:
            words = shlex.split(text)
        except ValueError:
            return
        begun = words.pop() if words and not text[-1:].isspace() else ""
        if not text.endswith(begun):  # with quotes or backslashes in it
            return
        coming = self._complete(words, begun)
        if coming.kind == "file":
            yield from self._paths.get_completions(Document(begun), complete_event)
        for each in coming.words:
            if each.text.startswith(begun):
                yield Completion(
                    shlex.quote(each.text), -len(begun), display=each.text, display_meta=each.about
                )


class _Kept(FileHistory):
    """A full disk costs the line's place in the history, and not the prompt."""

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            super().store_string(string)


def history(path: Path) -> History:
    """In a file for its user alone; in memory where there can be none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.read_bytes()
    except OSError:
        return InMemoryHistory()
    return _Kept(str(path))
