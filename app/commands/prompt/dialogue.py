"""The dialogue itself: a line in, what it did out."""

import difflib
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from app.client import NoAnswer
from app.commands import candidates, known
from app.commands.candidates import Candidate, Next
from app.commands.find import Scheduler, shown_path
from app.commands.prompt.lines import lines
from app.commands.prompt.say import fitted, say
from app.commands.prompt.target import Target
from app.commands.prompt.words import KINDS, WORDS, Word
from app.model.faults import BadInput, GpulaneError
from app.model.state import in_order
from app.view.look import QUIET
from app.view.text import clean

NOT_HERE = frozenset({"run", "demo", "shell", "completion", "complete"})
"""Verbs of the command line that are for a shell, and not for one scheduler."""

LEAVE, TOO = "exit", "quit"
HELP = ("help", "?")


class Dialogue:
    """A prompt for one scheduler."""

    def __init__(self, target: Target, verbs: Any) -> None:
        """`verbs`: the command line's, a group of typer's."""
        self._target, self._verbs = target, verbs
        self._more = {
            name: each for name, each in verbs.commands.items() if name not in NOT_HERE and not each.hidden
        }
        self._typed = sys.stdin.isatty()
        self._living: int | None = None  #: the pid that was last seen alive

    def hold(self) -> int:
        """Until its user leaves. The exit code: the worst of its lines where nobody types them, else 0."""
        source = lines("gpulane> ", self._target.home, self.complete, lambda: fitted(self.news()))
        if self._typed:
            say(self._greeting())
        worst = 0
        while True:
            try:
                line = source.read()
            except KeyboardInterrupt:  # the line is thrown away
                continue
            except EOFError:
                break
            if line.split() in ([LEAVE], [TOO]):
                break
            worst = max(worst, self.do(line))
        return 0 if self._typed else worst

    def do(self, line: str) -> int:
        """One line; 0, or 2 where nothing was done, or the code of the command line's verb."""
        self._tell_news()
        try:
            words = shlex.split(line)
            code = self._do(words) if words else 0
        except ValueError as error:
            code = _refuse(f"{error}: quotes come in pairs, and a backslash stands before something")
        except GpulaneError as error:
            code = _refuse(str(error))
        except KeyboardInterrupt:  # ends what was looked at, and not the prompt
            code = 1
        self._tell_news()
        return code

    def _do(self, words: Sequence[str]) -> int:
        verb, rest = words[0], words[1:]
        if verb in HELP:
            return self._help(rest)
        word = WORDS.get(verb)
        if word and _fits(word, rest):
            said = word.act(self._target, rest)
            if said:
                say(said)
            return 0
        if word and (verb not in self._more or len(rest) < word.least):
            raise BadInput(f"usage: {word.usage}")
        if verb in self._more:
            return self._command(verb, rest)
        if verb in (LEAVE, TOO):
            raise BadInput(f"usage: {LEAVE}")
        raise BadInput(self._unknown(verb))

    def _command(self, verb: str, rest: Sequence[str]) -> int:
        """A verb of the command line, about the scheduler of this prompt."""
        about: list[str] = []
        takes_pid = any(each.name == "pid" for each in self._more[verb].params)
        if takes_pid and not any(word.split("=")[0] in ("--pid", "--file") for word in rest):
            one = self._target.living() or self._target.last
            about = ["--pid", str(one.pid)] if one else []
        try:
            self._verbs([verb, *about, *rest], prog_name="gpulane")
        except SystemExit as done:
            return done.code if isinstance(done.code, int) else 1
        return 0

    def _unknown(self, verb: str) -> str:
        close = difflib.get_close_matches(verb, self._all(), 1)
        hint = f"did you mean {close[0]}?" if close else "`help` lists what there is"
        return f"{clean(verb)!r} is no verb; {hint}"

    def _all(self) -> list[str]:
        return [*WORDS, *(name for name in self._more if name not in WORDS), *HELP, LEAVE, TOO]

    # What it says by itself

    def news(self) -> str:
        """That the scheduler has ended, or that another one runs its file now; "": nothing new."""
        last = self._target.last
        if self._living is not None and last and not last.alive():
            self._living = None
            return f"{self._target.gone()}{_left(last)}; `run` starts it again"
        try:
            one = self._target.living()
        except GpulaneError:  # several: whoever types will be told
            return ""
        before, self._living = self._living, one.pid if one else None
        if one is None or before == one.pid:
            return ""
        return f"talking to the scheduler with pid {one.pid} ({shown_path(clean(one.seen.command_file))})"

    def _tell_news(self) -> None:
        if said := self.news():
            say(said, err=not self._typed)  # what a script reads holds what it asked for alone

    def _greeting(self) -> str:
        return f"{self.news() or self._target.gone()}; `help` lists what there is, `exit` leaves it running"

    def _help(self, rest: Sequence[str]) -> int:
        if rest and rest[0] in self._more and rest[0] not in WORDS:
            return self._command(rest[0], ["--help"])
        if rest and rest[0] in WORDS:
            say(f"{WORDS[rest[0]].usage}: {WORDS[rest[0]].does}")
            return 0
        if rest and rest[0] not in self._all():
            raise BadInput(self._unknown(rest[0]))
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(style=QUIET)
        for usage, does in self._explained():
            table.add_row(usage, does)
        Console().print(table, markup=False)
        return 0

    def _explained(self) -> Iterator[tuple[str, str]]:
        yield from ((word.usage, word.does) for word in WORDS.values())
        yield "help, ?", "this; help <verb>: more about one"
        yield "exit, Ctrl-D", "leaves; the scheduler goes on"
        for name, each in self._more.items():
            if name not in WORDS:
                yield name, " ".join((each.help or "").split("\n\n")[0].split())

    # What may come next

    def complete(self, words: list[str], begun: str) -> Next:
        """By the verb's own declaration, with names that the scheduler has now."""
        if not words or words[0] in HELP:
            return Next(tuple(Candidate(name) for name in self._all())) if len(words) < 2 else Next()
        verb, rest = words[0], words[1:]
        if verb in KINDS and not rest and not begun.startswith("-"):
            coming = Next(kind=KINDS[verb])
        elif verb in self._more:
            coming = candidates.after(self._more[verb], rest, begun)
        else:
            return Next()
        return Next((*coming.words, *self._values(verb, coming)), coming.kind)

    def _values(self, verb: str, coming: Next) -> list[Candidate]:
        try:
            one = self._target.living()
            state = one.ask("status")["state"] if one else None
        except GpulaneError:
            state = None
        found = [state] if state else list(known.states(self._target.home))
        return known.values(coming.kind, found, running=verb == "kill")


def _fits(word: Word, rest: Sequence[str]) -> bool:
    plain = not any(each.startswith("-") for each in rest)
    return word.least <= len(rest) <= word.most and (plain or word.most > 1)


def _left(one: Scheduler) -> str:
    try:
        counts = one.state().counts
    except (GpulaneError, NoAnswer):
        return ""
    return ": " + ", ".join(f"{number:,} {status}" for status, number in in_order(counts)) if counts else ""


def _refuse(text: str) -> int:
    say(text, err=True)
    return 2
