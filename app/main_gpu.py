"""`python app/main_gpu.py`: run a command file in single mode (one GPU a task). Holds no logic."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts this file's folder first; with both it and the root there, every module could exist twice.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

    from app import bootstrap

    bootstrap.ensure()

    from app.cli import run_mode

    sys.exit(run_mode("single", sys.argv[1:]))
