"""The queue of those that wait, by the cards it is for."""

from app import in_line
from app.model.paths import Home
from control.src.submitted.models import Raw


def queue_status(home: Home, most: int) -> Raw:
    """`most`: experiments that are named in a group."""
    waiting, begun, schedulers = in_line.read(home)
    found = in_line.as_json(waiting, in_line.grouped(waiting, begun), schedulers)
    return {
        "scheduler_running": bool(schedulers.living),
        "user_queued_count": found["queued"],
        "device_groups": {cards: _group(each, most) for cards, each in found["device_groups"].items()},
    }


def _group(found: Raw, most: int) -> Raw:
    named = [_experiment(each) for each in found["experiments"]]
    return {
        **{key: found[key] for key in ("count", "held", "running")},
        "queues": [{**each, "command_file": each["file"]} for each in found["queues"]],
        "experiments": [each for each in named if each["status"] == "queued"][:most],
        "pending": [each for each in named if each["status"] == "pending"][:most],
    }


def _experiment(found: Raw) -> Raw:
    """What runs is none of these."""
    return {
        **found,
        "state": found["status"],
        "status": "pending" if found["status"] == "held" else "queued",
        "command_file": found["file"],
        "created_at": found["created"],
    }
