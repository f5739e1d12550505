"""Tables of tasks: what each format says, and how one cell of it is changed."""

import datetime
import io
import json
import re
import shlex
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from app.command_file.parse import Parsed
from app.model.faults import BadInput
from app.tables.read import parse_table
from app.tables.rows import Commands
from app.tables.sheet import of_suffix

ROWS = [
    {
        "name": "baseline1",
        "lr": "0.010",
        "batch_size": "00064",
        "run_num": "0",
        "need_run_num": "1",
        "cmd": "t1",
    },
    {"name": "baseline2", "lr": "", "batch_size": "128", "run_num": "1", "need_run_num": "3", "cmd": "t2"},
]


def csv_of(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    lines = [delimiter.join(rows[0]), *(delimiter.join(row.values()) for row in rows)]
    return "\n".join(lines).encode() + b"\n"


def xlsx_of(rows: list[dict[str, str]]) -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    page.append(list(rows[0]))
    for row in rows:
        page.append(list(row.values()))
    page["A1"].font = Font(bold=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


FORMS = {
    ".csv": csv_of(ROWS),
    ".json": json.dumps(ROWS, indent=2).encode(),
    ".jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
    ".xlsx": xlsx_of(ROWS),
}


def parsed(data: bytes, suffix: str = ".csv", template: str | None = None) -> Parsed:
    return parse_table(Path(f"todo{suffix}"), data, "multi", "todo", Commands(template))


def faults(text: str, template: str | None = None) -> list[str]:
    return [str(fault) for fault in parsed(text.encode(), ".csv", template).faults]


@pytest.mark.parametrize("suffix", FORMS)
def test_rows_are_tasks_and_their_other_columns_are_flags(suffix: str) -> None:
    found = parsed(FORMS[suffix], suffix)
    assert not found.faults
    assert [task.script for task in found.tasks] == [
        "t1 --lr 0.010 --batch_size 00064",
        "t2 --batch_size 128",
        "t2 --batch_size 128",
    ], "each as often as is missing, and its text as it stands"
    assert [(task.queue_id, task.options.name) for task in found.tasks] == [
        (0, "baseline1"),
        (1, "baseline2"),
        (1, "baseline2"),
    ]


def test_columns_of_ours() -> None:
    text = (
        "cmd,queue,gpus,memory_gb,model,timeout,devices,priority,env.SEED,hold,fifo,lr\n"
        'run,7,2,20.5,A100,2h,"0,1",5,3,yes,yes,1\n'
    )
    (task,) = parsed(text.encode()).tasks
    assert (task.queue_id, task.gpus, task.memory_gb, task.script) == (7, 2, 20.5, "run --lr 1")
    options = task.options
    assert (options.model, options.timeout, options.devices, options.priority) == (
        "A100",
        7200,
        ("0", "1"),
        5,
    )
    assert (options.env, options.hold, options.fifo) == ((("SEED", "3"),), True, True)
    assert options.name == "Task:0"


def test_a_column_that_begins_with_a_dash_is_the_flag_as_it_stands() -> None:
    (task,) = parsed(b"cmd,--model,-v\nrun,resnet,3\n").tasks
    assert task.script == "run --model resnet -v 3"


def test_the_command_may_come_from_the_settings() -> None:
    (task,) = parsed(b"lr\n0.1\n", template="python train.py {args} --fast").tasks
    assert task.script == "python train.py --lr 0.1 --fast"
    assert faults("lr\n0.1\n") == [
        "todo:2:1: the row has no command; fill in cmd, or set table_command in gpu_manage.yaml: "
        '"python train.py {args}"'
    ]
    assert "the row has no command; the column CMD is another; fill in cmd" in faults("CMD\nrun\n")[0]


@pytest.mark.parametrize(
    ("command", "behind"),
    [
        ("python a.py | tee log", "behind its |"),
        ("python a.py || true", "behind its ||"),
        ("a|& b 'c' $(d; e)", "behind its |"),
        ("a || (b; c)", "behind its ||"),
        ("a;", "behind its ;"),
        ("a |\n tee log", "behind its |"),
        ("a ||\n true", "behind its ||"),
        ("a | # c\n b", "behind its |"),
        ("for x in 1; do\n  a\ndone", "behind its done"),
        ("if a; then b; fi", "behind its fi"),
        ("{ a; }", "behind its }"),
        ("(cd x; a)", "behind its )"),
        ("a & b & wait", "behind its wait"),
        ("cd x; (a; b)", "behind its )"),
        ("(cd x && a); b $(c)", ""),
        ("a | b\nc $(d)", ""),
        ("echo done", ""),
        ("a # note", "into its comment"),
        ("a <<E\nb\nE\n", "behind its here-document"),
        ("cd x && a", ""),
        ("cd x || exit 1; a", ""),
        (". env;a", ""),
        ("a & b", ""),
        ("a | b\n# note\nc", ""),
        ("a <<E\nb\nE\nc", ""),
        ("a $(b | c) `d; e` '|' \"; #\" x#y >log 2>&1 \\; \\\n b", ""),
        ("a &>log", ""),
        ("a >|log\n", ""),
        ("a {args} | tee log # note", ""),
    ],
)
def test_columns_never_become_arguments_of_another_command(command: str, behind: str) -> None:
    said = [f"todo: 1:1: the other columns would come {behind}; write {{args}} in cmd where they belong"]
    rows = json.dumps([{"cmd": command, "lr": "1"}]).encode()
    assert [str(each).replace("todo:", "todo: ") for each in parsed(rows, ".json").faults] == said * bool(
        behind
    )
    assert not parsed(json.dumps([{"cmd": command}]).encode(), ".json").faults, "there are none"
    template = parsed(b'[{"lr": 1}]', ".json", command).faults
    assert [fault.hint for fault in template] == ["write {args} in table_command where they belong"] * bool(
        behind
    )


def test_columns_are_arguments_of_the_last_command() -> None:
    (task,) = parsed(json.dumps([{"cmd": "cd sub && python train.py", "lr": "1"}]).encode(), ".json").tasks
    assert task.script == "cd sub && python train.py --lr 1"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1))
def test_a_cell_is_one_argument_whatever_it_holds(cell: str) -> None:
    if not cell.strip():
        return
    (task,) = parsed(json.dumps([{"cmd": "run", "x": cell}]).encode(), ".json").tasks
    assert shlex.split(task.script) == ["run", "--x", cell]


def test_all_faults_come_at_once_with_their_places() -> None:
    found = faults(
        "cmd,gpus,memory_gb,timeout,run_num,devices\na,x,lots,2,0,0\nb,1,5,2h,-1,zero\nsleep 9 &,1,5,2h,0,0\n"
    )
    assert found == [
        "todo:2:2: the GPU count 'x' is no number; write a whole number, e.g. 2",
        "todo:2:3: the memory 'lots' is no number; write GB per GPU: 20, 7.5, 20GB, 2048MB, or all for the "
        "whole card",
        "todo:2:4: timeout: '2' is no time with its unit; write 2s, 2m or 2h",
        "todo:3:5: run_num is '-1'; write a number from 0 to 10000",
        "todo:3:6: devices: 'zero' is no GPU index; write 0,1 or auto or cpu",
        "todo:4:1: the command ends in & and would be over at once; take the & away",
    ]


@pytest.mark.parametrize(
    ("suffix", "data", "says"),
    [
        (".csv", b"a,a\n1,2\n", "two columns 'a'"),
        (".csv", b"a,\n1,2\n", "the row has 2 cells, and there are 1 columns"),
        (".csv", b"a,,b\n1,2\n", "has no name"),
        (".csv", b"cmd\nrun,2\n", "the row has 2 cells, and there are 1 columns"),
        (".csv", b'cmd\n"run\n', "a quoted cell does not end"),
        (".json", b"{", "it is no JSON"),
        (".json", b"3", "it is no table"),
        (".json", b"[1]", "the row is no object"),
        (".json", b'[{"a": 1},\n\n {"a": [1]}]', "todo:3:1: a holds a list or an object"),
        (".jsonl", b'{"a": 1}\n\n{"a": [1]}', "todo:3:1: a holds a list or an object"),
        (".jsonl", b'{"a":1}\n{"cmd":\n"x"}', "todo:2:8: it is no JSON: .* write an object a line"),
        (".jsonl", b'{"cmd"}\n', "it is no JSON"),
        (".json", b'[{"run_num": 0, "run_num": 1}]', "todo:1:1: the object has run_num twice"),
        (".xlsx", b"PK nonsense", "it is no Excel workbook"),
        (".csv", "cmd\n数".encode("gbk"), "it seems to be written in GBK"),
    ],
)
def test_what_is_no_table_is_said(suffix: str, data: bytes, says: str) -> None:
    try:
        said = "\n".join(map(str, parsed(data, suffix).faults))
    except BadInput as bad:
        said = str(bad)
    assert re.search(says, said)


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        (".csv", b"cmd,a\nx,1,2\nx,1\ny,1,2\n"),
        (".json", b'[{"cmd": [1]},\n{"cmd": "x"},\n{"cmd": {}}]'),
        (".json", b'[{"cmd": 1, "cmd": 2},\n{"cmd": "x"},\n{"cmd": "x", "gpus": "many"}]'),
        (".jsonl", b'{"cmd": [1]}\n{"cmd": "x"}\n{"cmd": {}}\n'),
        (".xlsx", xlsx_of([{"cmd": "=1"}, {"cmd": "x"}, {"cmd": "=2"}])),
    ],
)
def test_every_row_that_is_wrong_is_said_at_once(suffix: str, data: bytes) -> None:
    first = 2 if suffix in (".csv", ".xlsx") else 1
    assert [fault.line for fault in parsed(data, suffix).faults] == [first, first + 2]


def test_what_excel_and_pandas_leave_in_a_csv_does_no_harm() -> None:
    """Empty columns at the end, and whole numbers as 1.0 where a row has none."""
    data = b"cmd,queue,retries,priority,,\nrun,1.0,2.0,-3.0,,\nrun,,,,,\n"
    first, second = parsed(data).tasks
    assert (first.queue_id, first.options.retries, first.options.priority) == (1, 2, -3)
    assert second.script == "run"
    (task,) = parsed(b"cmd,hold,share,fifo\nrun,True,FALSE,yes\n").tasks
    assert (task.options.hold, task.options.share, task.options.fifo) == (True, False, True)
    form = of_suffix(Path("todo.csv"))
    assert form.write(data, form.read(data), "run_num", {0: "1"}) == (
        b"cmd,queue,retries,priority,run_num,\nrun,1.0,2.0,-3.0,1,\nrun,,,,0,\n"
    )
    assert faults("cmd,priority\nrun,x\n") == ["todo:2:2: priority: 'x' is no whole number; write 10"]


def test_a_table_that_is_done_says_so() -> None:
    done = parsed(b"cmd,run_num\nrun,1\n")
    assert (done.tasks, done.faults, [each.kind for each in done.problems]) == ((), (), ["nothing_missing"])
    assert faults("") == [
        "todo: there is no task in it; the first row names the columns, each other one is a task: "
        "name, cmd, need_run_num, its arguments"
    ]


# --- changing one cell -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMS)
def test_a_count_changes_nothing_else(suffix: str) -> None:
    before = of_suffix(Path(f"x{suffix}")).read(FORMS[suffix])
    data = of_suffix(Path(f"x{suffix}")).write(FORMS[suffix], before, "run_num", {1: "2"})
    after = of_suffix(Path(f"x{suffix}")).read(data)
    assert after.rows[0] == before.rows[0]
    assert after.rows[1].cells == {**before.rows[1].cells, "run_num": "2"}
    if suffix == ".xlsx":
        assert load_workbook(io.BytesIO(data)).worksheets[0]["A1"].font.bold
    else:
        assert len(data) - len(FORMS[suffix]) in (0, -2), "a digit, and quotes of JSON"


@pytest.mark.parametrize(
    ("suffix", "before", "after"),
    [
        (
            ".csv",
            b'\xef\xbb\xbfname;"cmd";run_num\r\n"a;""b""";x;  0\r\n\r\nc;y;1',
            b'\xef\xbb\xbfname;"cmd";run_num\r\n"a;""b""";x;  0\r\n\r\nc;y;7',
        ),
        (".csv", b"name,cmd\na,x\nb\n", b"name,cmd,run_num\na,x,0\nb,,7\n"),
        (".csv", b"run_num\tcmd\n\ty\n\tx\n", b"run_num\tcmd\n\ty\n7\tx\n"),
        (
            ".json",
            b'[ {"lr": 0.010, "run_num":0},\n\t{"run_num" : 1 , "s":"\\u00e9}"} ]\n',
            b'[ {"lr": 0.010, "run_num":0},\n\t{"run_num" : 7 , "s":"\\u00e9}"} ]\n',
        ),
        (".json", b'[{"a": 1}, {}]', b'[{"a": 1}, {"run_num": 7}]'),
        (".json", b'{"a": {"0": 1, "5": 2}}', b'{"a": {"0": 1, "5": 2}, "run_num": {"0": 0, "5": 7}}'),
        (".json", b'{"run_num": {"0": 0, "1": 0}}', b'{"run_num": {"0": 0, "1": 7}}'),
        (
            ".json",
            b'{"a": {"1": 1}, "run_num": {"0": 0, "1": 0}}',
            b'{"a": {"1": 1}, "run_num": {"0": 7, "1": 0}}',
        ),
        (".json", b'{"run_num": [0, 0]}', b'{"run_num": [0, 7]}'),
        (".jsonl", b'{"a": 1}\n\n{"run_num": null}\n', b'{"a": 1}\n\n{"run_num": 7}\n'),
    ],
)
def test_one_cell_changes_and_every_other_byte_stays(suffix: str, before: bytes, after: bytes) -> None:
    form = of_suffix(Path(f"x{suffix}"))
    assert form.write(before, form.read(before), "run_num", {1: "7"}) == after


def test_numbers_of_a_workbook_look_as_they_are_shown_but_lose_no_digit() -> None:
    book = Workbook()
    page = book.worksheets[0]
    page.append(["cmd", "lr", "n", "id", "on", "big", "padded", "lr2", "tiny", "long", "run_num"])
    page.append(["run", 0.01, 3, "00123", True, 1e-5, 7, 0.0123, 0.0001, 1234567, 0])
    formats = {"B2": "0.000", "G2": "00000", "H2": "0.00", "I2": "0.0", "J2": "000", "K2": "0.00"}
    for cell, number_format in formats.items():
        page[cell].number_format = number_format
    out = io.BytesIO()
    book.save(out)
    (task,) = parsed(out.getvalue(), ".xlsx").tasks
    expected = "--lr 0.010 --n 3 --id 00123 --on True --big 1e-05 --padded 00007 --lr2 0.0123 --tiny 0.0001"
    assert task.script == f"run {expected} --long 1234567"


def test_a_column_that_may_be_meant_for_ours_is_told() -> None:
    found = parsed(b"cmd\tmemory\tneed_run_nun\trepeat\tmodel_name\tlr\nrun\t1\t2\t3\t4\t5\n", ".tsv")
    assert [(each.facts["column"], each.facts["meant"]) for each in found.problems] == [
        ("memory", "memory_gb"),
        ("need_run_nun", "need_run_num"),
        ("repeat", "need_run_num"),
    ]


def test_a_fault_in_json_is_at_its_line() -> None:
    data = b'[\n {"cmd": "x"},\n\n {"cmd": "x", "gpus": "y"}]'
    assert [fault.line for fault in parsed(data, ".json").faults] == [4]


@given(st.lists(st.lists(st.text(min_size=1, max_size=6), min_size=2, max_size=2), min_size=1, max_size=5))
def test_csv_as_python_writes_it_is_read_as_python_reads_it(rows: list[list[str]]) -> None:
    import csv

    out = io.StringIO()
    writer = csv.writer(out)
    clean = [[cell.replace("\x00", "").replace("\r", "") or "x" for cell in row] for row in rows]
    writer.writerows([["a", "b"], *clean])
    try:
        data = out.getvalue().encode()
    except UnicodeEncodeError:
        return
    found = of_suffix(Path("x.csv")).read(data)
    expected = [{k: v for k, v in zip("ab", row, strict=True) if v.strip()} for row in clean]
    assert [dict(row.cells) for row in found.rows] == [row for row in expected if row]


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ('{"a": {"0": "x", "1": "y"}, "run_num": {}}', {0: "1", 1: "2"}, {"0": 1, "1": 2}),
        ('{"a": ["x", "y", "z"], "run_num": [0]}', {2: "1"}, {"0": 0, "1": 0, "2": 1}),
        ('{"a": {"0": "x", "1": "y"}, "run_num": {"0": 3}}', {1: "1"}, {"0": 3, "1": 1}),
    ],
)
def test_a_column_with_gaps_is_counted_in(before: str, values: dict[int, str], after: dict[str, int]) -> None:
    form, data = of_suffix(Path("x.json")), before.encode()
    written = form.write(data, form.read(data), "run_num", values)
    assert json.loads(written)["run_num"] == after
    assert [row.cells["a"] for row in form.read(written).rows] == [
        row.cells["a"] for row in form.read(data).rows
    ]


def test_a_torn_workbook_is_a_fault_and_no_traceback() -> None:
    data = xlsx_of(ROWS)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for torn in (parts[sheet].replace(b"</row>", b"</rw>", 1), parts[sheet][:-40], b"<", b""):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as book:
            for name, content in {**parts, sheet: torn}.items():
                book.writestr(name, content)
        with pytest.raises(BadInput, match="it is no Excel workbook"):
            parsed(out.getvalue(), ".xlsx")


def test_a_date_of_a_workbook_is_one_without_a_time() -> None:
    book = Workbook()
    page = book.worksheets[0]
    page.append(["cmd", "day", "at"])
    page.append(["run", datetime.datetime(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4)])  # noqa: DTZ001
    page["B2"].number_format = "yyyy-mm-dd"
    out = io.BytesIO()
    book.save(out)
    (task,) = parsed(out.getvalue(), ".xlsx").tasks
    assert task.script == "run --day 2026-01-02 --at '2026-01-02 03:04:00'"
