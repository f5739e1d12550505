"""`./gpulane completion bash|zsh|fish`: what makes a shell complete verbs, options, tasks, cards and files.

The scripts ask the hidden verb `complete`, which answers "files" where the shell knows best, else "words" and
then a candidate a line, with a tab and what it is. (The scripts that click and typer make call a `gpulane` on
PATH, and ours is mostly called by its path.)
"""

import contextlib
import shlex
from typing import Annotated

import typer

from app.commands import candidates, known
from app.commands.units import LAUNCHER
from app.home import home_here
from app.model.faults import BadInput

BASH = """\
# gpulane: completion for bash; eval "$(@ completion bash)" in ~/.bashrc
_gpulane() {
    local lines line word
    COMPREPLY=()
    mapfile -t lines < <(@ complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [[ ${lines[0]-} == files ]]; then
        compopt -o default
        return
    fi
    for line in "${lines[@]:1}"; do
        printf -v word %q "${line%%$'\\t'*}"
        COMPREPLY+=("$word")
    done
}
complete -F _gpulane gpulane
"""

ZSH = """\
#compdef gpulane
# gpulane: completion for zsh; eval "$(@ completion zsh)" in ~/.zshrc
_gpulane() {
    local -a lines shown
    local line
    lines=("${(@f)$(@ complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ $lines[1] == files ]]; then
        _files
        return
    fi
    for line in "${(@)lines[2,-1]}"; do
        shown+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
    done
    _describe gpulane shown
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _gpulane gpulane
"""

FISH = """\
# gpulane: completion for fish; @ completion fish > ~/.config/fish/completions/gpulane.fish
function __gpulane_complete
    set -l words (commandline -opc) "$(commandline -ct)"
    set -l lines (@ complete -- $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $lines[2..-1]
    end
end
complete -c gpulane -f -a '(__gpulane_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def completion(shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", show_default=False)]) -> None:
    """Print what makes a shell complete verbs, tasks, cards and files; its first line says where it goes."""
    if shell not in SCRIPTS:
        known_ = ", ".join(SCRIPTS)
        raise typer.BadParameter(f"there is no completion for {shell}; there is one for {known_}")
    typer.echo(SCRIPTS[shell].replace("@ comp", f"{shlex.quote(str(LAUNCHER))} comp"), nl=False)


def complete(
    context: typer.Context, words: Annotated[list[str] | None, typer.Argument(metavar="WORD...")] = None
) -> None:
    """For the scripts: what may stand for the last of these words."""
    *before, begun = words or [""]
    begun = (
        "" if begun == "=" else begun.replace("\\", "")
    )  # as bash takes words apart, and leaves them quoted
    coming = candidates.after(context.find_root().command, before, begun)
    if coming.kind == "file":
        typer.echo("files")
        return
    found = list(coming.words)
    with contextlib.suppress(BadInput):  # settings of which the words themselves will complain
        found += known.values(coming.kind, known.states(home_here()))
    lines = [f"{each.text}\t{each.about}" for each in found if each.text.startswith(begun)]
    typer.echo("\n".join(["words", *lines]))


def register(app: typer.Typer) -> None:
    """Make them verbs of it."""
    app.command()(completion)
    app.command(hidden=True)(complete)
