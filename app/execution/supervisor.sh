#!/bin/sh
# The supervisor of one attempt: outlives the scheduler and writes down how the attempt ended.
#
#   supervisor.sh NUMBER BOOTED STDIN CWD PROGRAM [ARGUMENT...]
#
# NUMBER of the attempt in its run; BOOTED: wall time at which /proc/uptime was 0; STDIN: a path for the
# task; CWD to enter; PROGRAM: bash with the task's script, or the task's one command itself. Descriptor
# 0 is the run's `ends` file, open for appending: this process's copy of it holds the attempt lock. 1 and
# 2 are the task's log or terminal.
#
# POSIX sh, since dash starts in 2 ms; no process but the task's, hence the reading of /proc. A line
# begins and ends with a newline and holds its own length, so that a short or mixed one can't parse.

whose() {
    session=$4 start=${20} # fields 6 and 22: two come before, the pid and the command in brackets
}

run() {
    number=$1 booted=$2 stdin=$3 cwd=$4
    shift 4

    # Handlers and not '': an ignored signal would be ignored in the task as well.
    trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 XCPU

    read -r stat <"/proc/$$/stat"
    whose ${stat##*) }
    read -r begun _ </proc/uptime

    # Once only: the disk may be full, and the task shall not wait for that.
    line="start $number $$ $start $session $begun $booted"
    printf '\n%s %s .\n' "$line" "${#line}" 2>/dev/null >&0

    if cd -- "$cwd" 2>/dev/null; then
        command "$@" <"$stdin" # a program, whatever this script calls its functions
        status=$?
    else
        echo "gpulane: the working directory $cwd can't be entered" >&2
        status=126
    fi

    read -r ended _ </proc/uptime
    line="end $number $status $begun $ended $booted"
    until printf '\n%s %s .\n' "$line" "${#line}" 2>/dev/null >&0; do
        command -p sleep 1
    done
    exit "$status"
}
run "$@"
