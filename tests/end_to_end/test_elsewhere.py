"""Every word finds what runs where `state_dir` has it, as homes on network file systems have it."""

import json

import pytest

from tests.end_to_end.command_line import answer, gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


@pytest.fixture
def elsewhere(world: World) -> World:
    world.settings(state_dir=str(world.root / "else where"))
    world.blocks([(1, UNTIL_GO), (1, "echo two"), (2, "echo hello; " + UNTIL_GO)])
    return world


def test_every_word_finds_it(elsewhere: World) -> None:
    scheduler = elsewhere.start()
    try:
        pid = scheduler.pid
        eventually(lambda: answer(elsewhere, "ls"))
        eventually(lambda: "running" in gpulane(elsewhere, "why", "2/0"))
        assert not (elsewhere.root / "logs" / "state").exists()
        assert answer(elsewhere, "why", "1/1")["ok"]
        assert answer(elsewhere, "gpus")
        assert json.loads(gpulane(elsewhere, "health", "--json", expect=0))["schedulers"]
        assert "1/1" in gpulane(elsewhere, "complete", "kill", "1/")
        assert "1/1" in gpulane(elsewhere, "hold", "1/1")
        assert "1/1" in gpulane(elsewhere, "release", "1/1")
        added = answer(elsewhere, "add", "command/command_gpus.txt", "-q", "3", "-m", "1", "--", "true")
        assert added["scheduler"]["pid"] == pid
        assert "2/0" in gpulane(elsewhere, "kill", "2/0")
        assert "hello" in gpulane(elsewhere, "logs", "2/0")
        assert answer(elsewhere, "scheduler", "status", "command/command_gpus.txt")["pid"] == pid
        elsewhere.go()
        gpulane(elsewhere, "wait", "1/1")
    finally:
        scheduler.stop()


def test_what_else_is_wrong_with_the_settings_hides_nothing(elsewhere: World) -> None:
    scheduler = elsewhere.start()
    try:
        path = elsewhere.root / "config" / "gpu_manage.yaml"
        eventually(lambda: answer(elsewhere, "ls"))
        where = f"state_dir: {elsewhere.root / 'else where'}\n"
        path.write_text(where + "max_taks: 3\n")
        assert answer(elsewhere, "ls")[0]["pid"] == scheduler.pid
        path.write_text(where + "]")
        assert f"{path}:" in gpulane(elsewhere, "ls", expect=2)
        assert gpulane(elsewhere, "complete", "kill", "1/") == "words\n"
    finally:
        scheduler.stop()


@pytest.mark.parametrize("broken", ["# state_dir: /tmp\n]", "state_dir: null\n]", "]"])
def test_settings_that_cannot_say_it_are_not_asked(world: World, broken: str) -> None:
    path = world.root / "config" / "gpu_manage.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(broken)
    assert "nothing runs here" in gpulane(world, "ls")


def test_a_run_that_lies_elsewhere_is_not_begun_anew(world: World) -> None:
    world.blocks([(1, "echo one >>done"), (1, UNTIL_GO)])
    first = world.start()
    first.wait_for("1/1", "running")
    first.kill()
    for place in ("else where", "third"):
        world.settings(state_dir=str(world.root / place))
        assert "1/1" in gpulane(world, "ls"), "what was left is seen all the same"
        for flags in ([], ["--fresh"]):
            assert "is not finished, and state_dir was set since" in world.run(*flags, expect=2)
    world.settings()
    world.go()
    world.run()
    assert world.work("done") == ["one"]


def test_from_one_place_to_the_next(world: World) -> None:
    world.blocks([(1, "echo one >>done"), (1, UNTIL_GO)])
    world.settings(state_dir=str(world.root / "first"))
    first = world.start()
    eventually(lambda: "1/1" in gpulane(world, "ls", "-a"))
    for where in ({"state_dir": str(world.root / "next")}, {}):
        world.settings(**where)
        assert "1/1" in gpulane(world, "ls", "-a")
    first.kill()
    assert "is not finished, and state_dir was set since" in world.run(expect=2)
    world.settings(state_dir=str(world.root / "first"))
    world.go()
    world.run()
    assert world.work("done") == ["one"]


def test_what_runs_is_found_though_its_next_start_is_to_be_elsewhere(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.settings(state_dir=str(world.root / "else where"))
    eventually(lambda: "settings_at_start" in {problem.kind for problem in scheduler.problems()})
    assert "1/0" in gpulane(world, "ls")
    assert "1/0 is being ended" in gpulane(world, "kill", "1/0")
    scheduler.end()
    assert "finished" in gpulane(world, "ls")


def test_it_counts_in_the_homes_own_settings_alone(world: World) -> None:
    world.blocks([(1, "true")])
    mine = world.root / "mine.yaml"
    mine.write_text(json.dumps({"state_dir": str(world.root / "else where")}))
    said = world.run("--config-file", str(mine), expect=2)
    assert f"state_dir counts in {world.root}/config/gpu_manage.yaml alone" in said
    world.settings(state_dir=str(world.root / "else where"))
    world.run("--config-file", str(mine))
