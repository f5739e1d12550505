"""The command file is edited while its scheduler runs, by people and their editors."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import procfs
from app.model.blockers import CardLeased
from app.model.lease import Holder
from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, Scheduler, World
from tests.waiting import eventually

QUEUES = 30
EDITS = 50

Blocks = list[tuple[int, str]]
"""(queue, the task's word), in the order of the file."""


def text_of(blocks: Blocks) -> str:
    return "\n".join(f"#LANE gpus=0\n{queue}\necho {word} >>done; {UNTIL_GO}\n0\n" for queue, word in blocks)


def shown(scheduler: Scheduler) -> dict[int, list[str]]:
    """The words of each queue's tasks in their order, as the scheduler has them."""
    state = scheduler.state()
    assert state
    return {
        queue.queue_id: [
            task.commands.split()[1]
            for task in sorted(queue.tasks, key=lambda task: task.index)
            if task.in_file
        ]
        for queue in state.queues
        if any(task.in_file for task in queue.tasks)
    }


def wanted(blocks: Blocks) -> dict[int, list[str]]:
    queues: dict[int, list[str]] = {}
    for queue, word in blocks:
        queues.setdefault(queue, []).append(word)
    return queues


def taken_up(scheduler: Scheduler, blocks: Blocks) -> None:
    eventually(lambda: shown(scheduler) == wanted(blocks))


def edited(blocks: Blocks, words: Iterator[str], chance: random.Random) -> Blocks:
    """One person's edit: a block added, deleted, moved, changed, or two of them swapped."""
    new = list(blocks)
    at = chance.randrange(len(new))
    match chance.choice(("add", "delete", "move", "change", "swap", "add")):
        case "add":
            new.insert(at, (chance.randint(1, QUEUES + 5), next(words)))
        case "delete" if len(new) > 1:
            del new[at]
        case "move":
            _, word = new.pop(at)
            new.insert(chance.randrange(len(new) + 1), (chance.randint(1, QUEUES), word))
        case "change":
            new[at] = (new[at][0], next(words))
        case _:
            other = chance.randrange(len(new))
            new[at], new[other] = new[other], new[at]
    return new


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fifty_random_edits_while_thirty_tasks_run(world: World, seed: int) -> None:
    chance = random.Random(seed)
    words = (f"w{number}" for number in range(10_000))
    world.settings(cpu_tasks=100)
    blocks: Blocks = [(queue, next(words)) for _ in range(3) for queue in range(1, QUEUES + 1)]
    path = world.file(text_of(blocks))
    scheduler = world.start()
    eventually(lambda: sum(task.state.status == "running" for task in scheduler.tasks().values()) == QUEUES)
    ever = {word for _, word in blocks}
    for _ in range(EDITS):
        blocks = edited(blocks, words, chance)
        ever |= {word for _, word in blocks}
        chance.choice((in_place, by_rename, in_two_steps))(path, text_of(blocks))
        taken_up(scheduler, blocks)
    begun = set(world.work("done"))
    assert begun < ever
    world.go()
    assert scheduler.end() == 0
    done = world.work("done")
    assert len(done) == len(set(done)), "nothing runs twice"
    assert set(done) == begun | {word for _, word in blocks}, "what was taken out before it began never runs"


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def by_rename(path: Path, text: str) -> None:
    """As vim and most editors do."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text)
    beside.rename(path)


def in_two_steps(path: Path, text: str) -> None:
    """Emptied first, and written in pieces."""
    half = text.index("\n\n", len(text) // 2)
    with path.open("w") as file:
        for piece in (text[:half], text[half:]):
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())


@pytest.mark.parametrize("save", [in_place, by_rename, in_two_steps])
def test_saved_by_any_editor(world: World, save: Callable[[Path, str], None]) -> None:
    world.settings(cpu_tasks=9)
    blocks: Blocks = [(1, "a"), (1, "b"), (2, "c")]
    path = world.file(text_of(blocks))
    scheduler = world.start()
    scheduler.wait_for("2/0", "running")
    save(path, text_of([(1, "a"), (3, "d"), (2, "c")]))
    scheduler.wait_for("3/0", "running")
    assert shown(scheduler) == {1: ["a"], 2: ["c"], 3: ["d"]}
    world.go()
    assert scheduler.end() == 0
    assert sorted(world.work("done")) == ["a", "c", "d"]


def test_appended_by_echo(world: World) -> None:
    path = world.file(text_of([(1, "a")]))
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    os.system(f"printf '\\n#LANE gpus=0\\n2\\necho b >>done\\n0\\n' >>{path}")
    scheduler.wait_for("2/0", "completed")
    world.go()
    assert scheduler.end() == 0


def test_what_runs_goes_on_whatever_happens_to_its_block(world: World) -> None:
    world.file(text_of([(1, "a"), (2, "b")]))
    scheduler = world.start()
    pid = scheduler.wait_for("1/0", "running").pid
    scheduler.wait_for("2/0", "running")
    world.file(text_of([(2, "b"), (2, "c")]))
    eventually(lambda: (task := scheduler.tasks().get("1/0")) and not task.in_file)
    assert scheduler.tasks()["1/0"].state.pid == pid
    world.go()
    assert scheduler.end() == 0
    assert sorted(world.work("done")) == ["a", "b", "c"]


def test_a_file_that_is_deleted_and_put_back_is_an_edit_and_no_end(world: World) -> None:
    path = world.file(text_of([(1, "a"), (1, "b")]))
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    path.unlink()
    eventually(lambda: "file_gone" in {problem.kind for problem in scheduler.problems()})
    assert scheduler.tasks()["1/1"].state.status == "pending"
    world.file(text_of([(1, "a"), (1, "c")]))
    eventually(lambda: shown(scheduler) == {1: ["a", "c"]})
    assert not scheduler.problems() or {p.kind for p in scheduler.problems()} == {"lease_directory_private"}
    world.go()
    assert scheduler.end() == 0
    assert world.work("done") == ["a", "c"]


def holders(scheduler: Scheduler, label: str) -> list[Holder | None]:
    blockers = scheduler.wait_for(label, "waiting").blockers
    return [each.holder for each in blockers if isinstance(each, CardLeased)]


def kinds(scheduler: Scheduler) -> set[str]:
    return {problem.kind for problem in scheduler.problems()} - {"lease_directory_private"}


def test_an_edit_that_is_still_being_written_is_said_to_wait(world: World) -> None:
    path = world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    with path.open("a") as file:
        file.write("\n2\n")
        file.flush()
        eventually(lambda: "edit_waits" in kinds(scheduler))
        file.write("true\n1\n10\n")
    scheduler.wait_for("2/0", "completed")
    eventually(lambda: not kinds(scheduler))
    world.go()
    assert scheduler.end() == 0


def test_a_link_that_is_led_elsewhere_is_said(world: World) -> None:
    world.blocks([(1, UNTIL_GO)]).rename(world.root / "real.txt")
    link = world.root / "command" / "command_gpus.txt"
    link.symlink_to("../real.txt")
    scheduler = world.start(command_file=link)
    scheduler.wait_for("1/0", "running")
    link.unlink()
    world.blocks([(2, "true")])
    eventually(lambda: "file_elsewhere" in kinds(scheduler))
    assert list(scheduler.tasks()) == ["1/0"]
    link.unlink()
    link.symlink_to("../real.txt")
    eventually(lambda: not kinds(scheduler))
    world.go()
    assert scheduler.end() == 0


def test_a_failed_task_whose_memory_is_raised_runs_again(world: World) -> None:
    world.settings(max_retries=0)
    block = "1\ntest -e ok\n1\n{}\n\n2\n" + UNTIL_GO + "\n1\n10\n"
    world.file(block.format(10))
    scheduler = world.start()
    scheduler.wait_for("1/0", "failed")
    (world.root / "work" / "ok").touch()
    world.file(block.format(12))
    scheduler.wait_for("1/0", "completed")
    world.go()
    assert scheduler.end() == 0


def test_what_its_user_holds_stays_held_whatever_becomes_of_its_block(world: World) -> None:
    """Taken out and put back, edited, and over a kill of the scheduler in between."""
    world.settings(cpu_tasks=100)
    whole: Blocks = [(1, "first"), (1, "later"), (2, "other")]
    path = world.file(text_of(whole))
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    gpulane(world, "hold", "1/1")
    for version in (whole[:1] + whole[2:], whole):
        path.write_text(text_of(version))
        taken_up(scheduler, version)
    assert scheduler.wait_for("1/1", "held").by == procfs.user_name(os.getuid())
    path.write_text(text_of(whole[:1] + whole[2:]))
    taken_up(scheduler, whole[:1] + whole[2:])
    scheduler.kill()
    path.write_text(text_of(whole))
    scheduler = world.start()
    scheduler.wait_for("1/1", "held")
    mended: Blocks = [whole[0], (1, "mended"), whole[2]]
    path.write_text(text_of(mended))
    taken_up(scheduler, mended)
    assert scheduler.tasks()["1/1"].state.status == "held"
    world.go()
    eventually(lambda: "only held tasks are left" in world.output())
    assert sorted(world.work("done")) == ["first", "other"]
    gpulane(world, "release", "1/1")
    assert scheduler.end() == 0
    assert sorted(world.work("done")) == ["first", "mended", "other"]


def test_who_has_a_card_is_named_as_its_task_stands_now(world: World) -> None:
    """In its own scheduler's reasons and in another's, and after a restart as well."""
    world.gpus = "1x24"

    def moved_to(queue: int) -> None:
        world.blocks([(queue, UNTIL_GO), (2, "true")])

    def says(scheduler: Scheduler, label: str, words: str) -> None:
        eventually(lambda: words in scheduler.wait_for(label, "waiting").reason)

    moved_to(0)
    scheduler = world.start()
    says(scheduler, "2/0", "leased to queue 0")
    other = world.start(command_file=world.file("3\ntrue\n1\n10\n", "command_gpus_1.txt"))
    says(other, "3/0", f"leased to queue 0 of another scheduler of yours (pid {scheduler.pid})")
    assert holders(other, "3/0") == [Holder("elsewhere", "queue 0", scheduler.pid)]
    moved_to(5)
    says(scheduler, "2/0", "leased to queue 5")
    says(other, "3/0", "leased to queue 5 of another scheduler of yours")
    scheduler.kill()
    scheduler = world.start()
    scheduler.wait_for("5/0", "running")
    moved_to(7)
    says(scheduler, "2/0", "leased to queue 7")
    says(other, "3/0", "leased to queue 7, started by a scheduler of yours that has ended")
    world.go()
    assert [scheduler.end(), other.end()] == [0, 0]
