"""What tasks leave running: it keeps its card, is named, and goes from the page when it is gone."""

import contextlib
import os
import re
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from app import procfs
from app.execution.ends import EndsFile
from app.model.blockers import CardLeased
from tests.end_to_end.world import UNTIL_GO, Scheduler, World
from tests.waiting import eventually


def test_a_leftover_that_may_stay_keeps_its_card_and_is_named(world: World) -> None:
    world.gpus = "1x24"
    world.settings(kill_leftovers=False, check_time=60)
    world.blocks([(1, "sleep 300 & echo $! >pid"), (2, "echo two >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "completed")
    pid = int(world.work("pid")[0])
    # Looked at between its fork and its exec it is still called bash.
    said = re.compile(rf"GPU 0 is leased to (sleep|bash) \(pid {pid}\), left running by task 1/0")
    eventually(lambda: said.search(scheduler.wait_for("2/0", "waiting").reason))
    (leased,) = scheduler.wait_for("2/0", "waiting").blockers
    assert isinstance(leased, CardLeased)
    assert leased.holder
    assert (leased.holder.kind, leased.holder.whose) == ("left_running", "task 1/0")
    assert leased.holder.processes[0].endswith(f" (pid {pid})")
    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    assert scheduler.end() == 0
    assert time.monotonic() - began < 20, "its end is an event: nobody waited for check_time"
    assert world.work("done") == ["two"]
    assert world.leases() == []


def test_a_task_that_has_lost_its_supervisor_is_ended_before_it_begins_anew(world: World) -> None:
    """Also where leftovers may stay: two of it at once would do its work twice."""
    world.settings(kill_leftovers=False)
    world.blocks([(1, f"echo $$ >>begun; {UNTIL_GO}; echo >>done")])
    scheduler = world.start()
    supervisor = scheduler.wait_for("1/0", "running").pid
    eventually(lambda: world.work("begun"))
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: len(world.work("begun")) == 2)
    assert procfs.start_time(int(world.work("begun")[0])) is None
    world.go()
    assert scheduler.end() == 0
    assert len(world.work("done")) == 1


def test_a_card_that_a_gone_schedulers_task_has_left_in_use_is_not_said_to_be_that_schedulers(
    world: World,
) -> None:
    world.gpus = "1x24"
    world.settings(kill_leftovers=False)
    world.blocks([(1, "sleep 300 & echo $! >pid")])
    first = world.start()
    first.wait_for("1/0", "completed")
    first.kill()
    other = world.file("5\ntrue\n1\n10\n", "other.txt")
    second = world.start(command_file=other)
    said = f"leased to queue 1, started by a scheduler of yours that has ended (pid {first.pid})"
    eventually(lambda: said in second.wait_for("5/0", "waiting").reason)
    os.kill(int(world.work("pid")[0]), signal.SIGKILL)
    assert second.end() == 0


def test_what_is_left_of_an_attempt_that_ended_while_nobody_looked_keeps_its_card(world: World) -> None:
    """Also where it has let go of the lease."""
    world.gpus = "1x24"
    world.settings(kill_leftovers=False)
    leave = "import subprocess; open('pid', 'w').write(str(subprocess.Popen(['sleep', '300']).pid))"
    world.blocks([(1, f'{UNTIL_GO}; {sys.executable} -c "{leave}"'), (1, "echo two >>done")])
    first = world.start()
    first.wait_for("1/0", "running")
    first.kill()
    world.go()
    pid = int(eventually(lambda: world.work("pid"))[0])
    (supervisor,) = {task.state.pid for task in first.tasks().values() if task.state.status == "running"}
    eventually(lambda: procfs.start_time(supervisor) is None)
    second = world.start()
    said = f"GPU 0 is leased to sleep (pid {pid}), left running by task 1/0"
    eventually(lambda: said in second.wait_for("1/1", "waiting").reason)
    assert "leases_vanished" not in {problem.kind for problem in second.problems()}
    os.kill(pid, signal.SIGKILL)
    assert second.end() == 0
    assert world.work("done") == ["two"]


SAVING = """import os, signal, subprocess, sys, time
if sys.argv[1:] == ["child"]:  # it takes its time, and has none of the attempt's descriptors
    signal.signal(signal.SIGTERM, lambda *_: open("asked", "w").close())
    open("ready", "w").close()
    while not os.path.exists("saved"):
        time.sleep(0.02)
else:
    subprocess.Popen([sys.executable, __file__, "child"])
    time.sleep(300)
"""


@pytest.mark.parametrize("adopted", [False, True])
def test_a_worker_that_outlives_what_carried_the_lease_keeps_its_card(world: World, adopted: bool) -> None:
    """Also from another scheduler's tasks, and also where it was found again."""
    world.gpus = "1x24"
    world.settings(stop_grace=60, check_time=0.2, heartbeat=0.5)
    (world.root / "work" / "saving.py").write_text(SAVING)
    world.file(f"#LANE timeout=1s retries=0\n1\n{sys.executable} saving.py\n1\n10\n")
    first = world.start()
    eventually((world.root / "work" / "ready").exists)
    if adopted:
        first.kill()
        first = world.start()
    eventually((world.root / "work" / "asked").exists)
    other = world.file("7\ntest -e saved && echo seven >>done\n1\n10\n", "other.txt")
    second = world.start(command_file=other)
    eventually(lambda: "leased to queue 1" in second.wait_for("7/0", "waiting").reason)
    until = time.time() + 1.5
    eventually(lambda: all(each.seen_at() > until for each in (first, second)))  # both have looked again
    assert second.wait_for("7/0", "waiting")
    assert "leases_vanished" not in {problem.kind for problem in first.problems()}
    (world.root / "work" / "saved").touch()
    assert second.end() == 0
    assert first.end() == 1
    assert world.work("done") == ["seven"]


ORPHAN = """import os, signal, subprocess, sys, time
if sys.argv[1:] == ["child"]:  # of no session, environment or descriptor of the attempt, and deaf
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open("child.tmp", "w").write(str(os.getpid()))
    os.rename("child.tmp", "child")
else:
    subprocess.Popen(["env", "-i", sys.executable, __file__, "child"], start_new_session=True)
time.sleep(300)
"""


def test_what_was_proved_an_attempts_own_is_so_still_when_its_parent_has_died(world: World) -> None:
    """Only descent tells of it, and a stop ends the parent first."""
    world.settings(stop_grace=0.5)
    (world.root / "work" / "orphan.py").write_text(ORPHAN)
    world.blocks([(1, f"{sys.executable} orphan.py")])
    scheduler = world.start()
    child = int(eventually(lambda: world.work("child"))[0])
    assert scheduler.stop() == 143
    assert procfs.start_time(child) is None
    assert world.leases() == []


@contextlib.contextmanager
def no_descriptor_left(scheduler: Scheduler) -> Iterator[None]:
    before = resource.prlimit(scheduler.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(scheduler.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    yield
    resource.prlimit(scheduler.pid, resource.RLIMIT_NOFILE, before)


def test_an_end_without_a_descriptor_left_is_waited_out(world: World) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    with no_descriptor_left(scheduler):
        world.go()
        eventually(lambda: "looking for what an attempt has left can't be done now" in world.output())
    assert scheduler.end() == 0
    assert world.work("done") == ["one", "two"]


def test_a_timeout_without_a_descriptor_left_is_waited_out(world: World) -> None:
    world.settings(max_retries=0, stop_grace=0)
    world.file("#LANE timeout=1s\n1\ntouch begun; exec sleep 300\n1\n10\n")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    eventually((world.root / "work" / "begun").exists)
    with no_descriptor_left(scheduler):
        eventually(lambda: "ending an attempt can't be done now" in world.output())
    assert scheduler.end() == 1
    assert world.outcome("1/0").cause.kind == "timeout"


needs_agent = pytest.mark.skipif(not shutil.which("ssh-agent"), reason="needs ssh-agent")


@needs_agent
def test_a_spared_process_is_named_as_long_as_it_lives(world: World) -> None:
    world.blocks([(1, 'eval "$(ssh-agent)"; echo $SSH_AGENT_PID >pid'), (2, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "completed")
    pid = int(world.work("pid")[0])

    def spared() -> list[str]:
        return [problem.text for problem in scheduler.problems() if problem.kind == "spared"]

    eventually(lambda: any(f"ssh-agent (pid {pid})" in text for text in spared()))
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: spared() == [])
    world.go()
    assert scheduler.end() == 0


@needs_agent
def test_a_stop_ends_also_what_a_normal_end_spares(world: World) -> None:
    world.blocks([(1, 'eval "$(ssh-agent)"; echo $SSH_AGENT_PID >pid; sleep 300')])
    scheduler = world.start()
    pid = int(eventually(lambda: world.work("pid"))[0])
    assert scheduler.stop() == 143
    assert procfs.start_time(pid) is None


@pytest.mark.timeout(90)
def test_an_attempt_that_can_not_be_found_keeps_its_card_for_this_scheduler(world: World) -> None:
    world.gpus = "1x24"
    world.blocks([(1, UNTIL_GO), (2, "true")])
    first = world.start()
    supervisor = first.wait_for("1/0", "running").pid
    first.kill()
    os.kill(supervisor, signal.SIGKILL)
    (run,) = (world.root / "logs" / "runs").iterdir()
    ends = EndsFile(run / "ends")
    eventually(lambda: not ends.is_held(1))
    elsewhere = ends.open_attempt(1)  # as a supervisor does that can't be seen from here
    second = world.start()
    said = "GPU 0 is leased to task 1/0, which is looked for"
    eventually(lambda: "unseen_attempt" in {problem.kind for problem in second.problems()})
    eventually(lambda: said in second.wait_for("2/0", "waiting").reason)
    os.close(elsewhere)
    ends.close()
    world.go()
    assert second.end() == 0


SAVES = """
import os, pathlib, signal, time

asked = []

def save(*_):
    asked.append(time.time())
    if len(asked) == 1:
        time.sleep(0.5)
        pathlib.Path("saved").touch()
        os.write(os.open("asked", os.O_WRONLY | os.O_APPEND | os.O_CREAT), b"once\\n" * len(asked))
        os._exit(0)

signal.signal(signal.SIGTERM, save)
pathlib.Path("up").touch()
while True:
    signal.pause()
"""


TMUX = "#LANE terminal=tmux\n"
ALONE, BEHIND, BELOW = "{python} saves.py", "cd .\n{python} saves.py", "({python} saves.py; true)"


@pytest.mark.parametrize(
    ("options", "script"), [("", ALONE), ("", BEHIND), ("", BELOW), (TMUX, ALONE), (TMUX, BEHIND)]
)
def test_a_stop_asks_once_and_lets_a_task_save_its_work(world: World, options: str, script: str) -> None:
    (world.root / "work" / "saves.py").write_text(SAVES)
    world.file(f"{options}1\n{script.format(python=sys.executable)}\n1\n10\n")
    scheduler = world.start()
    eventually((world.root / "work" / "up").exists)
    assert scheduler.stop() == 143
    assert world.work("asked") == ["once"]
    assert (world.root / "work" / "saved").exists()
