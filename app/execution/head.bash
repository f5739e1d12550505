# What runs before a task's own script, in the same bash. `script.compose` folds it into one line, in
# front of the script's first line, so that bash counts lines as the user does: every line here must
# end in a semicolon or an opening word, and comments stand on lines of their own.
#
# The task runs by `set -e` and pipefail, and a member of a pipeline that is not the last may end by
# SIGPIPE (`yes | head`). `set -e` alone can't pardon, since bash exits after the ERR trap whatever
# that says; so the trap takes -e away, and a DEBUG trap puts it back before the next command runs.
# In a condition (`if yes | head`) bash runs no ERR trap, and pipefail's 141 counts.

# Most scripts never fail, and parsing costs a third of a bash's start: what stands between `library`
# and `end of library` travels as text and is read when a trap first needs it.

# library
# The ERR trap. Arguments: $?, the line, the command, its file, then PIPESTATUS. It ends the script
# itself: after a pardon -e may still be off (a subshell begins without a command of its parent's).
__gpulane_judge() {
local status=$1 line=$2 command=$3 file=$4 parts=$(($# - 4)) part=0 failed=0 member;
shift 4;
for member; do
part=$((part + 1));
if ((member != 0)) && ! ((member == 141 && part < parts)); then failed=$part; fi;
done;
if ((status == 141)) && { ((failed == 0)) || [[ -n ${__gpulane_pardoned-} ]]; }; then __gpulane_pardon;
elif [[ $-${__gpulane_pardoned-} == *e* ]]; then
if ((status == 141)); then status=${!failed}; fi;
__gpulane_tell;
exit "$status";
fi;
__gpulane_in_trap=0;
};

# A function or group whose last command was pardoned hands its 141 to the line that called it, so
# the pardon is remembered (as the shell's flags) until another command begins. A subshell does not
# inherit our EXIT trap, though `trap -p` shows it until the subshell sets one.
__gpulane_pardon() {
__gpulane_pardoned=${__gpulane_pardoned:-$-};
if ((BASH_SUBSHELL)); then
case $(trap -p EXIT) in ''|*__gpulane_exit*) __gpulane_watch_exit;; esac;
fi;
set +e;
trap '{ __gpulane_resume; } 2>/dev/null' DEBUG;
};

# Commands of our own traps fire the DEBUG trap as well.
__gpulane_resume() {
if ((__gpulane_in_trap)); then return 0; fi;
if [[ $__gpulane_pardoned == *e* ]]; then set -e; fi;
__gpulane_pardoned=;
trap - DEBUG;
};

# One line for people and for `script.failed_command`, on the script's stderr (3 inside the traps).
# Of a pipeline bash names only the last member: the text of its line says more.
__gpulane_tell() {
local where="line $line" text=();
if [[ $file != "$0" ]]; then where="$where of $file";
elif ((parts > 1 && failed)); then
mapfile -t -s "$((line - 1))" -n 1 text <"$0";
command=${text[0]};
if ((line == 1)); then command=${command:__gpulane_begin}; fi;
where="$where, part $failed of $parts";
fi;
command=${command#"${command%%[![:space:]]*}"};
command=${command%%$'\n'*};
__gpulane_told=1;
echo "gpulane: exit $status in $where: ${command:0:300}" >&3;
};

# The EXIT trap: a pardoned pipeline may have been the last command. What no ERR trap saw (`exit 3`,
# `a && b`) is told here, without a line, since bash does not know it any more.
__gpulane_exit() {
if (($1 == 141)) && [[ -n ${__gpulane_pardoned-} ]]; then exit 0; fi;
if (($1 == 0)) || [[ -n ${__gpulane_told-} ]] || ((BASH_SUBSHELL)); then return 0; fi;
local command=${2%%$'\n'*};
echo "gpulane: exit $1: ${command:0:300}" >&3;
};
# end of library

__gpulane_judge() { eval "$__gpulane_library"; __gpulane_judge "$@"; };
__gpulane_exit() { (($1)) || return 0; eval "$__gpulane_library"; __gpulane_exit "$@"; };

# The redirections keep our traps out of a user's `set -x`. Setting a variable within one is the way
# to do it before the DEBUG trap fires. `|| :` as nothing that fails in a trap, such as a write to a
# terminal that is gone, may change the script's status.
__gpulane_watch_exit() {
trap '{ __gpulane_exit "$?" "$BASH_COMMAND"; } 3>&"$((__gpulane_in_trap = 2))" 2>/dev/null || :' EXIT;
};
__gpulane_watch_exit;
# Asked to end, it stays for what it has started, which is asked as well and may have to save its work: without
# a trap bash would die at once, and in a terminal take that along.
trap '{ __gpulane_told=1; wait; exit 143; } 2>/dev/null' TERM;
trap '{ __gpulane_judge "$?" "$LINENO" "$BASH_COMMAND" "${BASH_SOURCE[0]-}" "${PIPESTATUS[@]}"; } 3>&"$((__gpulane_in_trap = 2))" 2>/dev/null || :' ERR;
set -eET -o pipefail;
