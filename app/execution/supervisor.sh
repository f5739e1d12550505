#!/bin/sh
# The supervisor of one attempt: outlives the scheduler and writes down how the attempt ended.
#
#   supervisor.sh NUMBER BOOTED STDIN CWD PROGRAM [ARGUMENT...]
#   supervisor.sh end STATUS LINE      its last part again, which could not wait for want of a process
#
# NUMBER of the attempt in its run; BOOTED: wall time at which /proc/uptime was 0; STDIN: a path for the
# task; CWD to enter; PROGRAM: bash with the task's script, or the task's one command itself. Descriptor
# 0 is the run's `ends` file, open for appending: this process's copy of it holds the attempt lock. 1 and
# 2 are the task's log or terminal.
#
# Its variables begin with gl_: one that the environment brings along by the same name would reach the
# task changed.
#
# POSIX sh, since dash starts in 2 ms; no process but the task's, hence the reading of /proc. A line
# begins and ends with a newline and holds its own length, so that a short or mixed one can't parse.

whose() {
    gl_session=$4 gl_start=${20} # fields 6 and 22: two come before, the pid and the command in brackets
}

write() {
    printf '\n%s %s .\n' "$1" "${#1}" 2>/dev/null >&0
}

# Where no process can be had a shell ends at once, wherever it is, and runs its EXIT trap: this one while the
# task is started, and below while the end can't be written.
unborn() {
    write "none $gl_number"
    exit 75
}

finish() {
    exec 2>/dev/null # it would say of every try that it can't fork
    trap 'exec /bin/sh "$0" end "$gl_status" "$gl_line"' EXIT
    until write "$gl_line"; do
        command -p sleep 1
    done
    trap - EXIT
    exit "$gl_status"
}

run() {
    gl_number=$1 gl_booted=$2 gl_stdin=$3 gl_cwd=$4
    shift 4

    read -r gl_stat <"/proc/$$/stat"
    whose ${gl_stat##*) }
    read -r gl_begun _ </proc/uptime

    # Once only: the disk may be full, and the task shall not wait for that.
    write "start $gl_number $$ $gl_start $gl_session $gl_begun $gl_booted"

    if cd -- "$gl_cwd" 2>/dev/null; then
        trap unborn EXIT
        command "$@" <"$gl_stdin" # a program, whatever this script calls its functions
        gl_status=$?
        trap - EXIT
    else
        echo "gpulane: the working directory $gl_cwd can't be entered" >&2
        gl_status=126
    fi

    read -r gl_ended _ </proc/uptime
    gl_line="end $gl_number $gl_status $gl_begun $gl_ended $gl_booted"
    finish
}

# Handlers and not '': an ignored signal would be ignored in the task as well.
trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2 XCPU

if [ "$1" = end ]; then
    gl_status=$2 gl_line=$3
    finish
fi
run "$@"
