"""The fuse, as a user meets it: a broken environment, the morning after, and the word that lets all go on."""

import json

from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, Scheduler, World
from tests.waiting import eventually

BROKEN = "test -e mended; echo {n} >>done"
"""Dies at once until the environment is mended."""

NIGHT = [(queue, BROKEN.format(n=queue)) for queue in range(1, 9)]


def blown(scheduler: Scheduler) -> str:
    """What the state says of it, once it says so."""
    return eventually(lambda: next((p.text for p in scheduler.problems() if p.kind == "fuse"), ""))


def held(scheduler: Scheduler) -> list[str]:
    return [label for label, task in scheduler.tasks().items() if task.state.status == "held"]


def test_a_night_is_not_burned_and_one_word_lets_the_rest_go_on(world: World) -> None:
    world.gpus = "1x24"
    world.settings(fuse_tasks=3, max_retries=0)
    world.blocks(NIGHT)
    scheduler = world.start()
    text = blown(scheduler)
    assert text.startswith("the fuse holds 5 of the tasks (./gpulane release --held-by fuse), as the first 3")
    assert "the last was 3/0: exit 1" in text
    eventually(lambda: "only held tasks are left" in world.output())
    assert world.output().count("the fuse holds") == 1
    assert held(scheduler) == ["4/0", "5/0", "6/0", "7/0", "8/0"]
    assert scheduler.tasks()["4/0"].state.by == "fuse"
    why = gpulane(world, "why", "4/0")
    assert why.startswith("4/0 is held by the fuse, as the first tasks that were started all failed")
    assert "the fuse holds" in gpulane(world, "ls")
    (world.root / "work" / "mended").touch()
    said = gpulane(world, "release", "--held-by", "fuse")
    assert said == "5 tasks released, and 3 failed ones tried again\n"
    assert scheduler.end() == 0
    assert sorted(world.work("done")) == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert "over: the fuse holds 5 of the tasks" in world.output()


def test_what_the_fuse_holds_it_holds_over_a_restart_until_one_has_shown_that_it_is_mended(
    world: World,
) -> None:
    world.gpus = "1x24"
    world.settings(fuse_tasks=3, max_retries=0)
    world.blocks(NIGHT)
    first = world.start()
    blown(first)
    first.kill()
    second = world.start()
    blown(second)  # those that had failed have been tried again
    assert held(second) == ["4/0", "5/0", "6/0", "7/0", "8/0"]
    second.stop()
    (world.root / "work" / "mended").touch()
    assert world.run() != "", "and at the third start all is well"
    assert sorted(world.work("done")) == ["1", "2", "3", "4", "5", "6", "7", "8"]


def test_a_release_that_means_nothing_says_so_and_changes_nothing(world: World) -> None:
    world.settings(fuse_tasks=2, max_retries=0)
    world.gpus = "1x24"
    world.blocks(NIGHT)
    scheduler = world.start()
    blown(scheduler)
    said = gpulane(world, "release", "--held-by", "fuze", expect=2)
    assert said == "gpulane: nothing is held by fuze; tasks are held by fuse\n"
    gpulane(world, "release", expect=2)
    gpulane(world, "release", "3/0", "--held-by", "fuse", expect=2)
    assert len(held(scheduler)) == 6
    answer = json.loads(gpulane(world, "release", "--held-by", "fuse", "--json"))
    assert answer["changed"]
    assert scheduler.stop() == 128 + 15


def test_a_card_on_which_all_tasks_die_is_set_aside_while_the_others_go_on(world: World) -> None:
    world.gpus = "2x24"
    world.settings(fuse_tasks=3, retry_config={"max_retry_before_backoff": 9})
    script = "test $GPULANE_GPUS != 0; sleep 0.2; echo {n} >>done"
    path = world.blocks([(queue, script.format(n=queue)) for queue in range(1, 9)])
    world.file(f"{path.read_text()}\n#LANE gpus=0\n9\n{UNTIL_GO}\n10\n")
    scheduler = world.start()
    text = eventually(lambda: next((p.text for p in scheduler.problems() if p.kind == "card_aside"), ""))
    assert text.startswith("GPU 0 (Simulated")
    assert "3 tasks failed there within 30 s, and other cards are fine" in text
    assert text.endswith(f"./gpulane gpu 0 on --pid {scheduler.pid}")
    state = scheduler.state()
    assert state
    assert [card.aside is not None for card in state.gpus] == [True, False]
    assert "set aside for" in gpulane(world, "gpus")
    eventually(lambda: len(world.work("done")) == 8)
    said = gpulane(world, "gpu", "0", "on", "--pid", str(scheduler.pid))
    assert said == "GPU 0 is used again\n"
    eventually(lambda: "over: GPU 0" in world.output())
    world.go()
    assert scheduler.end() == 0
