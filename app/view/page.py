"""A whole screen: the head, the sections in the rows there are, and one line of what to do."""

from collections.abc import Sequence
from pathlib import PurePath

from app.model.state import FINISHED, in_order
from app.model.state_file import SchedulerStatus
from app.view.cards import gpus
from app.view.line import Line, cells, cut, ends, padded, put
from app.view.look import QUIET, SCHEDULER, STATE, STRONG, TRACK, WARN
from app.view.queues import queues
from app.view.running import running
from app.view.section import Scene, Section, share
from app.view.text import duration
from app.view.trouble import failures, problems
from app.view.waiting import waiting

MARGIN = 1
TWO_COLUMNS = 160  #: cells
ROOMY = 18  #: rows from which GPUs and queues stand beside the tasks
GAP = 3

FOOT: dict[SchedulerStatus, str] = {
    "running": "Ctrl-C: start nothing more and end when what runs has ended; twice: stop now",
    "draining": "draining: nothing more starts; Ctrl-C twice: stop now",
    "paused": "paused: what runs goes on, nothing more starts until it is resumed",
    "stopping": "stopping: what runs is being ended, and runs again at the next start",
    "finished": "finished",
}


FUSE_KINDS = ("fuse", "fuse_before")  #: of problems
ELSEWHERE = "Ctrl-C: leave; the scheduler goes on"


def page(scene: Scene, width: int, notice: str = "") -> list[Line]:
    """`scene.rows` lines of less than `width` cells: the last column stays empty, since a terminal that has
    written it is of two minds about where it is."""
    height = scene.rows
    scene.tails.next_frame()
    room = max(1, width - MARGIN - 1)
    head = _head(scene, room)
    foot = _foot(scene, room, notice) if notice or height >= 12 else []
    middle = max(0, height - len(head) - len(foot))
    if room >= TWO_COLUMNS and middle >= ROOMY:
        body = _two_columns(scene, room, middle)
    else:
        left = [gpus(scene, room), queues(scene, room)]
        body = _column(scene, left, _tasks(scene, room), problems(scene, room), room, middle)
    body += [[] for _ in range(middle - len(body))]
    margin = put(" " * MARGIN)
    return [[margin, *cut(line, room, scene.look.ellipsis)] for line in [*head, *body, *foot]][:height]


def _head(scene: Scene, width: int) -> list[Line]:
    state, look = scene.state, scene.look
    status = [
        put(f"{look.dot} {state.status}", SCHEDULER[state.status]),
        put(f"  {duration(scene.now - state.started_at)}", STRONG),
    ]
    title = [put(PurePath(state.command_file).name, STRONG)]
    facts = [f"run {state.run}", f"pid {state.pid} on {state.host}"]
    if state.config_index is not None:
        facts.insert(0, f"{state.mode}{look.between}{state.config_index}")
    for fact in facts:
        more = [*title, put(f"   {fact}", QUIET)]
        title = more if cells(more) + cells(status) + 2 <= width else title
    return [ends(title, status, width, look.ellipsis), _counts(scene, width)]


def _counts(scene: Scene, width: int) -> Line:
    state, look = scene.state, scene.look
    total = sum(state.counts.values())
    done = f"{state.counts.get('completed', 0):,} of {total:,} completed"
    last = [put(f"{look.icon['completed']} {done}", STATE["completed"])]
    if width < 2 * cells(last):
        last = []
    line: Line = []
    for status, number in in_order(state.counts):
        more = [put("   " if line else ""), put(f"{look.icon[status]} {number:,} {status}", STATE[status])]
        if status == "completed":
            continue
        if cells([*line, *more, *last]) + 2 > width:
            break
        line += more
    return ends(line, last, width, look.ellipsis)


def _foot(scene: Scene, width: int, notice: str) -> list[Line]:
    if scene.elsewhere:
        return [cut([put(notice or ELSEWHERE, QUIET)], width, scene.look.ellipsis)]
    stands = _standstill(scene)
    text = put(notice or stands, WARN) if notice or stands else put(FOOT[scene.state.status], QUIET)
    return [cut([text], width, scene.look.ellipsis)]


def _standstill(scene: Scene) -> str:
    """What it takes to go on, where nothing will by itself."""
    left = {status for status, number in scene.state.counts.items() if number and status not in FINISHED}
    if scene.state.status != "running":
        return ""
    if not left and scene.stays:
        return "every task has ended; stays for edits of the file (--watch); Ctrl-C: end"
    if left and left <= {"held", "pending"}:
        blown = any(problem.kind in FUSE_KINDS for problem in scene.state.problems)
        which = "--held-by fuse" if blown else "TASK"
        return f"only held tasks are left: ./gpulane release {which} lets them run; Ctrl-C: end"
    return ""


def _tasks(scene: Scene, width: int) -> list[Section]:
    found = [running(scene, width), waiting(scene, width), failures(scene, width)]
    return [section for section in found if section is not None]


def _column(
    scene: Scene, left: list[Section], tasks: list[Section], box: Section | None, width: int, rows: int
) -> list[Line]:
    """All sections under each other. What runs and waits comes first when rows are short."""
    boxes = [box] if box else []
    important = [*tasks[:2], *boxes, *left, *tasks[2:]]
    given = dict(zip(map(id, important), share(important, rows), strict=True))
    shown = [*left, *tasks, *boxes]
    spaces = rows - sum(given.values()) >= sum(1 for section in shown if given[id(section)])
    lines: list[Line] = []
    for section in shown:
        if given[id(section)]:
            if spaces:
                lines.append([])
            if section is box:
                lines += [[] for _ in range(rows - len(lines) - given[id(section)])]
            lines += _drawn(scene, section, given[id(section)], width, rule=section is not box)
    return lines


def _two_columns(scene: Scene, width: int, rows: int) -> list[Line]:
    """GPUs and queues at the left, tasks at the right, problems below both."""
    box = problems(scene, width)
    below = share([box], min(rows // 3, box.wanted))[0] if box else 0
    first = (width - GAP) * 45 // 100
    second = width - GAP - first
    left = _stack(scene, [gpus(scene, first), queues(scene, first)], first, rows - below)
    right = _stack(scene, _tasks(scene, second), second, rows - below)
    lines = [
        [*padded(one, first, scene.look.ellipsis), put(" " * GAP), *other]
        for one, other in zip(_filled(left, rows - below), _filled(right, rows - below), strict=True)
    ]
    return lines + (_drawn(scene, box, below, width, rule=False) if box and below else [])


def _stack(scene: Scene, sections: Sequence[Section], width: int, rows: int) -> list[Line]:
    lines: list[Line] = []
    for section, given in zip(sections, share(sections, rows - len(sections)), strict=True):
        if given:
            lines += [[], *_drawn(scene, section, given, width, rule=True)]
    return lines


def _filled(lines: list[Line], rows: int) -> list[Line]:
    return [*lines, *([] for _ in range(rows - len(lines)))]


def _drawn(scene: Scene, section: Section, rows: int, width: int, *, rule: bool) -> list[Line]:
    lines, left_out = section.body(rows - 1)
    heading = section.heading
    if rule:
        more = f" and {left_out:,} more" if left_out else ""
        left = max(0, width - cells(heading) - len(more) - 1)
        heading = [*heading, put(" " + scene.look.rule * left, TRACK), put(more, QUIET)]
    return [cut(heading, width, scene.look.ellipsis), *lines]
