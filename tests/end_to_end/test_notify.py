"""Notifications as a user meets them: a real scheduler, a real server that hears of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import children, command_line, living
from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.listening import Listening, listening
from tests.waiting import eventually


@pytest.fixture
def server() -> Iterator[Listening]:
    with listening() as one:
        yield one


def everything_under(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_one_message_tells_what_failed_and_that_all_is_done_and_no_file_holds_the_address(
    world: World, server: Listening
) -> None:
    world.settings(max_retries=0, fuse_tasks=None, notify={"urls": [server.url], "queue_done": True})
    failing = "echo no such file $GPULANE_QUEUE >&2; exit 3"
    world.blocks([(queue, failing) for queue in range(1, 13)] + [(20, "true")])
    output = world.run(expect=1)
    assert len(server.got) <= 2, "a second one where the run has lasted five seconds"
    body = "\n".join(f"{message['title']}\n{message['message']}" for message in server.got)
    assert "all tasks have ended: 12 failed, 1 completed" in body
    assert "task 1/0 failed: exit 3: no such file 1; its log: " in body
    assert "\n    no such file 1\n" in body
    assert "command_gpus.txt" in body
    written = output + everything_under(world.root / "logs")
    assert "sesame" not in written
    assert "/secret" not in written


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_a_notifier_that_never_ends_keeps_nothing_from_running_and_the_end_from_coming(
    world: World, how: str
) -> None:
    with listening(**{how: True}) as slow, listening() as server:
        world.settings(max_retries=0, notify={"urls": [slow.url, server.url]})
        world.blocks([(1, "exit 1"), (2, "echo two >>done")])
        scheduler = world.start()
        eventually(lambda: "ended with exit code 1" in world.output())
        began = time.monotonic()
        assert scheduler.end() == 1
        assert time.monotonic() - began < 18, "eight seconds, and a machine that is busy"
        assert "all tasks have ended" in server.got[-1]["title"]
    assert world.work("done") == ["two"]
    assert "notify.urls 1 (json) did not take a message: no answer within 8 s" in world.output()
    assert "Traceback" not in world.output()


def test_a_scheduler_that_is_killed_leaves_nothing_behind_that_sends(world: World) -> None:
    with listening(drips=True) as slow:
        world.settings(notify={"urls": [slow.url], "queue_done": True})
        world.blocks([(1, "true"), (2, UNTIL_GO)])
        scheduler = world.start()
        eventually(lambda: slow.asked)
        scheduler.kill()
        assert children(), "what it has started is ours now, its last task among it"
        # Long before its own time is over.
        eventually(lambda: not [pid for pid in living(children()) if "courier.py" in command_line(pid)], 5)
    world.settings()
    world.go()
    world.run()


def test_a_broken_notifier_is_a_line_in_the_log(world: World, server: Listening) -> None:
    server.answers = [500] * 20
    world.settings(max_retries=0, notify={"urls": [server.url]})
    world.blocks([(1, "true")])
    output = world.run()
    assert "notify.urls 1 (json) did not take a message: it could not be reached, or refused it" in output


def test_the_fuse_is_told(world: World, server: Listening) -> None:
    world.gpus = "1x24"
    world.settings(max_retries=0, fuse_tasks=2, notify={"urls": [server.url], "task_failed": False})
    world.blocks([(queue, "exit 1") for queue in range(1, 5)])
    scheduler = world.start()
    eventually(lambda: server.got)
    assert "the fuse holds 2 of the tasks" in server.got[0]["title"]
    assert scheduler.stop() == 128 + 15


def test_without_apprise_it_is_said_and_everything_else_goes_on(world: World) -> None:
    (world.root / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'apprise' else found(name, *more)\n"
    )
    world.env["PYTHONPATH"] = str(world.root)
    world.settings(notify={"urls": ["json://127.0.0.1:1/secret"]})
    world.blocks([(1, "true")])
    output = world.run()
    assert "apprise is not installed here; to install it: ./gpulane extra notify" in output
    said = gpulane(world, "notify", expect=2)
    assert said.endswith("to install it: ./gpulane extra notify\n")


def test_an_address_that_is_none_refuses_the_start_and_is_not_repeated(world: World) -> None:
    world.settings(notify={"urls": ["slak://hush/hush/hush"]})
    world.blocks([(1, "true")])
    output = world.run(expect=2)
    assert "notify.urls 1: apprise knows no slak://; did you mean slack://?" in output
    assert "hush" not in output
    assert not list(world.states())


def test_a_trial_tells_each_address_and_says_how_it_went(world: World, server: Listening) -> None:
    assert "there is no address under notify in" in gpulane(world, "notify", expect=2)
    world.settings(notify={"urls": [server.url]})
    assert gpulane(world, "notify") == "notify.urls 1 (json): sent\n"
    assert server.got[0]["title"].endswith(": a trial")
    server.answers = [404] * 9
    said = gpulane(world, "notify", expect=1)
    assert said == "notify.urls 1 (json): failed: it could not be reached, or refused it\n"


@pytest.mark.long
def test_a_trial_does_not_wait_for_ever(world: World, server: Listening) -> None:
    with listening(drips=True) as slow:
        world.settings(notify={"urls": [slow.url, server.url]})
        said = gpulane(world, "notify", expect=1)
        assert said == "notify.urls 1 (json): failed: no answer within 20 s\nnotify.urls 2 (json): sent\n"


def test_addresses_follow_the_settings_file_and_are_in_no_line_about_its_change(
    world: World, server: Listening
) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.settings(notify={"urls": [server.url], "queue_done": True})
    eventually(lambda: "setting notify.queue_done: true, was false" in world.output())
    gpulane(world, "set", "notify.urls", "json://hush", expect=2)
    world.settings(notify={"urls": [server.url, "slak://hush"]})
    eventually(lambda: "apprise knows no slak://" in world.output())
    world.go()
    assert scheduler.end() == 0
    assert "all tasks have ended: 1 completed" in server.got[-1]["title"]
    written = world.output() + everything_under(world.root / "logs")
    assert not [word for word in ("sesame", "/secret", "hush") if word in written]


def test_that_others_can_read_the_addresses_is_said_once_and_no_more_when_it_is_mended(world: World) -> None:
    world.settings(notify={"urls": ["json://127.0.0.1:1/secret"], "all_done": False})
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()

    def warnings() -> list[str]:
        return [each.kind for each in scheduler.problems() if each.kind == "secrets_readable"]

    scheduler.wait_for("1/0", "running")
    assert warnings() == ["secrets_readable"]
    (world.root / "config" / "gpu_manage.yaml").chmod(0o600)
    eventually(lambda: not warnings())
    world.go()
    assert scheduler.end() == 0
