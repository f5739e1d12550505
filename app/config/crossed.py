"""Faults between settings that are sound one by one."""

import re
from collections.abc import Iterator

from app.config.tree import KeyPath, Tree
from app.model.faults import Fault
from app.model.settings import Settings

_INDEX = re.compile(r"(0|[1-9][0-9]{0,3})(:(0|[1-9][0-9]{0,3}))?")


def crossed(settings: Settings, tree: Tree, file: str) -> list[Fault]:
    """All of them, each at the line of the key that is most likely to be changed.

    None about a key that the tree knows to be faulty: its value here is a guess.
    """
    found = [*_ranges(settings), *_cards(settings)]
    return [
        Fault(file, *tree.place(path), problem, hint)
        for keys, path, problem, hint in found
        if tree.faulty.isdisjoint(keys)
    ]


Found = tuple[tuple[str, ...], KeyPath, str, str]
"""The keys it is about, where it stands, what is wrong, what would be right."""


def _ranges(settings: Settings) -> Iterator[Found]:
    if settings.max_gpu is not None and settings.min_gpu > settings.max_gpu:
        yield (
            ("min_gpu", "max_gpu"),
            ("min_gpu",),
            f"min_gpu {settings.min_gpu} is more than max_gpu {settings.max_gpu}",
            "raise max_gpu, or set it to null",
        )
    if settings.sample_interval > settings.sample_window:
        both = settings.sample_interval, settings.sample_window
        problem = "sample_interval {:g} is longer than sample_window {:g}".format(*both)
        hint = "no sample would fall into the window; make it shorter"
        yield ("sample_interval", "sample_window"), ("sample_interval",), problem, hint


def _cards(settings: Settings) -> Iterator[Found]:
    cards = settings.compete_gpus
    if not settings.use_all_gpus and not cards:
        yield (
            ("use_all_gpus", "compete_gpus"),
            ("use_all_gpus",),
            "use_all_gpus is false and compete_gpus names no card",
            "write compete_gpus: [0, 1]",
        )
    for position, card in enumerate(cards):
        path = ("compete_gpus", position)
        if not _INDEX.fullmatch(card):
            hint = 'write indices like 0, or "0:1" for a MIG device'
            yield ("compete_gpus",), path, f"compete_gpus can't hold {card!r}", hint
        elif card in cards[:position]:
            yield ("compete_gpus",), path, f"compete_gpus names card {card} twice", "leave one out"
