#!/bin/sh
# The supervisor of one attempt: outlives the scheduler and writes down how the attempt ended.
#
#   supervisor.sh NUMBER BOOTED BASH SCRIPT STDIN
#
# NUMBER of the attempt in its run; BOOTED: wall time at which /proc/uptime was 0; BASH to run the
# script with; SCRIPT: the descriptor it is on; STDIN: a path for the task. Descriptor 0 is the run's
# `ends` file, open for appending: this process's copy of it holds the attempt lock. 1 and 2 are the
# task's log or terminal.
#
# POSIX sh, since dash starts in 2 ms; no process but the task's, hence the reading of /proc. A line
# begins and ends with a newline and holds its own length, so that a short or mixed one can't parse.

run() {
    number=$1 booted=$2 bash=$3 script=$4 stdin=$5

    # Handlers and not '': an ignored signal would be ignored in the task as well.
    trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 XCPU

    read -r stat <"/proc/$$/stat"
    set -- ${stat##*) }
    session=$4 start=${20} # fields 6 and 22: two come before, the pid and the command in brackets
    read -r begun _ </proc/uptime

    # Once only: the disk may be full, and the task shall not wait for that.
    line="start $number $$ $start $session $begun $booted"
    printf '\n%s %s .\n' "$line" "${#line}" 2>/dev/null >&0

    "$bash" "/proc/self/fd/$script" <"$stdin"
    status=$?

    read -r ended _ </proc/uptime
    line="end $number $status $begun $ended $booted"
    until printf '\n%s %s .\n' "$line" "${#line}" 2>/dev/null >&0; do
        command -p sleep 1
    done
    exit "$status"
}
run "$@"
