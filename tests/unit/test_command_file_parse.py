"""Command files read as people write them: tasks, or every fault at its place."""

import time

import pytest

from app.command_file import parse
from app.command_file.parse import Parsed
from app.model.task import Mode, Options, TaskSpec


def single(text: str) -> Parsed:
    return parse(text, "single", "f")


def multi(text: str) -> Parsed:
    return parse(text, "multi", "f")


def only(parsed: Parsed) -> TaskSpec:
    assert [str(fault) for fault in parsed.faults] == []
    assert len(parsed.tasks) == 1
    return parsed.tasks[0]


def script(text: str) -> str:
    return only(single(f"1\n{text}\n20\n")).script


def test_the_seeds_single_example() -> None:
    parsed = single(
        "# 队列ID\n1\n# 命令（不需要引号）\npython script.py --arg1 value1\n# 显存需求(GB)\n20\n\n"
        "# 下一个任务块\n2\nbash run.sh\n25\n"
    )
    assert parsed.faults == ()
    assert parsed.tasks == (
        TaskSpec(1, "python script.py --arg1 value1", 1, 20),
        TaskSpec(2, "bash run.sh", 1, 25),
    )
    assert [task.line for task in parsed.tasks] == [2, 9]


def test_the_seeds_multi_example() -> None:
    parsed = multi(
        "# 队列ID\n1\n# 命令\npython script.py --arg1 value1\n# GPU数量需求\n2\n# 显存需求(GB)\n20\n"
    )
    assert only(parsed) == TaskSpec(1, "python script.py --arg1 value1", 2, 20)


def test_trailing_comments_on_numbers_but_not_on_commands() -> None:
    parsed = multi(
        '1 #队列ID\nbash {work_dir}/a.sh car\npython train.py --data "a b" # kept\n2 #GPU数量\n20 #显存(GB)\n'
    )
    assert only(parsed).script == 'bash {work_dir}/a.sh car\npython train.py --data "a b" # kept'


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_line_ends_tabs_and_blanks(mark: str, end: str) -> None:
    text = mark + end.join(["\t01 \t", "echo a", "20 \t", " \t ", "", "2#x", "echo b", "1.5"])
    assert single(text).tasks == (TaskSpec(1, "echo a", 1, 20), TaskSpec(2, "echo b", 1, 1.5))


@pytest.mark.parametrize(
    ("text", "gb"),
    [
        ("20", 20),
        ("7.5", 7.5),
        (".5", 0.5),
        ("5.", 5),
        ("20GB", 20),
        ("20 gb", 20),
        ("2048MB", 2),
        ("512 MB", 0.5),
        ("0", 0),
        ("all", None),
        ("ALL # whole", None),
    ],
)
def test_memory(text: str, gb: float | None) -> None:
    assert only(single(f"1\nx\n{text}\n")).memory_gb == gb


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-5", "'-5' is negative"),
        ("2O", "'2O' is no number"),
        ("20G", "'20G' is no number"),
        ("1e3", "'1e3' is no number"),
        ("9" * 30, "larger than any GPU"),
        ("２０", "full-width"),
        ("twenty", "ends with 'twenty', which is no memory"),
        ("nan", "ends with 'nan', which is no memory"),
    ],
)
def test_bad_memory(text: str, says: str) -> None:
    (fault,) = single(f"1\nx\n  {text}\n").faults
    assert (fault.line, fault.column) == (3, 3)
    assert says in fault.problem


def test_verbatim_parts_are_script_as_they_stand() -> None:
    inside = "#!/bin/bash\n\ncat <<EOF\n# not a comment\n\n  20\n#LANE hold\n```bash\nEOF"
    assert (
        script(f"echo before\n```\n{inside}\n```\n# comment\necho after")
        == f"echo before\n{inside}\necho after"
    )


def test_comments_are_dropped_and_indents_kept() -> None:
    assert script("for i in 1 2; do\n# note\n  echo $i\ndone") == "for i in 1 2; do\n  echo $i\ndone"


@pytest.mark.parametrize("command", ["echo 5 \\\n  20", "```\n5\n```"])
def test_a_number_that_continues_a_command_is_no_gpu_count(command: str) -> None:
    assert "20" in script(command) or "5" in script(command)


FAULTS: list[tuple[str, Mode, str, list[tuple[int, int, str]]]] = [
    ("empty", "single", "", [(0, 0, "no task in it")]),
    ("comments only", "single", "# a\n\n# b\n", [(0, 0, "no task in it")]),
    ("only an id", "single", "1\n", [(1, 1, "only a queue id")]),
    ("no commands", "single", "1\n20\n", [(1, 1, "no commands")]),
    ("no commands", "multi", "1\n2\n20\n", [(1, 1, "no commands")]),
    ("no commands in a verbatim part", "single", "1\n```\n\n# x\n```\n20\n", [(1, 1, "no commands")]),
    ("no queue id", "single", "echo a\n20\n", [(1, 1, "begins with 'echo a', not with its queue id")]),
    (
        "queue id",
        "single",
        "-1\nx\n20\n\n1.5\nx\n20\n",
        [(1, 1, "queue id '-1' is no number"), (5, 1, "'1.5'")],
    ),
    ("full-width", "single", "１\nx\n20\n", [(1, 1, "full-width")]),
    ("long id", "single", "1" * 19 + "\nx\n20\n", [(1, 1, "too long")]),
    ("no memory", "single", "1\necho a\n  echo b\n", [(3, 3, "ends with 'echo b'")]),
    ("multi file", "single", "1\necho a\n2 # GPUs\n20\n", [(3, 1, "looks like a GPU count")]),
    ("negative count", "single", "1\necho a\n-1\n20\n", [(3, 1, "looks like a GPU count")]),
    ("half a count", "single", "1\necho a\n1.5\n20\n", [(3, 1, "looks like a GPU count")]),
    ("single file", "multi", "1\necho a\n20\n", [(2, 1, "where the GPU count belongs")]),
    ("zero GPUs", "multi", "1\necho a\n0\n20\n", [(3, 1, "GPU count is 0")]),
    ("negative GPUs", "multi", "1\necho a\n-2\n20\n", [(3, 1, "GPU count '-2' is no number")]),
    ("half a GPU", "multi", "1\necho a\n1.5\n20\n", [(3, 1, "GPU count '1.5' is no number")]),
    ("background", "single", "1\nexport A=1\npython x &\n20\n", [(3, 10, "runs in the background")]),
    ("open verbatim part", "single", "1\n ```\necho\n20\n", [(2, 2, "has no end")]),
    ("markdown", "single", "1\n```bash\necho\n```\n20\n", [(2, 1, "opened by ``` alone")]),
    (
        "a blank line in a here-document",
        "single",
        "1\ncat <<E\na\n\nb\nE\n20\n",
        [(3, 1, "'a'"), (5, 1, "'b'")],
    ),
    ("carriage return", "single", "1\ra\nx\n20\n", [(1, 1, "queue id"), (1, 2, "carriage return")]),
    ("NUL", "single", "1\nec\0ho\n20\n", [(2, 3, "can't stand in a script")]),
    ("surrogate", "single", "1\nec\ud800ho\n20\n", [(2, 3, "can't stand in a script")]),
    ("#LANE alone", "single", "  #LANE hold\n# x\n\n1\nx\n20\n", [(1, 3, "has no task")]),
]


@pytest.mark.parametrize(
    ("mode", "text", "expected"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_faults_by_line_and_column(mode: Mode, text: str, expected: list[tuple[int, int, str]]) -> None:
    faults = parse(text, mode, "f").faults
    assert [(fault.line, fault.column) for fault in faults] == [row[:2] for row in expected]
    for fault, (_, _, says) in zip(faults, expected, strict=True):
        assert says in fault.problem
        assert fault.hint


def test_a_multi_mode_file_names_main_gpus_and_a_zero_count_names_the_option() -> None:
    assert "main_gpus.py" in single("1\necho a\n2\n20\n").faults[0].hint
    assert "#LANE gpus=0" in multi("1\necho a\n0\n20\n").faults[0].hint


def test_all_faults_in_one_pass_in_order_and_sound_blocks_beside_them() -> None:
    parsed = single("#LANE tmeout=2h retries=x\nx\nsleep 1 &\n-1\n\n2\ngood\n20\n\n3\n20\n")
    assert [(fault.line, fault.column) for fault in parsed.faults] == [
        (1, 7),
        (1, 17),
        (2, 1),
        (3, 9),
        (4, 1),
        (10, 1),
    ]
    assert parsed.tasks == (TaskSpec(2, "good", 1, 20),)
    assert str(parsed.faults[0]).startswith("f:1:7: 'tmeout' is no #LANE option; did you mean timeout?")


BACKGROUND = [
    "a &",
    "a & ",
    "a & # note",
    "a\nb 2>&1 &",
    "cat <<E &\nx\nE",
    "echo '&' &",
    "a && b &",
    "a $(b) &",
]
BACKGROUND += [
    "echo $((1<<2)) &",
    'x "$(cat <<E\n"\nE\n)" &',
    "a &\n```\n\n# last\n```",
    "case a in a) b;; esac &",
    "((a = 1 << 2))\nb &",
    "echo $'it\\'s'\nx &",
    "nohup python x >log & disown",
    "x &\ndisown -h %1 ;",
]
FOREGROUND = [
    "a && b",
    "a \\&",
    "echo 'a &'",
    'echo "a &"',
    "a # b &",
    "cat <<E\nx &\nE",
    "a & wait",
    "a & disown; wait",
    "a & disown\nb",
    "a && disown",
    "a &\nwait",
    "a 2>&1",
]
FOREGROUND += [
    "a &>log",
    "a &>>log",
    "cat <<-'E F'\n\tx &\n\tE F",
    "echo $'it\\'s &'",
    "a >&2",
    "echo a\\\\\\&",
    "cat <<<'x &'",
]
FOREGROUND += ["echo `a &`", "echo ${#x}&& b", 'echo "`b` &"', "(a &\nwait)"]


@pytest.mark.parametrize("commands", BACKGROUND)
def test_a_last_command_in_the_background_is_a_fault(commands: str) -> None:
    assert ["background" in fault.problem for fault in single(f"1\n{commands}\n20\n").faults] == [True]


@pytest.mark.parametrize("commands", FOREGROUND)
def test_an_ampersand_elsewhere_is_none(commands: str) -> None:
    assert single(f"1\n{commands}\n20\n").faults == ()


@pytest.mark.parametrize(
    ("mode", "text", "line"),
    [("multi", "1\necho a\n1\n10\n2\necho b\n1\n10\n", 5), ("single", "1\necho a\nall\n2\necho b\n10\n", 4)],
)
def test_a_forgotten_blank_line_is_a_fault(mode: Mode, text: str, line: int) -> None:
    (fault,) = parse(text, mode, "f").faults
    assert (fault.line, "as between two blocks" in fault.problem) == (line, True)
    assert "put a blank line before '2'" in fault.hint


@pytest.mark.parametrize(
    "commands",
    ["seq \\\n1\n2\n3 4", "x=(\n1\n2\n3\n)", "cat <<E\n1\n2\n3\nE", "```\na\n1\n2\n3\nb\n```", "7\n8\na"],
)
def test_numbers_that_belong_to_a_command_are_none(commands: str) -> None:
    assert parse(f"1\n{commands}\n1\n20\n", "multi", "f").faults == ()


def test_tmux_that_is_not_there_is_a_fault_when_read() -> None:
    text = "1\n#LANE name=a terminal=tmux\nx\n20\n"
    assert only(single(text)).options == Options(name="a", terminal="tmux")
    (fault,) = parse(text, "single", "f", tmux_available=False).faults
    assert (fault.line, fault.column) == (2, 14)


def test_a_hundred_thousand_blocks_and_nothing_quadratic() -> None:
    def seconds(blocks: int) -> float:
        text = "".join(f"# c\n{i % 50} #队列ID\npython train.py --seed {i}\n20\n\n" for i in range(blocks))
        begin = time.process_time()
        assert len(single(text).tasks) == blocks
        return time.process_time() - begin

    assert seconds(100_000) < 5  # generous: it takes 1 s, and machines that run tests are busy


@pytest.mark.parametrize(
    "text",
    [
        "1\n" + "echo hi & wait\n" * 200_000 + "20\n",
        "1\necho " + "a" * 3_000_000 + "\n20\n",
        "1\necho " + " " * 3_000_000 + "x\n20" + " " * 3_000_000 + "x\n",
        "1" * 2_000_000 + "\necho\n" + "9" * 2_000_000 + "\n",
        "```\n" * 300_000,
        "1\n" + "echo &" * 200_000 + "\n20\n",
        "1\n" + "x=(\n1\n2\n3\n)\n" * 50_000 + "y\n20\n",
        "1\n" + "x\n1\n2\n" * 50_000 + "y\n20\n",
        "1\n" + "echo \"'`$((" * 100_000 + " &\n20\n",
        "1\ncat " + "<<E " * 100_000 + " &\n20\n",
        "#LANE " + "name=a " * 100_000 + "\n1\nx\n20\n",
        "#LANE name=" + '"\\' * 300_000 + "\n1\nx\n20\n",
        "#LANE name=a\n" * 100_000 + "1\nx\n20\n",
        "# a\n" * 300_000 + "1\nx\n20\n",
        "#LANE hold\n\n" * 100_000,
    ],
)
def test_extremes_take_no_more_than_linear_time(text: str) -> None:
    begin = time.process_time()
    single(text)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("command", [". job.sh", "2to3 a.py", "7z x data.7z"])
def test_a_last_command_that_begins_like_a_number_is_no_gpu_count_of_a_task_without_gpu(command: str) -> None:
    parsed = multi(f"#LANE gpus=0\n1\n{command}\n20\n")
    assert parsed.faults == ()
    assert [(task.script, task.gpus) for task in parsed.tasks] == [(command, 0)]
    assert multi(f"#LANE gpus=0\n1\n{command}\n2\n20\n").tasks[0].script == command
