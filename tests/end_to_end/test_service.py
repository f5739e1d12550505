"""`./gpulane service`: a unit or a line of the crontab, and what it resumes after a restart."""

import json
import os
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from app import procfs
from app.commands.boot import boot, interrupted
from app.commands.units import LAUNCHER, Cron, Unit
from app.model.paths import Home
from app.model.state_dump import dump
from app.model.state_file import StartedWith, StateFile, load
from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, Scheduler, World
from tests.waiting import eventually

CRONTAB = """\
#!/bin/sh
# a stand-in: keeps the crontab in a file
case $1 in
    -l) [ -e "$HOME/crontab" ] || { echo "no crontab for me" >&2; exit 1; }; cat "$HOME/crontab" ;;
    -) cat >"$HOME/crontab" ;;
esac
"""

SYSTEMCTL = """\
#!/bin/sh
# a stand-in: says what it was asked
echo "$*" >>"$HOME/asked"
case "$*" in
    is-system-running) cat "$HOME/system" 2>/dev/null || echo offline ;;
    *is-enabled*) [ -e "$HOME/enabled" ] && echo enabled || exit 1 ;;
    *enable*) touch "$HOME/enabled" ;;
    *disable*) rm -f "$HOME/enabled" ;;
esac
"""

NO_SYSTEMCTL = "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2; exit 1\n"


class Machine:
    """A HOME of its own, and the system's programs as they would answer."""

    def __init__(self, world: World) -> None:
        self.home, self.bin = world.root / "user home", world.root / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        world.env |= {"HOME": str(self.home), "PATH": f"{self.bin}:{os.environ['PATH']}"}
        world.env["XDG_CONFIG_HOME"] = ""
        self.program("crontab", CRONTAB)
        self.program("systemctl", NO_SYSTEMCTL)
        self.program("loginctl", '#!/bin/sh\necho Linger=$(cat "$HOME/linger" 2>/dev/null || echo no)\n')

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    @property
    def crontab(self) -> str:
        path = self.home / "crontab"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """In a folder with all that a path may hold."""
    return World(tmp_path / 'a 100%s "home" o\'f $mine\\')


@pytest.fixture
def machine(world: World) -> Machine:
    return Machine(world)


# --- install, status, uninstall --------------------------------------------------------------------


def test_a_unit_is_written_once_and_removed_again(world: World, machine: Machine) -> None:
    machine.program("systemctl", SYSTEMCTL)
    assert "not installed" in gpulane(world, "service", "status", expect=1)
    said = gpulane(world, "service", "install")
    unit = machine.home / ".config/systemd/user" / Unit(Home(world.root)).name
    assert said.startswith(f"wrote {unit}")
    assert "loginctl enable-linger" in said
    assert "only when you log in" in gpulane(world, "service", "status", expect=1)
    (machine.home / "linger").write_text("yes")
    before = unit.read_text()
    assert gpulane(world, "service", "install").startswith("nothing to do")
    assert unit.read_text() == before
    assert f"installed: {unit}" in gpulane(world, "service", "status")
    answer = json.loads(gpulane(world, "service", "status", "--json"))
    assert (answer["installed"], answer["well"]) == (True, True)
    assert gpulane(world, "service", "uninstall") == f"removed {unit}\n"
    assert not unit.exists()
    assert gpulane(world, "service", "uninstall").startswith("nothing to do")
    assert machine.crontab == ""


def test_a_file_of_somebody_else_in_the_units_place_is_left_alone(world: World, machine: Machine) -> None:
    machine.program("systemctl", SYSTEMCTL)
    unit = machine.home / ".config/systemd/user" / Unit(Home(world.root)).name
    unit.parent.mkdir(parents=True)
    unit.write_text("[Unit]\n")
    assert "not ours" in gpulane(world, "service", "install", expect=2)
    gpulane(world, "service", "uninstall")
    assert unit.read_text() == "[Unit]\n"


def test_a_units_words_are_read_by_systemd_as_they_were_meant(world: World) -> None:
    text = Unit(Home(world.root)).text()
    (environment,) = [line for line in text.splitlines() if line.startswith("Environment=")]
    # What systemd.syntax(7) says of quotes, backslashes and specifiers, backwards.
    quoted = environment.removeprefix('Environment="').removesuffix('"')
    read = quoted.replace('\\"', '"').replace("\\\\", "\\").replace("%%", "%")
    assert read == f"GPULANE_HOME={world.root}"
    assert f'ExecStart=/bin/sh "{LAUNCHER}" service boot' in text


def test_other_lines_of_the_crontab_stay_as_they_are(world: World, machine: Machine) -> None:
    theirs = "MAILTO=me\n@reboot gpulane service boot # mine\n0 5 * * * /bin/backup 100\\%\n"
    (machine.home / "crontab").write_text(theirs)
    assert "wrote a line of your crontab" in gpulane(world, "service", "install")
    assert machine.crontab == f"{theirs}{Cron(Home(world.root)).line()}\n"
    assert gpulane(world, "service", "install").startswith("nothing to do")
    assert machine.crontab.count("service boot") == 2
    assert "a line of your crontab" in gpulane(world, "service", "status")
    gpulane(world, "service", "uninstall")
    assert machine.crontab == theirs


def test_the_line_of_the_crontab_does_what_it_should(world: World, machine: Machine) -> None:
    gpulane(world, "service", "install")
    line = machine.crontab.removeprefix("@reboot ").rstrip("\n")
    assert "%" not in line, "crons take it for a new line"
    shown = line.replace(f"'{LAUNCHER}' service boot >/dev/null", "printenv GPULANE_HOME")
    done = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout == f"{world.root}\n"


def test_without_either_it_says_what_to_run(world: World, machine: Machine) -> None:
    machine.program("crontab", "#!/bin/sh\necho 'you are not allowed to use this program' >&2; exit 1\n")
    said = gpulane(world, "service", "install", expect=2)
    assert f"{LAUNCHER} service boot" in said


# --- after a restart -------------------------------------------------------------------------------


def restart(world: World) -> None:
    """What the states say when the machine has had another boot since."""
    for path in (world.root / "logs" / "state").glob("*.json"):
        path.write_bytes(dump(replace(load(path.read_bytes()), boot_id="an earlier boot")))


def resumed(world: World, before: int) -> StateFile:
    """The one that has been started instead."""
    return next(state for state in world.states() if state.pid != before)


def test_what_ran_goes_on_as_it_was_started(world: World, machine: Machine) -> None:
    world.settings()
    settings = (world.root / "config" / "gpu_manage.yaml").rename(world.root / "config" / "other.yaml")
    world.env["MY_KEY"] = "secret"
    file = world.file(f"1\necho $MY_KEY $PWD >>began; {UNTIL_GO}\n1\n10\n", "night.txt")
    first = world.start("--watch", "--config-file", str(settings), command_file=file)
    first.wait_for("1/0", "running")
    assert stat.S_IMODE(next((world.root / "logs/runs").glob("*/environment")).stat().st_mode) == 0o600
    crash(world, first)
    del world.env["MY_KEY"]
    said = gpulane(world, "service", "boot")
    assert f"resumed {file} with pid" in said
    assert "1 to resume" in (world.root / "logs" / "service.log").read_text()
    second = resumed(world, first.pid)
    assert second.started_with == StartedWith(simulate="4x24", watch=True, folder=str(world.root / "work"))
    assert second.config_file == str(settings)
    eventually(lambda: len(world.work("began")) == 2)
    assert world.work("began") == [f"secret {world.root / 'work'}"] * 2
    assert "resuming run" in (world.root / "logs" / "scheduler_multi_night.log").read_text()
    assert gpulane(world, "service", "boot") == "nothing to resume\n", "once is enough"
    gpulane(world, "stop")
    end_of(second.pid)


def crash(world: World, scheduler: Scheduler) -> None:
    """A power cut: the scheduler and its tasks are gone at once."""
    running = [task.state for task in scheduler.tasks().values() if task.state.status == "running"]
    scheduler.kill()
    for state in running:
        for pid in [*procfs.session_members(state.pid, procfs.pids()), state.pid]:
            os.kill(pid, 9)
    restart(world)


def end_of(pid: int) -> None:
    eventually(lambda: procfs.start_time(pid) is None)


def test_a_shutdown_is_no_wish_to_stop(world: World, machine: Machine) -> None:
    machine.program("systemctl", SYSTEMCTL)
    (machine.home / "system").write_text("stopping\n")
    world.blocks([(1, UNTIL_GO)])
    first = world.start()
    first.wait_for("1/0", "running")
    first.stop()
    assert "the machine is being shut down" in world.output()
    restart(world)
    assert "1 to resume" in gpulane(world, "service", "boot")
    world.go()
    gpulane(world, "wait")


@pytest.mark.parametrize("how", ["stop", "drain", "SIGTERM"])
def test_what_its_user_has_ended_stays_so(world: World, machine: Machine, how: str) -> None:
    machine.program("systemctl", SYSTEMCTL)
    (machine.home / "system").write_text("running\n")
    world.blocks([(1, UNTIL_GO), (1, "true")])
    first = world.start()
    first.wait_for("1/0", "running")
    if how == "SIGTERM":
        first.stop()
    else:
        gpulane(world, how)
        world.go()
        first.end()
    restart(world)
    assert gpulane(world, "service", "boot") == "nothing to resume\n"


def test_what_was_paused_comes_back_paused(world: World, machine: Machine) -> None:
    world.blocks([(1, f"echo began >>began; {UNTIL_GO}")])
    first = world.start("--paused")
    eventually(lambda: first.state() and first.state().status == "paused")  # type: ignore[union-attr]
    crash(world, first)
    gpulane(world, "service", "boot")
    second = resumed(world, first.pid)
    assert (second.status, world.work("began")) == ("paused", [])
    gpulane(world, "resume")
    eventually(lambda: world.work("began"))
    world.go()
    gpulane(world, "wait")


def test_what_can_not_be_resumed_is_said_and_tried_again(world: World) -> None:
    file = world.blocks([(1, UNTIL_GO)])
    first = world.start()
    first.wait_for("1/0", "running")
    crash(world, first)
    away = file.rename(file.with_name("away"))
    home, told = Home(world.root), list[str]()

    def tell(line: str) -> None:
        told.append(line)
        if "can't be resumed yet" in line:
            away.rename(file)  # its network folder has come

    assert boot(home, tell, console=world.root / "none", again=0.05) == 0
    assert len(told) == 3
    assert f"{file} can't be resumed yet: " in told[1]
    assert told[2].startswith(f"resumed {file} with pid ")
    world.go()
    gpulane(world, "wait")
    assert interrupted(home, procfs.boot_id()) == []


def test_the_console_is_started_if_there_is_one(world: World) -> None:
    console = world.root / "control" / "run.sh"
    console.parent.mkdir()
    console.write_text('#!/bin/sh\necho "$GPULANE_HOME" >"$GPULANE_HOME/console"\n')
    console.chmod(0o755)
    told: list[str] = []
    assert boot(Home(world.root), told.append, console) == 0
    eventually((world.root / "console").exists)
    assert (world.root / "console").read_text() == f"{world.root}\n"
    assert "started the console" in told[1]
