#!/usr/bin/env bash
# End the console. Schedulers and their tasks go on.
set -euo pipefail
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../gpulane" console stop "$@"
