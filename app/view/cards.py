"""The GPUs: a memory bar each, figures, and who is there."""

from collections import Counter
from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style

from app.model.blockers import UNUSABLE
from app.model.state import Running
from app.model.state_file import Card, StateFile
from app.view.line import Line, cells, cut, padded, put, right
from app.view.look import BROKEN, LEASE, OURS, PEOPLE, QUIET, STRONG, TRACK, WARN, Look
from app.view.queues import current
from app.view.section import Body, Scene, Section
from app.view.text import duration, figure

COMPACT = 24  #: cells of a card when several share a row
HOT = 85.0  #: degrees Celsius; data centre cards slow down a little above
SHOWN = 0.05  #: GB; less is written 0.0
WIDE = 110  #: from this width on the parts of a card's memory stand in its own row


def gpus(scene: Scene, width: int) -> Section:
    """Bars of all cards. With rows to spare a second row each tells the parts of its memory; with too few
    rows for a row each, several share one."""
    cards = scene.state.gpus
    across = max(1, (width + 2) // (COMPACT + 2))
    compact = -(-len(cards) // across)
    full = 0 if width >= WIDE else sum(1 for card in cards if _usable(card) and _figures(card, scene.look))
    return Section(
        heading=_heading(scene.state, scene.look, width),
        least=1 + min(compact, 3),
        enough=1 + min(len(cards), 8),
        wanted=1 + len(cards) + full,
        body=lambda rows: _body(scene, width, rows, across),
        gap=(1 + compact, 1 + len(cards)),
    )


def _usable(card: Card) -> bool:
    return card.health == "ok" and card.off_since is None and card.aside is None


def _heading(state: StateFile, look: Look, width: int) -> Line:
    line = [put("GPUs", STRONG)]
    models = Counter(map(_name, state.gpus))
    if models and width >= 40 + 20 * len(models):
        line.append(put("  " + ", ".join(f"{many} x {model}" for model, many in models.items()), QUIET))
    if any(each.kind == "driver" for each in state.problems):
        line.append(put("  as last seen: the driver does not answer", WARN))
    elif state.allowance:
        line.append(put(f"  {state.allowance.held} held of {state.allowance.allowed} allowed", QUIET))
    legend = _legend(look)
    return [*line, put("   "), *legend] if cells(line) + cells(legend) + 4 <= width else line


def _legend(look: Look) -> Line:
    line: Line = []
    for glyph, style, words in (
        (look.used, OURS, "used by us"),
        (look.promised, OURS, "promised"),
        (look.lease, LEASE, "other leases"),
        (look.people, PEOPLE, "others"),
    ):
        line += [put(f"{glyph} ", style), put(f"{words}  ", QUIET)]
    return line


def _body(scene: Scene, width: int, rows: int, across: int) -> Body:
    cards = scene.state.gpus
    if rows < len(cards):
        return _shared(scene, rows, across)
    tasks = _tasks(scene.state)
    spare = rows - len(cards)
    parts = (
        min(40, max(cells(_figures(card, scene.look)) for card in cards)) if cards and width >= WIDE else 0
    )
    lines: list[Line] = []
    for card in cards:
        lines.append(_row(card, tasks.get(card.index, []), scene, width, parts))
        figures = _figures(card, scene.look)
        if width < WIDE and spare and figures and _usable(card):
            spare -= 1
            lines.append(cut([put("    "), *figures], width, scene.look.ellipsis))
    return Body(lines)


def _shared(scene: Scene, rows: int, across: int) -> Body:
    """Several cards a row."""
    cards = scene.state.gpus[: rows * across]
    lines: list[Line] = []
    for first in range(0, len(cards), across):
        line: Line = []
        for card in cards[first : first + across]:
            line += [*padded(_small(card, scene.look), COMPACT, scene.look.ellipsis), put("  ")]
        lines.append(line[:-1])
    return Body(lines, len(scene.state.gpus) - len(cards))


def _tasks(state: StateFile) -> dict[str, list[str]]:
    """Our running tasks by the index of the card they are on."""
    found: dict[str, list[str]] = {}
    for queue in state.queues:
        if queue.status != "running":
            continue
        task = current(queue)
        if task and isinstance(task.state, Running):
            for gpu in task.state.gpu_ids:
                found.setdefault(gpu, []).append(f"{queue.queue_id}/{task.index}")
    return found


def _row(card: Card, tasks: list[str], scene: Scene, width: int, parts: int) -> Line:
    """`parts` cells for the parts of its memory."""
    look = scene.look
    head = [right(card.index, 2), put("  ")]
    wrong = _wrong(card, scene.now)
    if wrong:
        return cut([*head, wrong, put(f"  {_name(card)}", QUIET)], width, look.ellipsis)
    bar = max(8, min(40, (width - 50 - parts) // 2))
    line: Line = [*head, *memory_bar(card, bar, look), put(" ")]
    line += [right(figure(card.free_gb), 6), put(f" of {figure(card.total_gb)} GB free", QUIET)]
    line = padded(line, 4 + bar + 1 + 6 + 17, look.ellipsis)
    use = "" if card.use is None else f"{card.use:.0f}%"
    heat = "" if card.temperature_c is None else f"{card.temperature_c:.0f}{look.degree}"
    hot = WARN if (card.temperature_c or 0) >= HOT else QUIET
    line += [right(use, 5), right(heat, 6, hot), put("  ")]
    if parts:
        line += [*padded(_figures(card, look), parts, look.ellipsis), put("  ")]
    return cut([*line, *_who(card, tasks, look)], width, look.ellipsis)


def _figures(card: Card, look: Look) -> Line:
    """What its memory is used for, in the colours of the bar."""
    ours, promised = card.own_used_gb, card.own_promised_gb
    leases = [lease.declared_gb for lease in card.other_leases]
    leased = "all" if None in leases else figure(sum(gb for gb in leases if gb is not None))
    parts = []
    if ours >= SHOWN or promised >= SHOWN:
        parts.append(put(f"ours {figure(ours)} of {figure(promised)}", OURS))
    if leases:
        parts.append(put(f"leases {leased}", LEASE))
    if card.others_gb >= SHOWN:
        parts.append(put(f"others {figure(card.others_gb)}", PEOPLE))
    return _joined(parts, look)


def _joined(parts: Line, look: Look) -> Line:
    line: Line = []
    for part in parts:
        line += [put(look.between, QUIET), part] if line else [part]
    return line


def _small(card: Card, look: Look) -> Line:
    """Index, bar, what is free."""
    head = [right(card.index, 2), put(" ")]
    if card.health != "ok":
        return [*head, put(card.health, BROKEN)]
    if card.off_since is not None:
        return [*head, put("off", WARN)]
    if card.aside is not None:
        return [*head, put("set aside", WARN)]
    return [*head, *memory_bar(card, 10, look), right(figure(card.free_gb), 6), put(" free", QUIET)]


def _wrong(card: Card, now: float) -> Segment | None:
    if card.health != "ok":
        return put(UNUSABLE[card.health], BROKEN)
    if card.off_since is not None:
        return put(f"turned off {duration(now - card.off_since)} ago", WARN)
    if card.aside is not None:
        again = duration(card.aside.until - now)
        return put(f"set aside: {card.aside.tasks} tasks died here at once; again in {again}", WARN)
    return None


def _name(card: Card) -> str:
    return card.name.removeprefix("NVIDIA ").removeprefix("GeForce ")


def _who(card: Card, tasks: list[str], look: Look) -> Line:
    """Our tasks, then other leases, then other people, most memory first."""
    people: dict[str, float] = {}
    for process in card.processes:
        if process.task is None:
            user = process.user or "unknown"
            people[user] = people.get(user, 0.0) + (process.used_gb or 0.0)
    leased = [f"{lease.user} {lease.label}" for lease in card.other_leases]
    parts = [put(task, OURS) for task in tasks]
    parts += [put(text, LEASE) for text in leased]
    parts += [
        put(f"{user} {figure(used)}" if used else user, PEOPLE)
        for user, used in sorted(people.items(), key=lambda item: -item[1])
        if user not in {lease.user for lease in card.other_leases}
    ]
    return _joined(parts, look)


def memory_bar(card: Card, width: int, look: Look) -> Line:
    """Exactly `width` cells for the card's total, in the console's order. What isn't nothing shows at least
    one cell, as long as there is room."""
    parts = list(_parts(card, look))
    scale = width / max(card.total_gb, 0.001)
    line: Line = []
    left = width
    edge = 0.0
    for glyph, style, amount in parts:
        if amount < SHOWN:
            continue
        edge += amount * scale
        size = min(left, max(1, round(edge) - (width - left)))
        if size:
            line.append(Segment(glyph * size, style))
            left -= size
    return [*line, Segment(look.free * left, TRACK)]


def _parts(card: Card, look: Look) -> Iterator[tuple[str, Style, float]]:
    yield look.used, OURS, card.own_used_gb
    yield look.promised, OURS, max(0.0, card.own_promised_gb - card.own_used_gb)
    rest = max(0.0, card.total_gb - max(card.own_used_gb, card.own_promised_gb) - card.others_gb)
    leased = [rest if lease.declared_gb is None else lease.declared_gb for lease in card.other_leases]
    yield look.lease, LEASE, min(rest, sum(leased))
    yield look.people, PEOPLE, card.others_gb
