"""The scheduler's log: several schedulers write one file, and rotate it."""

import os
import subprocess
import sys
from pathlib import Path

from app.logs import KEPT_FILES
from app.model.paths import PROJECT

LINES = 400
WRITER = f"""
import sys
from pathlib import Path
from app.logs import open_log
from app.narrate import log
open_log(Path(sys.argv[1]), 0.02, on_terminal=True)
sys.stdin.readline()
for number in range({LINES}):
    log.info("line %d of it %s", number, "x" * 60)
"""


def test_no_line_of_several_schedulers_is_lost_when_their_log_rotates(tmp_path: Path) -> None:
    log = tmp_path / "compete_gpus.log"
    argv = [sys.executable, "-c", WRITER, str(log)]
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    writers = [subprocess.Popen(argv, stdin=subprocess.PIPE, env=env, text=True) for _ in range(2)]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    files = sorted(tmp_path.glob("compete_gpus.log*"))
    assert 2 < len(files) <= 1 + KEPT_FILES
    written = [line for file in files for line in file.read_text().splitlines()]
    for writer in writers:
        numbers = {int(line.split()[5]) for line in written if f"[{writer.pid}]" in line}
        assert numbers == set(range(LINES))
