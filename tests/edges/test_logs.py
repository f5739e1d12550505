"""The scheduler's log: several schedulers write one file, and rotate it."""

import os
import re
import subprocess
import sys
import threading
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


def test_a_reader_that_stops_reading_holds_nothing_up(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from app.logs import open_log
from app.narrate import log
open_log(Path({str(tmp_path / "log")!r}), 10, on_terminal=False)
for number in range(2000):
    log.info("line %d of it %s", number, "x" * 60)
print("done", file=__import__("sys").stderr, flush=True)
input()
log.info("the last %s", "x" * 9000)
"""
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    writer = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        text=True,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    assert writer.stderr is not None
    assert writer.stderr.readline() == "done\n"
    assert len((tmp_path / "log").read_text().splitlines()) == 2000
    shown = [writer.stdout.readline() for _ in range(100)]
    assert "line 99 of it" in shown[-1]
    rest = threading.Thread(target=lambda: shown.extend(writer.stdout or ()))
    rest.start()
    writer.stdin.write("\n")
    writer.stdin.close()
    assert writer.wait(30) == 0
    rest.join()
    writer.stderr.close()
    writer.stdout.close()
    missing = int(re.fullmatch(r"\.\.\. (\d+) lines could not be shown here\n", shown[-2])[1])  # type: ignore[index]
    assert len(shown) - 2 + missing == 2000
    assert shown[-1].endswith("x" * 9000 + "\n")
