#!/usr/bin/env bash
# Start the console, and return when it answers; it makes the environment first if there is none.
#   control/run.sh [--port N] [--bind ADDRESS] [--uds PATH] [--settings FILE]
set -euo pipefail
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../gpulane" console start "$@"
