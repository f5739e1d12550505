"""`#LANE` options: every key, and every way to get one wrong."""

import pytest

from app.command_file import parse
from app.model.task import Mode, Options, TaskSpec


def tasks(words: str, mode: Mode = "single") -> tuple[TaskSpec, ...]:
    count = "1\n" if mode == "multi" else ""
    parsed = parse(f"#LANE {words}\n1\nx\n{count}20\n", mode, "f")
    assert [str(fault) for fault in parsed.faults] == []
    return parsed.tasks


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ('name="car stage 1"', Options(name="car stage 1")),
        (r"name='a \" b'", Options(name=r"a \" b")),
        (r'name="a \"b\" c:\new \\"', Options(name=r'a "b" c:\new ' + "\\")),
        ("name=a#b # a comment name=c", Options(name="a#b")),
        ('queue_name="车"', Options(queue_name="车")),
        ("devices=0,02:1", Options(devices=("0", "2:1"))),
        ("devices=auto", Options()),
        ('model="A100 80GB"', Options(model="A100 80GB")),
        ("retries=0", Options(retries=0)),
        ("timeout=90s", Options(timeout=90)),
        ("timeout=1h30m", Options(timeout=5400)),
        ("timeout=1d", Options(timeout=86400)),
        ("timeout=1.5H", Options(timeout=5400)),
        ("on_failure=continue", Options(on_failure="continue")),
        ("priority=-3", Options(priority=-3)),
        ("priority=+3", Options(priority=3)),
        ("hold", Options(hold=True)),
        ("fifo", Options(fifo=True)),
        ("hold=no", Options(hold=False)),
        ("cwd=sub/folder", Options(cwd="sub/folder")),
        ("env.B=2 env.A='x y' env.C=", Options(env=(("A", "x y"), ("B", "2"), ("C", "")))),
        ("share=yes", Options(share=True)),
        ("share=no terminal=tmux", Options(share=False, terminal="tmux")),
        ("", Options()),
    ],
)
def test_options(words: str, options: Options) -> None:
    (task,) = tasks(words)
    assert task.options == options


def test_directives_anywhere_in_a_block_add_up() -> None:
    parsed = parse("1\n  #LANE name=a\nx\n#LANE\n#LANE priority=2\n20\n#LANE hold\n", "single", "f")
    assert parsed.tasks == (TaskSpec(1, "x", 1, 20, Options(name="a", priority=2, hold=True)),)


def test_repeat_makes_equal_tasks_in_a_row() -> None:
    assert tasks("repeat=3 name=a") == (TaskSpec(1, "x", 1, 20, Options(name="a")),) * 3


@pytest.mark.parametrize("words", ["gpus=0", "devices=cpu", "gpus=0 devices=auto", "gpus=0 devices=cpu"])
@pytest.mark.parametrize("count", ["0\n", "2\n", ""])
def test_a_cpu_task_has_no_gpus_whatever_its_count(words: str, count: str) -> None:
    parsed = parse(f"#LANE {words}\n1\nx\n{count}0\n", "multi", "f")
    assert parsed.faults == ()
    assert parsed.tasks == (TaskSpec(1, "x", 0, 0),)
    assert tasks(words) == (TaskSpec(1, "x", 0, 20),)


@pytest.mark.parametrize(
    ("words", "column", "says"),
    [
        ("tiemout=2h", 7, "did you mean timeout?"),
        ("Name=a", 7, "did you mean name?"),
        ("env=a", 7, "did you mean env.NAME?"),
        ("xyzzy=1", 7, "known: name, queue_name"),
        ("name=a  name=b", 15, "name is given twice"),
        ("env.A=1 env.A=2", 15, "env.A is given twice"),
        ("name", 7, "name has no value"),
        ("name=", 7, "name: it is empty"),
        ('name="a', 7, "can't be read"),
        ('name="a"b', 7, "can't be read"),
        ("name=it's", 7, "can't be read"),
        ("name=\x1b[31m", 7, "control character"),
        ("gpus=2", 7, "it can only be 0, not '2'"),
        ("gpus=0 devices=0", 14, "needs no devices"),
        ("devices=0,0", 7, "named twice"),
        ("devices=0,x", 7, "'x' is no GPU index"),
        ("devices=0,,1", 7, "'' is no GPU index"),
        ("retries=-1", 7, "no whole number from 0 on"),
        ("retries=٣", 7, "no whole number from 0 on"),
        ("timeout=90", 7, "write 90s, 90m or 90h"),
        (f"timeout={'9' * 5_000}", 7, "no time with its unit"),
        ("timeout=2x", 7, "no time with its unit"),
        ("timeout=", 7, "no time with its unit"),
        ("timeout=0s", 7, "no time to wait"),
        ("timeout=1m1h", 7, "no time with its unit"),
        ("timeout=999999999d", 7, "no time to wait"),
        ("on_failure=skip", 7, "write stop or continue"),
        ("priority=high", 7, "write priority=10"),
        ("hold=maybe", 7, "write yes or no"),
        ("share=1", 7, "write yes or no"),
        ("repeat=0", 7, "from 1 to"),
        ("repeat=100000000", 7, "from 1 to"),
        ("terminal=screen", 7, "write tmux"),
        ("env.1A=x", 7, "no name of an environment variable"),
        ("env.CUDA_VISIBLE_DEVICES=0", 7, "set by gpulane itself"),
        # No value of a variable is quoted: logs and who only reads would tell it.
        ("env.X_TOKEN=a =SECRET", 21, "what stands here can't be read"),
        ("env.X_TOKEN= 'SECRET", 20, "what stands here can't be read"),
        ('"env.X_TOKEN=SECRET"', 7, "what stands here can't be read"),
    ],
)
def test_wrong_options(words: str, column: int, says: str) -> None:
    parsed = parse(f"#LANE {words}\n1\nx\n20\n", "single", "f")
    (fault,) = parsed.faults
    assert (fault.line, fault.column) == (1, column)
    assert says in str(fault)
    assert "SECRET" not in str(fault)
    assert parsed.tasks == ()


def test_more_gpus_than_devices() -> None:
    (fault,) = parse("#LANE devices=0,1\n1\nx\n3\n20\n", "multi", "f").faults
    assert (fault.line, fault.column) == (4, 1)
    assert "needs 3 GPUs" in fault.problem


@pytest.mark.parametrize(
    "comment",
    [
        "#lane timeout=2h",
        "# LANE hold",
        "#LNAE name=a",
        "#LANE: hold",
        "#Lane env.A=1",
        "#LANEname=a",
        "#LANEhold",
        "#LANES name=a",
        "#LANEs hold",
        "# LANE timeuot=2h",
        "#LANE: onfailure=continue",
        "#LANEnam=x",
        "#lane nam=x",
    ],
)
def test_a_comment_that_was_meant_as_a_directive_is_a_fault(comment: str) -> None:
    (fault,) = parse(f"1\n{comment}\nx\n20\n", "single", "f").faults
    assert "begin it with #LANE" in str(fault)


@pytest.mark.parametrize(
    "comment",
    [
        "# lane keeping model",
        "#LANES",
        "# LINE 5",
        "# timeout=2h",
        "# line name=a",
        "#lane closed",
        "# lane width=3.5",
        "#",
    ],
)
def test_other_comments_are_comments(comment: str) -> None:
    assert parse(f"1\n{comment}\nx\n20\n", "single", "f").faults == ()


def test_too_many_tasks_are_refused_before_they_fill_the_memory() -> None:
    parsed = parse("#LANE repeat=10000\n1\nx\n20\n\n" * 200, "single", "f")
    assert "more than 1000000 tasks" in parsed.faults[0].problem


def test_a_queue_is_bound_to_cards_by_one_of_its_blocks() -> None:
    text = (
        "1\n#LANE queue_devices=0,1\na\n1\n9\n\n1\nb\n1\n9\n\n1\n#LANE devices=2\nc\n1\n9\n\n"
        "1\n#LANE gpus=0\nd\n9\n\n2\ne\n1\n9\n"
    )
    parsed = parse(text, "multi", "f")
    assert not parsed.faults
    assert [task.options.devices for task in parsed.tasks] == [("0", "1"), ("0", "1"), ("2",), None, None]
    again = parse(text.replace("devices=2", "queue_devices=3"), "multi", "f")
    assert [str(fault) for fault in again.faults] == [
        "f:12:1: queue 1 is bound to 0,1 already; say it once a queue"
    ]
    (fault,) = parse("1\n#LANE queue_devices=cpu\na\n1\n9\n", "multi", "f").faults
    assert "devices=cpu" in fault.hint
