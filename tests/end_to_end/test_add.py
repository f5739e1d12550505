"""`add`: one more block in a command file, whether its scheduler runs or not."""

import pytest

from app.command_file import parse
from app.model.task import Mode, Options, TaskSpec
from tests.end_to_end.command_line import answer, gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


def tasks_of(world: World, name: str = "command_gpus.txt", mode: Mode = "multi") -> list[TaskSpec]:
    parsed = parse((world.root / "command" / name).read_text(), mode, name)
    assert parsed.faults == ()
    return list(parsed.tasks)


def test_a_block_is_made_of_flags(world: World) -> None:
    said = gpulane(
        *(world, "add", "command/command_gpus.txt", "-q", "03", "-m", "20.5GB", "-g", "2", "--name", "a b"),
        *(
            "--timeout",
            "2h",
            "--env",
            "X=a b",
            "--devices",
            "0,1",
            "--priority",
            "-1",
            "--on-failure",
            "continue",
        ),
        *(
            "--cwd",
            "sub",
            "--share",
            "no",
            "--tmux",
            "--retries",
            "0",
            "--",
            "python",
            "x.py",
            "--data",
            "a  b",
        ),
    )
    assert said.startswith(f"3/0 (a b) added to {world.root}/command/command_gpus.txt, which was made\n")
    assert "./gpulane run command/command_gpus.txt" in said
    wanted = Options(
        name="a b", timeout=7200, env=(("X", "a b"),), devices=("0", "1"), priority=-1, on_failure="continue",
        cwd="sub", share=False, terminal="tmux", retries=0,
    )  # fmt: skip
    assert tasks_of(world) == [TaskSpec(3, "python x.py --data 'a  b'", 2, 20.5, wanted)]
    again = answer(
        world, "add", "command/command_gpus.txt", "-q", "3", "-m", "all", "--repeat", "2", "--", "true"
    )
    assert (again["tasks"], again["created"], again["scheduler"]) == (["3/1", "3/2"], False, None)
    assert [task.memory_gb for task in tasks_of(world)] == [20.5, None, None]


def test_a_script_on_standard_input_stays_as_it_is(world: World) -> None:
    script = "cat <<E\n\n# no comment\n20\n21\nE\nfor x in 1 2; do\n  echo $x\ndone"
    gpulane(world, "add", "command/command_gpus.txt", "-q", "1", "-m", "5", "-", stdin=f"{script}\n")
    assert [task.script for task in tasks_of(world)] == [script]


@pytest.mark.parametrize(
    ("file", "words", "says"),
    [
        ("command_gpu.txt", ("-q", "1", "-m", "5", "-g", "2", "--", "x"), "leave -g out"),
        ("command_gpus.txt", ("-m", "5", "--", "x"), "which queue?"),
        ("command_gpus.txt", ("-q", "one", "-m", "5", "--", "x"), "the queue id 'one' is no number"),
        ("command_gpus.txt", ("-q", "1", "--", "x"), "how much memory?"),
        ("command_gpus.txt", ("-q", "1", "-m", "-5", "--", "x"), "is negative"),
        (
            "command_gpus.txt",
            ("-q", "1", "-m", "5", "-g", "two", "--", "x"),
            "the GPU count 'two' is no number",
        ),
        ("command_gpus.txt", ("-q", "1", "-m", "5"), "there are no commands"),
        (
            "command_gpus.txt",
            ("-q", "1", "-m", "5", "--", "if true"),
            "bash can't read the command: syntax error",
        ),
        ("command_gpus.txt", ("-q", "1", "-m", "5", "--", "sleep 5 &"), "runs in the background"),
        ("command_gpus.txt", ("-q", "1", "-m", "5", "--timeout", "5", "--", "x"), "write 5s, 5m or 5h"),
        ("command_gpus.txt", ("-q", "1", "-m", "5", "--env", "1=2", "--", "x"), "write --env NAME=value"),
        (
            "command_gpus.txt",
            ("-q", "1", "-m", "5", "-g", "2", "--devices", "0", "--", "x"),
            "devices=0 allows 1",
        ),
        ("no/c.txt", ("-q", "1", "-m", "5", "--", "x"), "there is no folder"),
    ],
)
def test_what_can_not_be_added_changes_nothing(
    world: World, file: str, words: tuple[str, ...], says: str
) -> None:
    path = world.root / "command" / file
    assert says in gpulane(world, "add", str(path), *words, expect=2)
    assert not path.exists()


def test_a_scheduler_takes_it_up_or_it_is_not_added(world: World) -> None:
    file = world.blocks([(1, UNTIL_GO)])
    scheduler = world.start(command_file=file)
    scheduler.wait_for("1/0", "running")
    said = answer(world, "add", str(file), "-q", "2", "-m", "5", "--", "echo two >>done")
    assert said["scheduler"] == {"pid": scheduler.pid, "here": True, "status": "running"}
    assert "has taken it up" in said["said"]
    assert eventually(lambda: world.work("done")) == ["two"]
    before = file.read_bytes()
    refused = gpulane(world, "add", str(file), "-q", "2", "-m", "5", "-g", "9", "--", "true", expect=2)
    assert "the task asks for 9 GPUs, but there are 4 GPUs in range" in refused
    assert file.read_bytes() == before
    answer(world, "add", str(file), "-q", "2", "-m", "5", "--", "true")
    gpulane(world, "drain")
    said = answer(world, "add", str(file), "-q", "3", "-m", "5", "--", "echo three >>done")
    assert "it runs at the next start" in said["said"]
    world.go()
    scheduler.end()
    world.run(command_file=file)
    assert world.work("done") == ["two", "three"]


def test_a_scheduler_of_another_home_is_told_apart(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = world.blocks([(1, UNTIL_GO)])
    scheduler = world.start(command_file=file)
    scheduler.wait_for("1/0", "running")
    other = World(tmp_path_factory.mktemp("other"))
    said = answer(other, "add", str(file), "-q", "2", "-m", "5", "--", "echo two >>done")
    assert said["scheduler"] == {"pid": scheduler.pid, "here": False, "status": None}
    assert "another GPULANE_HOME" in said["said"]
    assert f"runs (pid {scheduler.pid})" in gpulane(other, "scheduler", "status", str(file))
    assert "another GPULANE_HOME" in gpulane(other, "scheduler", "stop", str(file), expect=2)
    assert eventually(lambda: world.work("done")) == ["two"]
    world.go()
    assert scheduler.end() == 0


def test_a_block_is_of_the_mode_in_which_its_file_runs(world: World) -> None:
    """Also where the file was taken away, and its name says nothing."""
    path = world.file(f"1\n{UNTIL_GO}\n10\n", "mine.txt")
    scheduler = world.start(mode="single", command_file=path)
    scheduler.wait_for("1/0", "running")
    path.unlink()
    eventually(lambda: "file_gone" in {problem.kind for problem in scheduler.problems()})
    gpulane(world, "add", str(path), "-q", "2", "-m", "5", "--", "true")
    scheduler.wait_for("2/0", "completed")
    world.go()
    assert scheduler.end() == 0
