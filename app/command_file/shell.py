"""What can be said of a bash script by looking at it: does it end in the background, is it plain words."""

import re
from typing import NamedTuple

_LINE_ENDS_IN_AND = re.compile(r"(?<!&)&[ \t]*(?:#.*)?$", re.MULTILINE)
_DISOWN = re.compile(r"(?<=&)[ \t\n]*disown(?:[ \t]+[-\w%$!]+)*[ \t\n;]*\Z")
_HEREDOC = re.compile(r"<<(-?)[ \t]*((?:[^\s'\"\\;&|<>()]|\\.|'[^'\n]*'|\"[^\"\n]*\")+)")
_DULL = re.compile(r"[^\\'\"`$#&<()\n\s]+")
_PIECE = re.compile(r"(?<!>)(?:\|\|?|;)|[^|;]+")
_ENDS = re.compile(r"(?:^|[;&|\n][ \t]*)(done|fi|esac|\}|wait)$")
_OLD_ARITHMETIC = re.compile(r"\$\[[^\]]*$")
_DULL_IN_QUOTES = re.compile(r"[^\\\"`$]+")


def background_end(script: str) -> int | None:
    """Offset of the `&` that a script ends in, with or without `disown`; None when it ends otherwise."""
    if "&" not in script:
        return None
    script = _DISOWN.sub("", script)
    if not _LINE_ENDS_IN_AND.search(script):
        return None
    return _Scanner(script).run()


def behind(command: str) -> str | None:
    """What words put behind a command would come behind where its last part can't be the one they are for.

    The `|` or `||` before it, an operator with nothing after it, `#` for a comment, `<<` for the text of a
    here-document, the word that ends a loop or a group. None: they become arguments of the last part, as in
    `cd x && a`, `. env; a`.
    """
    scanner = _Scanner(command)
    scanner.run()
    ends = _ENDS.search(command)
    closed = ")" if scanner.closed_at == len(command) else None
    return scanner.behind or (ends[1] if ends else closed)


class Stand(NamedTuple):
    """Where words that are put behind the beginning of a script stand."""

    place: str | None  #: in what; None: among the words of a command. See `stands_in`
    quoted: str  #: what stands before them in the same quotes, as it is written
    command: str  #: what stands before them in the same command


def stands_in(before: str) -> Stand:
    """In `"`, `'`, `$'`, a backtick, `((`, `#` for a comment, `<<` for a here-document, `$(` for a
    substitution within quotes or one with a `case` in it, whose brackets can't be told from its own."""
    scanner = _Scanner(f"{before}x")
    scanner.run()
    return Stand(_place(scanner, before), before[scanner.quote_at :], before[scanner.command_at :])


def _place(scanner: "_Scanner", before: str) -> str | None:
    open_ = scanner.nesting
    if scanner.inside in ("#", "<<", "$'"):
        return scanner.inside
    if deep := next((each for each in ("`", "((") if each in open_), None):
        return deep
    if _OLD_ARITHMETIC.search(before[scanner.command_at :]):
        return "(("
    if scanner.inside or open_[-1:] == ['"']:
        quotes = '"' if open_[-1:] == ['"'] else "'"
        nested = '"' in open_[: -1 if quotes == '"' else None] or _case_in(open_, before)
        expands = quotes == '"' and re.search(r"\$\(|`", before[scanner.quote_at :])
        return "$(" if nested or expands else quotes
    return "$(" if '"' in open_ or _case_in(open_, before) else None


def _case_in(nesting: list[str], before: str) -> bool:
    return "(" in nesting and re.search(r"\bcase\b", before) is not None


class _Scanner:
    """Walks a script once, over quotes, comments, here-documents and nested substitutions.

    Not a shell parser: it only has to know which characters are operators.
    """

    def __init__(self, script: str) -> None:
        self.script = script
        self.at = 0
        self.nesting: list[str] = []  #: '"', "`", "(" or "((" that is open
        self.documents: list[tuple[str, bool]] = []  #: here-documents whose text begins at the next line
        self.last_and: int | None = None  #: a single & with nothing after it so far
        self.behind: str | None = None  #: see `behind`
        self.awaits = False  #: a | or || whose command comes yet, on a later line perhaps
        self.inside: str | None = None  #: what does not end: `'`, `$'`, `#` or `<<`
        self.quote_at = 0  #: where the text of the last quotes begins
        self.command_at = 0  #: where the last command begins
        self.closed_at = 0  #: where the last `( )` ends that is a command of its own
        self.outer: list[int] = []  #: where those begin in which brackets are open

    def run(self) -> int | None:
        while self.at < len(self.script):
            if self.nesting and self.nesting[-1] == '"':
                self._in_quotes()
            else:
                self._step()
        return self.last_and

    def _step(self) -> None:
        character = self.script[self.at]
        if character == "\n":
            if not self.awaits:
                self._divides("", self.at + 1)
            self._newline()
        elif character.isspace():
            self.at += 1
        elif character == "#" and self._word_starts():
            if not self.awaits:
                self._divides(character, self.at)
            end = self.script.find("\n", self.at)
            self.inside = "#" if end < 0 else None
            self.at = end if end >= 0 else len(self.script)
        elif character == "&":
            self._ampersand()
        else:
            self.last_and = None
            self._significant(character)

    def _significant(self, character: str) -> None:
        self._goes_on()
        if character == "\\":
            self.at += 2
        elif character == "'":
            self._single_quotes()
        elif character in '"`':
            self._toggle(character)
        elif character in "()":
            self._bracket(character)
        elif character == "<":
            self._less()
        else:
            dull = _DULL.match(self.script, self.at)
            for piece in _PIECE.finditer(dull[0]) if dull else ():
                if piece[0][0] in "|;":
                    self._divides(piece[0], self.at + piece.end())
                else:
                    self._goes_on()
            self.at = dull.end() if dull else self.at + 1

    def _in_quotes(self) -> None:
        character = self.script[self.at]
        if character == "\\":
            self.at += 2
        elif character in '"`':
            self._toggle(character)
        elif character == "$" and self.script.startswith("(", self.at + 1):
            self.at += 1
            self._bracket("(")
        else:
            dull = _DULL_IN_QUOTES.match(self.script, self.at)
            self.at = dull.end() if dull else self.at + 1

    def _single_quotes(self) -> None:
        begin = self.quote_at = self.at + 1
        if self.at and self.script[self.at - 1] == "$":  # $'...' knows \'
            found = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL).match(self.script, begin)
            self.inside = None if found else "$'"
            self.at = found.end() if found else len(self.script)
            return
        end = self.script.find("'", begin)
        self.inside = "'" if end < 0 else None
        self.at = end + 1 if end >= 0 else len(self.script)

    def _toggle(self, character: str) -> None:
        if self.nesting and self.nesting[-1] == character:
            self.nesting.pop()
        else:
            self.nesting.append(character)
            self.quote_at = self.at + 1
        self.at += 1

    def _bracket(self, character: str) -> None:
        double = self.script.startswith(character * 2, self.at)
        top = self.nesting[-1] if self.nesting else ""
        if character == "(":
            self.nesting.append("((" if double else "(")
            self.at += 2 if double else 1
            self.outer.append(self.command_at)
            self.command_at = self.at
        elif top == "((" and double:
            self.nesting.pop()
            self.at += 2
            self.command_at = self.outer.pop()
        else:
            self.at += 1
            self.command_at = self.at  # a pattern of `case`
            if top == "(":
                self.nesting.pop()
                self.command_at = self.outer.pop()
                if not self.nesting and self.script[self.command_at :].lstrip().startswith("("):
                    self.closed_at = self.at

    def _less(self) -> None:
        found = _HEREDOC.match(self.script, self.at)
        arithmetic = bool(self.nesting) and self.nesting[-1] == "(("
        if self.script.startswith("<<<", self.at):
            self.at += 3
        elif found and not arithmetic:
            self.documents.append((re.sub(r"['\"\\]", "", found[2]), bool(found[1])))
            self.at = found.end()
        else:
            self.at += 1

    def _newline(self) -> None:
        self.at += 1
        for delimiter, tabs in self.documents:
            self._skip_document(delimiter, tabs)
            self._divides("<<", self.at)
        self.documents.clear()

    def _skip_document(self, delimiter: str, tabs: bool) -> None:
        while self.at < len(self.script):
            end = self.script.find("\n", self.at)
            end = len(self.script) if end < 0 else end
            line = self.script[self.at : end]
            self.at = end + 1
            if (line.lstrip("\t") if tabs else line) == delimiter:
                return
        self.inside = "<<"

    def _ampersand(self) -> None:
        """`&&` is another operator; a & in brackets ends a command there only; what follows undoes it."""
        around = self.script[self.at - 1 : self.at] + self.script[self.at + 1 : self.at + 2]
        if self.script.startswith("&&", self.at):
            self._divides("&&", self.at + 2)
            self.last_and = None
            self.at += 2
            return
        if not set(around) & set("<>|"):  # 2>&1, &>log and |& are no operators, or others
            self._divides("&", self.at + 1)
        self.last_and = None if self.nesting else self.at
        self.at += 1

    def _divides(self, what: str, at: int) -> None:
        self.command_at = at
        if not self.nesting:
            self.behind = what or None
            self.awaits = what in ("|", "||")

    def _goes_on(self) -> None:
        """Words come; those after a pipe or a fallback are of another program than the one that is meant."""
        if not self.nesting:
            self.awaits = False
            self.behind = self.behind if self.behind in ("|", "||") else None

    def _word_starts(self) -> bool:
        return self.at == 0 or self.script[self.at - 1] in " \t\n;&|()"


# --- plain words: scripts that bash can't refuse, so that 100,000 of them need no 100,000 bashes.
# No [ or ]: `a[1` where a command may stand makes bash look for the other bracket.

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_QUOTED = re.compile(
    rf"\"(?:[^\"\\`$\n]|\$[A-Za-z_]|\$\{{{_NAME}\}})*\"|'[^'\n]*'|\$\{{{_NAME}\}}|\$[A-Za-z_]"
)
_BLANK = r"(?:[ \t](?:\\\n)?)"  # a continuation only after a blank: i\ and f on the next line are `if`
_RESERVED = (
    r"(?:if|then|else|elif|fi|do|done|case|esac|while|until|for|in|function|select|time|coproc|\{|\})"
    r"(?![^\s;|&<>])"
)
_WORD = r"[A-Za-z0-9_./:=,@%+^~?*{}-][A-Za-z0-9_./:=,@%+^~?*{}#-]*"
# The 2 of `2>&1` is a word: read either way, n of them would be tried in 2**n ways.
_REDIRECT = rf"(?:>&[12]|(?:&>>?|>>?|<){_BLANK}*{_WORD})(?={_BLANK}|[\n;|&]|\Z)"
_SIMPLE = rf"(?!{_RESERVED}){_WORD}(?:{_BLANK}+{_WORD}|{_BLANK}*{_REDIRECT})*"
_LIST = rf"{_SIMPLE}(?:{_BLANK}*(?:&&|\|\|?|;){_BLANK}*{_SIMPLE})*(?:{_BLANK}*;)?"
_LINE = rf"{_BLANK}*(?:{_LIST}{_BLANK}*)?(?:(?<![^\s;])#[^\n]*)?"
_PLAIN = re.compile(rf"{_LINE}(?:\n{_LINE})*")


def is_plain(script: str) -> bool:
    """Whether a script is only words, plain quotes, variables, pipes and redirections: bash can't refuse it.

    False says nothing: ask bash.
    """
    return bool(_PLAIN.fullmatch(_QUOTED.sub("q", script)))
