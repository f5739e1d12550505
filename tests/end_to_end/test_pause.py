"""`pause` is a word like others: a restart, however it came, does not forget it."""

import pytest

from tests.end_to_end.command_line import gpulane
from tests.end_to_end.world import UNTIL_GO, World


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_pause_outlives_its_scheduler_and_a_resume_lifts_it_for_good(world: World, how: str) -> None:
    world.settings(max_tasks=1)
    world.blocks([(1, UNTIL_GO), (2, "echo two >>done")])
    first = world.start()
    first.wait_for("1/0", "running")
    gpulane(world, "pause")
    if how == "kill":
        first.kill()
        world.go()
    else:
        first.stop()
    assert "paused as it was left" in world.run("--check")
    second = world.start()
    reason = second.wait_for("2/0", "waiting").reason
    assert reason == "the scheduler is paused"
    assert "paused, as it was left: nothing starts until ./gpulane resume" in world.output()
    assert world.work("done") == []
    gpulane(world, "pause")
    gpulane(world, "resume")
    world.go()
    assert second.end() == 0
    assert world.work("done") == ["two"]


def test_a_start_with_paused_is_kept_and_a_fresh_one_is_not(world: World) -> None:
    world.blocks([(1, "echo one >>done")])
    first = world.start("--paused")
    first.wait_for("1/0", "waiting")
    assert "paused: nothing starts until ./gpulane resume" in world.output()
    first.kill()
    second = world.start()
    second.wait_for("1/0", "waiting")
    gpulane(world, "resume")
    assert second.end() == 0
    third = world.start("--paused")
    third.wait_for("1/0", "waiting")
    third.kill()
    assert world.start("--fresh").end() == 0
    assert world.work("done") == ["one", "one"]


def test_whoever_starts_one_in_the_background_is_told_that_it_is_paused(world: World) -> None:
    said = gpulane(world, "submit", "--simulate", "1x24", "--hold", "--", "true")
    assert "paused" not in said
    gpulane(world, "pause")
    said = gpulane(world, "submit", "--", "true")
    assert said.endswith("it is paused: nothing starts until ./gpulane resume\n")
    gpulane(world, "scheduler", "stop")
    assert "it is paused" in gpulane(world, "scheduler", "start", "--simulate", "1x24")
    gpulane(world, "scheduler", "stop")
