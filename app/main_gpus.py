"""`python app/main_gpus.py`: run a command file in multi mode (N GPUs a task). Holds no logic."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts this file's folder first; with both it and the root there, every module could exist twice.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

    from app import bootstrap

    bootstrap.ensure()

    from app.cli import run_mode

    sys.exit(run_mode("multi", sys.argv[1:]))
