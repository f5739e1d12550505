"""Rendering is the parser's twin, and an edit of one block leaves all others byte for byte."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.command_file import Document, parse, render
from app.model.faults import BadInput
from app.model.task import Mode, Options, TaskSpec, substitute

WORDS = st.text(st.sampled_from("ab 1.'\"\\#$&é车\t"), min_size=1, max_size=8)
LINES = st.sampled_from(
    [
        "echo a",
        "  indented",
        "",
        "   ",
        "# comment",
        "#LANE hold",
        "20",
        "1",
        "```bash",
        "cat <<EOF",
        "EOF",
        "x \\",
        "{work_dir}/x",
        "a && b",
        "a & b",
        'echo "a b" # c',
        "trailing  ",
        "\u3000",
        "all",
        "é车",
    ]
)
SECONDS = st.one_of(st.integers(1, 10**9).map(float), st.floats(1e-6, 1e6))
MEMORY = st.one_of(st.none(), st.integers(0, 200).map(float), st.floats(0, 1e6))


@st.composite
def options(draw: st.DrawFn, cpu: bool) -> Options:
    chosen: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": WORDS,
                "queue_name": WORDS,
                "model": WORDS,
                "retries": st.integers(0, 10**9 - 1),
                "timeout": SECONDS,
                "on_failure": st.sampled_from(["stop", "continue"]),
                "priority": st.integers(-100, 100),
                "hold": st.booleans(),
                "fifo": st.booleans(),
                "cwd": WORDS,
                "env": st.dictionaries(
                    st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True), WORDS, max_size=3
                ).map(lambda found: tuple(sorted(found.items()))),
                "share": st.booleans(),
                "terminal": st.sampled_from(["direct", "tmux"]),
            },
        )
    )
    if not cpu and draw(st.booleans()):
        chosen["devices"] = draw(st.sampled_from([("0", "1", "2", "3"), ("0:1", "10", "3", "4")]))
    return Options(**chosen)


@st.composite
def specs(draw: st.DrawFn, mode: Mode) -> TaskSpec:
    gpus = draw(st.integers(0, 1 if mode == "single" else 4))
    script = "\n".join([*draw(st.lists(LINES, min_size=1, max_size=5)), "true"])
    if draw(st.booleans()):
        script += "\n" + draw(st.sampled_from(["20", "", "# end"]))
    return TaskSpec(draw(st.integers(0, 10**18 - 1)), script, gpus, draw(MEMORY), draw(options(gpus == 0)))


MODES: st.SearchStrategy[Mode] = st.sampled_from(["single", "multi"])
FILES = MODES.flatmap(lambda mode: st.tuples(st.just(mode), st.lists(specs(mode), min_size=1, max_size=4)))


@given(FILES)
def test_parsing_what_was_rendered_gives_the_same_tasks(file: tuple[Mode, list[TaskSpec]]) -> None:
    mode, tasks = file
    parsed = parse(render(tasks, mode), mode, "f")
    assert [str(fault) for fault in parsed.faults] == []
    assert list(parsed.tasks) == tasks


def test_rendered_blocks_read_well() -> None:
    task = TaskSpec(
        3, "cd {work_dir}\npython x.py", 2, 20, Options(name="car 1", timeout=5400, env=(("A", "1"),))
    )
    verbatim = TaskSpec(4, "a\n\nb", 1, None)
    assert render([task, verbatim], "multi") == (
        '3\n#LANE name="car 1" timeout=1h30m env.A=1\ncd {work_dir}\npython x.py\n2\n20\n\n'
        "4\n```\na\n\nb\n```\n1\nall\n"
    )


@pytest.mark.parametrize(
    "task",
    [
        TaskSpec(1, "a\n```\nb", 1, 20),
        TaskSpec(1, "", 1, 20),
        TaskSpec(1, "# only\n", 1, 20),
        TaskSpec(1, "sleep 1 &", 1, 20),
        TaskSpec(1, "a\r", 1, 20),
        TaskSpec(1, "a\0", 1, 20),
        TaskSpec(1, "a\ud800", 1, 20),
        TaskSpec(1, "a", 2, 20),
        TaskSpec(1, "a", 1, -1),
        TaskSpec(-1, "a", 1, 20),
        TaskSpec(1, "a", 1, 20, Options(name="a\n1\nrm -rf x\n20\n\n")),
        TaskSpec(1, "a", 1, 20, Options(name="")),
        TaskSpec(1, "a", 1, 20, Options(devices=())),
        TaskSpec(1, "a", 1, 20, Options(timeout=float("inf"))),
        TaskSpec(1, "a", 1, float("nan")),
    ],
)
def test_what_no_block_can_say_is_refused(task: TaskSpec) -> None:
    with pytest.raises(BadInput, match="can't be a task of a command file"):
        render([task], "single")


FILE = (
    "\ufeff# head of the file\n\n"
    "# about one\n1 #队列ID\necho one # kept\n# between\necho uno\n 20GB # memory\n\n\n"
    "#LANE repeat=2 name=two\n2\n```\n\necho two\n\n```\n7.5\n"
    "\t\n# on its own\n\n"
    "3\nbroken block\n\n"
    "4\necho four\n20"
)
BLOCKS = 4
PARTS = [
    "# about one\n1 #队列ID\necho one # kept\n# between\necho uno\n 20GB # memory",
    "#LANE repeat=2 name=two\n2\n```\n\necho two\n\n```\n7.5",
    "3\nbroken block",
    "4\necho four\n20",
]
NEW = TaskSpec(9, "new\n\ncommand", 1, 5, Options(hold=True))


def crlf(text: str, end: str) -> str:
    return text.replace("\n", end)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n\n"])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_edits_leave_every_other_block_byte_for_byte(block: int, last: str, end: str) -> None:
    text = crlf(FILE + last, end)
    document = Document(text, "single")
    assert len(document) == BLOCKS
    parts = [crlf(part, end) for part in PARTS]
    others = parts[:block] + parts[block + 1 :]

    replaced = document.replace(block, NEW)
    at = text.index(parts[block])
    assert replaced.text.startswith(text[:at])
    assert replaced.text.endswith(text[at + len(parts[block]) :])
    assert NEW in parse(replaced.text, "single", "f").tasks

    removed = document.remove(block).text
    assert parts[block] not in removed
    assert_in_order(removed, others)

    inserted = document.insert(block, NEW)
    assert inserted.text.startswith(text[:at])
    assert inserted.text.endswith(text[at:])
    assert len(inserted) == BLOCKS + 1

    for to in range(BLOCKS):
        moved = document.move(block, to).text
        assert_in_order(moved, [*others[:to], parts[block], *others[to:]])
        assert len(Document(moved, "single")) == BLOCKS
    for result in (replaced.text, removed, inserted.text):
        assert result.startswith("\ufeff# head of the file" + end)
        assert "# on its own" + end in result
        assert "\r" not in result.replace("\r\n", "")
        assert ("\r\n" in result) == (end == "\r\n")


def assert_in_order(text: str, parts: list[str]) -> None:
    at = 0
    for part in parts:
        at = text.index(part, at) + len(part)


@pytest.mark.parametrize("last", ["", "\n", "\n\n"])
def test_a_block_added_at_the_end(last: str) -> None:
    document = Document(FILE + last, "single").insert(BLOCKS, NEW)
    assert document.text.startswith(FILE + "\n")
    assert len(document) == BLOCKS + 1
    assert parse(document.text, "single", "f").tasks[-1] == NEW
    assert parse(Document("", "single").insert(0, NEW).text, "single", "f").tasks == (NEW,)


def test_a_block_can_not_be_added_behind_an_open_verbatim_part() -> None:
    with pytest.raises(BadInput, match="has no end"):
        Document("1\n```\nx\n", "single").insert(1, NEW)


def test_replacing_keeps_the_comments_of_the_block_itself() -> None:
    text = "# a\n\n# about\n  1 #id\n# first\nx\n# between\ny\n# last\n 2 # GPUs\n20GB #m\n# end\n"
    document = Document(text, "multi")
    assert document.replace(0, TaskSpec(7, "x\ny", 3, 10)).text == (
        "# a\n\n# about\n  7 #id\n# first\nx\n# between\ny\n# last\n 3 # GPUs\n10 #m\n# end\n"
    )
    assert document.replace(0, TaskSpec(1, "z", 2, 20)).text == (
        "# a\n\n# about\n  1 #id\n# first\n# between\nz\n# last\n 2 # GPUs\n20GB #m\n# end\n"
    )
    assert document.replace(0, TaskSpec(1, "x\ny", 2, 20), repeat=2).text == text.replace(
        "  1 #id\n", "  1 #id\n#LANE repeat=2\n"
    )


def test_options_that_change_stay_where_they_stood() -> None:
    text = "1\n# about\n#LANE timeout=120m  priority=0 name='a'  # why\nx\n#LANE hold=yes\n20\n"
    held = Options(name="b", timeout=7200, hold=True, retries=2)
    assert Document(text, "single").replace(0, TaskSpec(1, "x", 1, 20, held)).text == (
        "1\n# about\n#LANE timeout=120m  priority=0 name=b  # why\nx\n#LANE hold=yes retries=2\n20\n"
    )
    free = Options(timeout=7200, priority=3)
    assert Document(text, "single").replace(0, TaskSpec(1, "x", 1, 20, free)).text == (
        "1\n# about\n#LANE timeout=120m  priority=3  # why\nx\n20\n"
    )


@pytest.mark.parametrize("cpu", ["devices=cpu", 'devices="cpu"', "gpus=0", "gpus=0 devices=auto"])
def test_the_wish_for_no_gpu_stays_as_it_is_written(cpu: str) -> None:
    text = f"#LANE {cpu} name=a # why\n1\nx\n# note\n20\n"
    renamed = Document(text, "multi").replace(0, TaskSpec(1, "x", 0, 20, Options(name="b")))
    assert renamed.text == text.replace("name=a", "name=b")


@pytest.mark.parametrize("cpu", ["devices=cpu", "gpus=0", "gpus=0 devices=cpu"])
def test_a_cpu_block_that_gets_a_gpu_keeps_its_comments(cpu: str) -> None:
    text = f"#LANE {cpu} name=a # why\n1\nx\n# note\n20\n"
    task = TaskSpec(1, "x", 1, 20, Options(name="a"))
    assert Document(text, "multi").replace(0, task).text == "#LANE name=a # why\n1\nx\n# note\n1\n20\n"
    bound = TaskSpec(1, "x", 1, 20, Options(name="a", devices=("0",)))
    assert Document(text, "single").replace(0, bound).text == (
        "#LANE name=a devices=0 # why\n1\nx\n# note\n20\n"
    )


def test_a_line_of_options_that_asks_for_nothing_any_more_goes() -> None:
    text = "1\n# about\n#LANE name=a timeout=2h\nx\n20\n"
    assert Document(text, "single").replace(0, TaskSpec(1, "x", 1, 20)).text == "1\n# about\nx\n20\n"


def test_removing_a_block_takes_its_blank_lines_along() -> None:
    document = Document("1\na\n5\n\n\n2\nb\n5\n\n3\nc\n5\n\n", "single")
    assert document.remove(0).text == "2\nb\n5\n\n3\nc\n5\n\n"
    assert document.remove(1).text == "1\na\n5\n\n\n3\nc\n5\n\n"
    assert document.remove(2).remove(1).text == "1\na\n5\n"


def test_a_cpu_block_without_a_count_gets_one() -> None:
    document = Document("#LANE gpus=0\n1\nx\n# note\n5\n", "multi")
    assert document.replace(0, TaskSpec(1, "x", 2, 5)).text == "1\nx\n# note\n2\n5\n"


def test_replacing_keeps_how_often_a_block_is_repeated_unless_told() -> None:
    document = Document("#LANE repeat=2\n1\nx\n20\n", "single")
    assert len(parse(document.replace(0, NEW).text, "single", "f").tasks) == 2
    assert len(parse(document.replace(0, NEW, repeat=1).text, "single", "f").tasks) == 1


@given(FILES, st.data())
def test_a_replaced_block_says_the_new_task(file: tuple[Mode, list[TaskSpec]], data: st.DataObject) -> None:
    mode, tasks = file
    block = data.draw(st.integers(0, len(tasks) - 1))
    new = data.draw(specs(mode))
    document = Document(render(tasks, mode), mode).replace(block, new)
    assert list(parse(document.text, mode, "f").tasks) == [*tasks[:block], new, *tasks[block + 1 :]]


@given(FILES, st.data())
def test_moving_is_moving(file: tuple[Mode, list[TaskSpec]], data: st.DataObject) -> None:
    mode, tasks = file
    block, to = data.draw(st.tuples(*[st.integers(0, len(tasks) - 1)] * 2))
    moved = Document(render(tasks, mode), mode).move(block, to)
    task = tasks.pop(block)
    tasks.insert(to, task)
    assert list(parse(moved.text, mode, "f").tasks) == tasks


def test_lines_of_blocks() -> None:
    document = Document(FILE, "single")
    assert [document.span(block) for block in range(BLOCKS)] == [(3, 8), (11, 18), (22, 23), (25, 27)]
    assert [document.block_at(line) for line in (3, 8, 12, 27)] == [0, 0, 1, 3]
    assert document.script_lines(0) == [5, 7]
    assert document.script_lines(1) == [14, 15, 16]
    for line in (1, 9, 20, 28):
        with pytest.raises(LookupError):
            document.block_at(line)


def test_only_the_work_dir_is_substituted() -> None:
    script = "bash {work_dir}/a.sh {} ${work_dir} ${X} {work_dirs} awk '{print}' {work_dir}"
    assert (
        substitute(script, r"/a\1 b")
        == r"bash /a\1 b/a.sh {} ${work_dir} ${X} {work_dirs} awk '{print}' /a\1 b"
    )


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        (None, "/work/x"),
        ("a/b", "/work/x/a/b"),
        ("/data", "/data"),
        ("~/a", "/home/ann/a"),
        ("{work_dir}/c", "/work/x/c"),
    ],
)
def test_where_a_task_runs(monkeypatch: pytest.MonkeyPatch, given: str | None, folder: str) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert TaskSpec(1, "x", 1, 20, Options(cwd=given)).folder("/work/x") == folder
