"""What is told, when, and in how many messages: without a network, and without a clock."""

from typing import Any

import pytest

from app.core.events import Drain, Ended
from app.model.backend import Exit
from app.model.problems import problem
from app.model.settings import Notify
from app.notify.addresses import shown, wrong_ones
from app.notify.letter import GAPS, GATHER_SECONDS, QUIET_SECONDS, Pace, letter
from app.notify.news import OF_PROBLEMS, Kind, News, Newsroom
from app.notify.quote import last_words
from tests.unit.test_machine import Case, spec

EVERYTHING: dict[str, Any] = {"queue_done": True, "waiting_longer": 3600.0}


class Watched:
    """A case whose news are kept."""

    def __init__(self, case: Case, **wanted: Any) -> None:
        self.case, self.told = case, list[News]()
        case.core.board.settings = case.core.settings.model_copy(update={"notify": Notify(**wanted)})
        self.room = Newsroom(case.core, self.told.append)

    def end(self, label: str, status: int = 0, tail: str = "") -> None:
        self.case.grant(label)
        task = self.case.task(label).running
        ended = Ended(task.number, Exit(status, task.since, self.case.now.wall, None, tail))
        self.room(ended, self.case.feed(ended))

    def texts(self) -> list[str]:
        texts, self.told[:] = [news.text for news in self.told], []
        return texts


def test_a_failure_for_good_is_told_and_a_retry_is_not() -> None:
    watched = Watched(Case(spec(1, "a", name="stage 1"), spec(1, "b"), max_retries=1), **EVERYTHING)
    watched.end("1/0", 3)
    assert watched.texts() == []
    watched.case.later(5)
    watched.end("1/0", 3)
    log = watched.case.task("1/0").log_path
    assert watched.texts() == [
        f"task 1/0 (stage 1) failed: exit 3 in: a; its log: {log}",
        "queue 1 is done: 1 skipped, 1 failed",
        "all tasks have ended: 1 skipped, 1 failed",
    ]


def test_a_failure_has_the_last_words_of_its_log_and_a_title_that_is_whole() -> None:
    name = "a name that is far too long for any title of a message"
    watched = Watched(Case(spec(1, "a\nb", name=name), max_retries=0), all_done=False)
    watched.end("1/0", 1, "epoch 1\nTraceback\nValueError: no such file 1\ngpulane: exit 1 in line 2: b\n")
    (told,) = watched.told
    assert told.quote == ("epoch 1", "Traceback", "ValueError: no such file 1")
    assert told.title == "task 1/0 (a name that is far too long for any t...) failed"
    title, body = letter([told], "gpulane on gpu7", "/a/b.txt")
    assert title == f"gpulane on gpu7: {told.title}"
    assert body == f"{told.text}\n    epoch 1\n    Traceback\n    ValueError: no such file 1\n\n/a/b.txt"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", ()),
        ("\n \n", ()),
        ("gpulane: exit 3: exit 3\n", ()),
        ("a\r\nb\r\n\r\n", ("a", "b")),
        ("1\n2\n3\n4\n", ("2", "3", "4")),
        ("10%\r50%\r99%\n\x1b[31mred\x1b[0m\x07 \u202ewaxed\ud800\n", ("99%", "red waxed")),
        ("x" * 9999, ("x" * 197 + "...",)),
        (f"{'x' * 99}\n{'y' * 199}\n{'z' * 199}\n", ("z" * 199,)),
    ],
)
def test_last_words_are_few_short_and_clean(log: str, words: tuple[str, ...]) -> None:
    assert last_words(log) == words


def test_a_letter_of_much_news_stays_one_that_every_notifier_takes() -> None:
    failures = [News("task_failed", "t", "x" * 9999, ("y" * 200,))] * 20
    _, body = letter(failures, "g", "/a/b.txt")
    assert len(body) < 3_200
    assert body.endswith("\nand 16 more\n\n/a/b.txt")
    assert body.encode(), "no half characters"


def test_problems_have_titles_that_are_whole() -> None:
    watched = Watched(Case(spec(1)))
    facts: dict[str, str | int] = {"gpu": "0", "name": "A100", "until": "12:00", "tasks": 3, "seconds": 30}
    facts |= {"pid": 5, "error": "e", "held": 5, "died": 3, "task": "1/0"}
    watched.room.problems([problem(kind, **facts) for kind in OF_PROBLEMS], 0.0)
    assert [news.title for news in watched.told] == [
        "GPU 0 (A100) is lost",
        "GPU 0 (A100) is set aside",
        "the GPU driver does not answer",
        "the fuse holds 5 of the tasks",
        "the fuse holds 5 of the tasks",
    ]


def test_queues_and_everything_are_told_once_each() -> None:
    watched = Watched(Case(spec(1, queue_name="cars"), spec(2), spec(2, "x")), **EVERYTHING)
    watched.end("2/0")
    watched.end("1/0")
    assert watched.texts() == ["queue 1 (cars) is done: 1 completed"]
    watched.end("2/1")
    watched.room(None, watched.case.feed(Drain()))
    assert watched.texts() == ["queue 2 is done: 2 completed", "all tasks have ended: 3 completed"]


def test_only_what_is_wanted_is_told() -> None:
    watched = Watched(Case(spec(1), max_retries=0), task_failed=False, all_done=False)
    watched.end("1/0", 1)
    assert watched.texts() == []


def test_problems_are_told_when_they_come_and_again_when_they_come_again() -> None:
    watched = Watched(Case(spec(1)))
    lost, other = (problem("gpu_lost", gpu=gpu, name="A100") for gpu in "01")
    noise = problem("spared", processes="tmux (pid 5)")
    for now in ([lost, noise], [lost], [lost, other], [other], [lost, other]):
        watched.room.problems(now, 0.0)
    assert watched.texts() == [lost.text, other.text, lost.text]
    fuse = problem("fuse_before", held=5, seconds=30)
    watched.room.problems([fuse], 0.0)
    assert watched.texts() == [fuse.text]


def test_a_long_wait_is_told_once_a_wait() -> None:
    case = Case(spec(1, memory=10))
    watched = Watched(case, waiting_longer=100.0)
    since = case.task("1/0").state.since
    case.give()
    for later in (99, 100, 500):
        watched.room.problems([], since + later)
    (said,) = watched.texts()
    assert said.startswith("task 1/0 has waited for 1 min 40 s: needs")
    case.grant("1/0")
    watched.room.problems([], since + 600)
    assert watched.texts() == []


@pytest.mark.parametrize(
    ("arrivals", "sent"),
    [
        ([0.0], [5]),
        ([0.0, 10.0], [5, 65]),
        ([90.0 * n for n in range(40)], [5, 95, 395, 1295, 2195, 3095, 3995]),
        ([0.0, 5.0 + QUIET_SECONDS + 1], [5, 3611]),
    ],
)
def test_forty_failures_in_an_hour_are_a_handful_of_messages(arrivals: list[float], sent: list[int]) -> None:
    pace, messages, due = Pace(), list[int](), 0.0
    for at in arrivals:
        if messages and at <= messages[-1]:
            continue  # it is in that message
        due = pace.due(at, urgent=False)
        messages.append(round(due))
        pace.sent(due)
    assert messages == sent


def test_what_is_urgent_waits_for_no_gap() -> None:
    pace = Pace()
    for at in (0.0, 100.0, 1000.0):
        pace.sent(at)
    assert pace.due(1001.0, urgent=False) == 1000.0 + GAPS[3]
    assert pace.due(1001.0, urgent=True) == 1001.0 + GATHER_SECONDS


def news(kind: Kind, text: str) -> News:
    return News(kind, text, text)


def test_a_letter_says_in_its_title_what_it_is_about() -> None:
    failures = [news("task_failed", f"task {n}/0 failed: exit 1") for n in range(40)]
    title, body = letter(failures[:1], "gpulane on box", "/a/b.txt")
    assert title == "gpulane on box: task 0/0 failed: exit 1"
    title, body = letter([*failures, news("waiting_longer", "x")], "gpulane on box", "/a/b.txt")
    assert title == "gpulane on box: 40 failures, 1 long wait"
    assert body.splitlines()[-3:] == ["and 21 more", "", "/a/b.txt"]
    title, body = letter([*failures, news("all_done", "all\ntasks have ended: 40 failed")], "g", "/a/b.txt")
    assert title == "g: all tasks have ended: 40 failed"
    assert max(map(len, letter([news("task_failed", "x" * 9999)], "g", "f"))) < 600


def test_what_is_no_address_is_named_by_its_place_with_the_nearest_that_is() -> None:
    urls = ("json://127.0.0.1", "secret", "slak://secret/secret/secret", "slack://secret", "zzzz-zz://secret")
    found = list(wrong_ones(urls))
    assert [each.position for each in found] == [1, 2, 3, 4]
    assert found[1].problem == "notify.urls 3: apprise knows no slak://"
    assert found[1].hint == "did you mean slack://?"
    assert "secret" not in str(found)
    assert [shown(urls, at) for at in (0, 1)] == ["notify.urls 1 (json)", "notify.urls 2"]
