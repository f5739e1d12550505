"""`./gpulane service`: a unit or a line of the crontab, and what it resumes after a restart."""

import json
import os
import signal
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from app import procfs
from app.commands.boot import boot, interrupted, resume_one
from app.commands.down import down, names
from app.commands.units import LAUNCHER, Cron, Unit
from app.model.paths import Home
from app.model.state_dump import dump
from app.model.state_file import StartedWith, StateFile, load
from app.shutdown import shutting_down
from tests.end_to_end.command_line import answer
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
    assert f'ExecStop=/bin/sh "{LAUNCHER}" service down' in text


def test_a_shutdown_leaves_tasks_the_time_that_the_settings_give_them(world: World, machine: Machine) -> None:
    machine.program("systemctl", SYSTEMCTL)
    (machine.home / "linger").write_text("yes")
    world.settings(stop_grace=100)
    gpulane(world, "service", "install")
    unit = machine.home / ".config/systemd/user" / Unit(Home(world.root)).name
    assert "\nTimeoutStopSec=145\n" in unit.read_text()
    assert "older gpulane or of other settings" not in gpulane(world, "service", "status")
    world.settings(stop_grace=200)
    assert "older gpulane or of other settings: ./gpulane service install" in gpulane(
        world, "service", "status"
    )
    gpulane(world, "service", "install")
    assert "\nTimeoutStopSec=245\n" in unit.read_text()


@pytest.mark.parametrize("by", ["systemd", "cron"])
def test_what_is_of_a_home_that_is_gone_is_said_and_removed(world: World, machine: Machine, by: str) -> None:
    if by == "systemd":
        machine.program("systemctl", SYSTEMCTL)
    theirs = "@reboot gpulane service boot # mine\n"
    (machine.home / "crontab").write_text(theirs)
    moved = World(world.root / "of old", env=world.env)
    gpulane(moved, "service", "install")
    assert "is gone" not in gpulane(world, "service", "status", expect=1)
    moved.root.rename(world.root / "of now")
    said = gpulane(world, "service", "status", expect=1)
    assert f"is of a folder that is gone: {moved.root}; ./gpulane service uninstall removes it" in said
    assert f"removed as well: {'the unit' if by == 'systemd' else 'a line'}" in gpulane(
        world, "service", "uninstall"
    )
    assert "is gone" not in gpulane(world, "service", "status", expect=1)
    assert machine.crontab == theirs
    assert not list((machine.home / ".config").rglob("*.service"))


@pytest.mark.parametrize("by", ["systemd", "cron"])
def test_a_home_that_no_line_can_hold_is_refused(world: World, machine: Machine, by: str) -> None:
    if by == "systemd":
        machine.program("systemctl", SYSTEMCTL)
    odd = World(world.root / "two\nlines", env=world.env)
    assert "holds a control character" in gpulane(odd, "service", "install", expect=2)
    assert machine.crontab == ""
    assert not (machine.home / ".config").exists()


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
    flags = ("--watch", "--config-file", str(settings), "--metrics-port", "0")
    first = world.start(*flags, command_file=file)
    first.wait_for("1/0", "running")
    assert stat.S_IMODE(next((world.root / "logs/runs").glob("*/environment")).stat().st_mode) == 0o600
    crash(world, first)
    del world.env["MY_KEY"]
    said = gpulane(world, "service", "boot")
    assert f"resumed {file} with pid" in said
    assert "1 to resume" in (world.root / "logs" / "service.log").read_text()
    second = resumed(world, first.pid)
    assert second.started_with == StartedWith(
        simulate="4x24", watch=True, folder=str(world.root / "work"), metrics_port="0"
    )
    assert second.config_file == str(settings)
    eventually(lambda: len(world.work("began")) == 2)
    assert world.work("began") == [f"secret {world.root / 'work'}"] * 2
    assert "resuming run" in (world.root / "logs" / "scheduler_multi_night.log").read_text()
    assert gpulane(world, "service", "boot") == "nothing to resume\n", "once is enough"
    gpulane(world, "stop")
    end_of(second.pid)


def test_of_what_was_submitted_nothing_runs_again_that_has_failed(world: World, machine: Machine) -> None:
    world.settings(max_retries=0)
    submit = ("submit", "--simulate", "2x24")
    first = answer(world, *submit, "--", f"{UNTIL_GO}; echo failed >>ran; exit 1")["scheduler"]["pid"]
    gpulane(world, "submit", "--queue", "1", "--", "echo skipped >>ran")
    held = answer(world, "submit", "--hold", "--", "echo held >>ran")["id"]
    world.go()
    eventually(lambda: answer(world, "tasks")[1]["state"] == "skipped")
    os.kill(first, 9)
    end_of(first)
    restart(world)
    assert "submitted_gpus.txt with pid" in gpulane(world, "service", "boot")
    second = resumed(world, first).pid
    gpulane(world, "release", str(held))
    gpulane(world, "wait", str(held))
    assert world.work("ran") == ["failed", "held"]
    os.kill(second, 9)
    end_of(second)
    restart(world)
    assert "has ended; the next ./gpulane submit starts it" in gpulane(world, "service", "boot")
    assert [one["state"] for one in answer(world, "tasks")] == ["failed", "skipped", "completed"]


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


def test_a_second_boot_at_once_says_that_it_runs_already(world: World, machine: Machine) -> None:
    file = world.blocks([(1, UNTIL_GO)])
    first = world.start()
    first.wait_for("1/0", "running")
    crash(world, first)
    home, told = Home(world.root), list[str]()
    (seen,) = interrupted(home, procfs.boot_id())  # by the second, before the first has begun
    gpulane(world, "service", "boot")
    second = resumed(world, first.pid)
    assert resume_one(home, seen, told.append, {})
    assert told == [f"{file} runs already, with pid {second.pid}"]
    world.go()
    gpulane(world, "wait")


def test_before_systemd_ends_all_its_schedulers_are_told(world: World, machine: Machine) -> None:
    """Only those in its unit. A task that ends well as it is asked to has not completed."""
    world.blocks([(1, "trap 'exit 0' TERM; echo began >>began; while :; do sleep 0.05; done")])
    scheduler = world.start()
    eventually(lambda: world.work("began"))
    assert down(Home(world.root), "gpulane-other.service", 0.1) == []
    assert scheduler.child.poll() is None
    mine = Path("/proc/self/cgroup").read_text().splitlines()[0].split("/")[-1]
    assert down(Home(world.root), mine, 30) == []
    assert scheduler.end() == 128 + 15
    assert world.outcome("1/0").status == "pending"


def test_a_scheduler_that_does_not_end_is_not_waited_for(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    mine = Path("/proc/self/cgroup").read_text().splitlines()[0].split("/")[-1]
    os.kill(scheduler.pid, signal.SIGSTOP)
    try:
        assert down(Home(world.root), mine, 0.2) == [scheduler.pid]
    finally:
        os.kill(scheduler.pid, signal.SIGCONT)
    assert scheduler.end() == 128 + 15


@pytest.mark.parametrize(
    ("cgroups", "is_in"),
    [
        ("0::/user.slice/user-7.slice/user@7.service/app.slice/gpulane-a.service\n", True),
        ("5:devices:/\n1:name=systemd:/user.slice/gpulane-a.service/sub\n0::/\n", True),
        ("0::/user.slice/gpulane-a.service.d\n", False),
        ("0::/user.slice/xgpulane-a.service\n", False),
    ],
)
def test_a_unit_is_known_by_its_cgroup(cgroups: str, is_in: bool) -> None:
    assert names(cgroups, "gpulane-a.service") == is_in


def test_late_in_a_shutdown_systemd_can_not_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init, no_login = tmp_path / "comm", tmp_path / "nologin"
    init.write_text("systemd\n")
    systemctl = tmp_path / "systemctl"
    systemctl.write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert not shutting_down(init, no_login)
    no_login.touch()
    assert shutting_down(init, no_login)
    no_login.unlink()
    init.write_text("systemd-shutdow\n")
    assert shutting_down(init, no_login)
    systemctl.write_text("#!/bin/sh\necho running\n")
    assert not shutting_down(init, no_login)


def test_what_can_not_beresume_one_is_said_and_tried_again(world: World) -> None:
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


def test_the_console_is_started_again_if_its_user_wants_one(world: World) -> None:
    console = world.root / "control" / "run.sh"
    console.parent.mkdir()
    console.write_text('#!/bin/sh\necho "$GPULANE_HOME $*" >"$GPULANE_HOME/console"\necho secret\n')
    console.chmod(0o755)
    told: list[str] = []
    assert boot(Home(world.root), told.append, console) == 0
    assert told == ["nothing to resume"]
    wanted = Home(world.root).console_wanted
    wanted.parent.mkdir()
    wanted.write_text('["--port", "1"]')
    assert boot(Home(world.root), told.append, console) == 0
    assert (world.root / "console").read_text() == f"{world.root} --port 1\n"
    assert told[2] == "started the console"
    assert (wanted.parent / "boot.log").read_text() == ""
    console.write_text("#!/bin/sh\necho no such port >&2\nexit 2\n")
    assert boot(Home(world.root), told.append, console) == 0
    assert "could not be started" in told[4]
    assert (wanted.parent / "boot.log").read_text() == "no such port\n"
