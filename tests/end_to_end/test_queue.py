"""Device queues: tasks bound to cards, the cpu kind and its limit, who waits and how long; schedulers in the
background."""

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
    assert said == "1 task runs already (cpu_tasks)"
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
    assert "no scheduler runs" in gpulane(world, "scheduler", "stop", str(file), expect=2)
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
