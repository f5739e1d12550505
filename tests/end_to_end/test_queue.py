"""Device queues: tasks bound to cards, the cpu kind and its limit, who waits and how long; schedulers in the
background."""

import pytest

from tests.end_to_end.command_line import answer, gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


def block(queue: int, devices: str, script: str, more: str = "", count: int = 1) -> str:
    return f"#LANE devices={devices} {more}\n{queue}\n{script}\n{count}\n5\n"


def test_tasks_run_on_the_cards_they_are_bound_to(world: World) -> None:
    said = "echo {name}:$GPULANE_GPUS:$CUDA_VISIBLE_DEVICES >>ran; " + UNTIL_GO
    kinds = {1: ("3", 1), 2: ("0,2", 2), 3: ("auto", 1), 4: ("cpu", 1)}
    world.file("\n".join(block(q, on, said.format(name=on), count=n) for q, (on, n) in kinds.items()))
    scheduler = world.start()
    assert sorted(eventually(lambda: ran if len(ran := world.work("ran")) == 4 else [])) == [
        *("0,2:0,2:", "3:3:", "auto:1:", "cpu::"),
    ]
    world.go()
    assert scheduler.end() == 0


def test_groups_of_cards_wait_on_their_own(world: World) -> None:
    """What waits for card 0 does not hold up what waits for card 1."""
    first = block(1, "0", f"{UNTIL_GO}; echo a >>ran"), block(2, "0", "echo b >>ran")
    world.file("\n".join([*first, block(3, "1", "echo c >>ran"), block(3, "1", "echo d >>ran")]))
    scheduler = world.start()
    eventually(lambda: world.work("ran") == ["c", "d"])
    scheduler.wait_for("2/0", "waiting")
    world.go()
    assert scheduler.end() == 0
    assert world.work("ran") == ["c", "d", "a", "b"]


def test_the_cpu_kind_has_its_own_limit(world: World) -> None:
    world.settings(cpu_tasks=1)
    world.file("\n".join([*(block(q, "cpu", UNTIL_GO) for q in (1, 2, 3)), block(4, "0", UNTIL_GO)]))
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("4/0", "running")
    said = eventually(lambda: s if "cpu_tasks" in (s := scheduler.wait_for("2/0", "waiting").reason) else "")
    assert said == "1 task without a GPU runs already (cpu_tasks 1)"
    groups = answer(world, "queue")["device_groups"]
    assert (groups["cpu"]["count"], groups["cpu"]["running"], groups["0"]["running"]) == (2, 1, 1)
    world.go()
    assert scheduler.end() == 0


def test_who_waits_is_shown_by_cards_and_queue_and_a_held_task_joins(world: World) -> None:
    assert gpulane(world, "queue") == "nothing waits\n"
    kinds = ((1, UNTIL_GO), (2, "true"), (1, "true"), (3, "true"))
    blocks = [block(queue, "0", script) for queue, script in kinds]
    world.file("\n".join([*blocks, block(5, "0,1", "echo held >>ran", "hold name=later", 2)]))
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "waiting")
    found = answer(world, "queue")
    group = found["device_groups"]["0"]
    assert (found["queued"], group["count"], group["running"]) == (3, 3, 1)
    assert [(one["queue"], one["count"], one["started"]) for one in group["queues"]] == [
        *((1, 1, 1), (2, 1, 0), (3, 1, 0)),
    ]
    assert [one["task"] for one in group["experiments"]] == ["2/0", "1/1", "3/0"], "in the order of creation"
    assert all(0 <= one["waits"] < 60 for one in group["experiments"])
    (held,) = found["device_groups"]["0,1"]["experiments"]
    assert (held["status"], held["name"], held["waits"]) == ("held", "later", None)
    text = gpulane(world, "queue")
    assert "mean wait" in text
    assert "later" in text
    waiting = str(group["experiments"][0]["id"])
    assert "is not held but" in gpulane(world, "queue", "--experiment", waiting)
    gpulane(world, "queue", "--experiment", str(held["id"]))
    scheduler.wait_for("5/0", "waiting")
    world.go()
    assert scheduler.end() == 0
    assert world.work("ran") == ["held"]
    assert gpulane(world, "queue") == "nothing waits\n"


def test_a_scheduler_in_the_background_is_started_shown_and_stopped(world: World) -> None:
    file = world.blocks([(1, UNTIL_GO)])
    assert "no scheduler runs" in gpulane(world, "scheduler", "status", str(file), expect=1)
    stopped = answer(world, "scheduler", "stop", str(file))
    assert (stopped["changed"], stopped["running"]) == (False, False)
    started = answer(world, "scheduler", "start", str(file), "--simulate", "4x24")
    assert started["running"]
    assert answer(world, "scheduler", "start", str(file), "--simulate", "4x24")["changed"] is False
    status = eventually(
        lambda: s if (s := answer(world, "scheduler", "status", str(file)))["counts"].get("running") else {}
    )
    assert status["pid"] == started["pid"]
    assert gpulane(world, "scheduler", "stop", str(file)).endswith(f"has ended (pid {started['pid']})\n")
    assert "has ended" not in gpulane(world, "scheduler", "status", str(file), expect=1)
    file.write_text("1\nx\n")
    assert "which is no memory" in gpulane(
        world, "scheduler", "start", str(file), "--simulate", "4x24", expect=2
    )


def test_what_nobody_starts_does_not_wait_and_how_to_go_on_is_said(world: World) -> None:
    world.file("\n".join([block(1, "0", UNTIL_GO), block(2, "0", "true")]))
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "waiting")

    def found() -> tuple[object, object, object]:
        group = answer(world, "queue")["device_groups"]["0"]
        (one,) = group["experiments"]
        return one["waits"] is None, one["scheduler_runs"], group["queues"][1]["longest_wait"] is None

    assert found() == (False, True, False)
    assert "scheduler does not run" not in gpulane(world, "queue")
    scheduler.kill()
    assert found() == (True, False, True)
    said = gpulane(world, "queue")
    assert "nothing starts these now, their scheduler does not run; to go on: ./gpulane run " in said
    assert "--simulate 4x24\n" in said
    world.go()
    assert world.start().end() == 0


def test_a_file_that_is_not_there_is_refused_before_anything_is_written(world: World) -> None:
    said = gpulane(world, "scheduler", "start", "command/nope.txt", expect=2)
    refusal = f"command/nope.txt: there is no such file, neither here nor in {world.root}; check the path"
    assert said == f"gpulane: {refusal}\n"
    assert not (world.root / "logs").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("scheduler restart", "'restart' is not one of 'start', 'stop', 'status'"),
        ("queue --experiment abc", "'abc' is no whole number"),
        (
            "queue --experiment 99999",
            "there is no task 99999; ./gpulane queue lists those that wait, by their ids",
        ),
        ("health --patience {x}", "'{x}' is no number"),
        ("health --patience 0", "0 is too small, the least is 0.1"),
        ("run x.txt --config-index 99999", "99999 is too large, the most is 9999"),
    ],
)
def test_what_is_refused_is_said_in_our_words(world: World, words: str, said: str) -> None:
    last = gpulane(world, *words.split(), expect=2).splitlines()[-1]
    assert last.removesuffix(f"; ./gpulane {words.split()[0]} --help tells more").endswith(f" {said}")


def test_the_entry_points_say_it_in_our_words_too(world: World) -> None:
    assert "'x' is no whole number" in world.run("--config-index", "x", expect=2)


def test_a_queue_that_is_bound_to_cards_runs_there(world: World) -> None:
    text = f"1\n#LANE queue_devices=2,3\n{UNTIL_GO}\n1\n5\n\n1\n{UNTIL_GO.replace('go', 'later')}\n1\n5\n"
    world.file(text)
    scheduler = world.start()
    assert scheduler.wait_for("1/0", "running").gpu_ids == ("2",)
    world.file(text.replace("2,3", "1"))
    eventually(lambda: scheduler.tasks()["1/1"].options.devices == ("1",))
    world.go()
    assert scheduler.wait_for("1/1", "running").gpu_ids == ("1",)
    (world.root / "work" / "later").touch()
    assert scheduler.end() == 0
