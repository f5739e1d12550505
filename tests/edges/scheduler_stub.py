"""The part of a scheduler that a test kills: launches one attempt, says so, and stays.

`python scheduler_stub.py FOLDER NUMBER SCRIPT`
"""

import os
import signal
import sys
import time
from pathlib import Path

from app.execution.ends import EndsFile
from app.execution.environment import header, passed_on, task_environment
from app.execution.launcher import Launcher
from app.model.backend import LaunchSpec
from app.model.task import TaskKey


def main() -> None:
    folder, number, script = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    log = str(folder / f"{number}.log")
    spec = LaunchSpec(
        TaskKey("0" * 16, 0), 3, 1, 1, number, None, script, str(folder), (), "direct", None, log
    )
    launcher = Launcher(EndsFile(folder / "ends"))
    env = task_environment(passed_on(os.environ), spec, [], "")
    print("ready", flush=True)
    launcher.launch(spec, env, [], header(spec, env, [], "host", time.time()))
    print("launched", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
