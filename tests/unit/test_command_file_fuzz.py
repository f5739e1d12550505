"""Whatever bytes there are: tasks or faults, never a traceback."""

from hypothesis import given
from hypothesis import strategies as st

from app.command_file import Document, parse, render
from app.model.faults import BadInput
from app.model.task import Mode
from app.trust import decode

MODES: st.SearchStrategy[Mode] = st.sampled_from(["single", "multi"])
PIECES = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "20",
        "all",
        "2GB",
        "echo a",
        "echo &",
        "```",
        "```x",
        "#",
        "#LANE",
        "#LANE hold",
        "#LANE name=a",
        '#LANE name="',
        "#LANE gpus=0",
        "#LANE devices=cpu",
        "#LANE repeat=2",
        "#lane hold",
        "cat <<E",
        "E",
        '"',
        "'",
        "$((",
        ")",
        "\\",
        "",
        "",
        " ",
        "\t",
        "\r",
        "\ufeff",
        "\x00",
        "\x85",
        "\u2028",
        "\x0c",
        "１",
        "é",
        "＃",
        "x \\",
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES).map("\n".join),
    st.lists(PIECES).map("\r\n".join),
    st.lists(PIECES).map("".join),
    st.text(),
)


@given(st.one_of(st.binary(), TEXTS.map(lambda text: text.encode("utf-8", "replace"))), MODES)
def test_arbitrary_bytes(data: bytes, mode: Mode) -> None:
    try:
        text = decode(data, "f")
    except BadInput as refused:
        faults = len(refused.faults)
    else:
        faults = 1
        check(text, mode)
    assert faults == 1


@given(TEXTS, MODES)
def test_arbitrary_text(text: str, mode: Mode) -> None:
    check(text, mode)


def check(text: str, mode: Mode) -> None:
    parsed = parse(text, mode, "f")
    assert parsed.tasks or parsed.faults
    lines = text.removeprefix("\ufeff").split("\n")
    for fault in parsed.faults:
        assert fault.line <= len(lines)
        assert fault.line == 0 or 1 <= fault.column <= len(lines[fault.line - 1]) + 1
        assert "\n" not in str(fault)
    for task in parsed.tasks:
        assert parsed.document.script_lines(parsed.document.block_at(task.line)) != []
    if parsed.tasks and not parsed.faults:
        assert parse(render(parsed.tasks, mode), mode, "f").tasks == parsed.tasks


@given(TEXTS, MODES)
def test_arbitrary_documents_can_be_edited(text: str, mode: Mode) -> None:
    document = Document(text, mode)
    tasks = parse("1\nnew\n1\n5\n" if mode == "multi" else "1\nnew\n5\n", mode, "f").tasks
    for block in range(len(document)):
        assert len(document.remove(block)) <= len(document)
        assert tasks[0] in parse(document.replace(block, tasks[0], 1).text, mode, "f").tasks
        assert tasks[0] in parse(document.insert(block, tasks[0]).text, mode, "f").tasks
        document.move(block, 0)
