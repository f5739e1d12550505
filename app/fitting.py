"""Before anything starts: whether this machine could run a command file, and what its settings mean here."""

import asyncio
import contextlib
import os
from collections.abc import Iterable, Sequence

from app.command_file.parse import Parsed, Source
from app.config.load import Loaded
from app.core.never import Never, asked_of_cards, never_fits
from app.core.rules import Rules
from app.gpu.nvml import NvmlProbe
from app.gpu.probe import GpuProbe, NoDriver, ProbeError
from app.gpu.simulated import SimulatedProbe
from app.gpu.watch import GpuWatch
from app.logs import print_problem
from app.model.blockers import gb
from app.model.faults import BadInput, Fault
from app.model.gpu import Gpu, index_order
from app.model.problems import Problem, problem
from app.model.task import TaskSpec
from app.options import RunOptions
from app.preparation import Files, refuse

SHORT_LOOK_SECONDS = 2.0
"""What the driver gets where there is something to say without it."""

NOTICE_SECONDS = 2.0
"""After so long it is said that the driver is waited for."""


def make_probe(options: RunOptions) -> GpuProbe:
    """Raises BadInput for a --simulate that is not NxGB."""
    return SimulatedProbe(options.simulate) if options.simulate else NvmlProbe()


async def fit(files: Files, parsed: Parsed, watch: GpuWatch) -> tuple[Rules, tuple[Problem, ...]]:
    """`rules_here`, for a file without faults that this machine can serve.

    Raises BadInput with the file's faults and all that this machine can't serve, if there is anything;
    ProbeError, NoDriver: a file with faults is refused with or without what the cards would add to them.
    """
    gpus: tuple[Gpu, ...] = ()
    if parsed.faults:
        with contextlib.suppress(NoDriver):
            gpus = await cards_within(watch, SHORT_LOOK_SECONDS)
    else:
        loop = asyncio.get_running_loop()
        notice = loop.call_later(NOTICE_SECONDS, print_problem, "waiting for the GPU driver to answer")
        try:
            gpus = (await watch.look()).gpus
        finally:
            notice.cancel()
    if not gpus:
        refuse(parsed.faults)
    rules, problems = rules_here(files, gpus)
    # With a card named that is not there, what tasks are refused for may be due to that alone.
    unfit = out_of_range(files.loaded, gpus) or never_fitting(
        (*parsed.tasks, *parsed.doubtful), parsed.document, gpus, rules, files.shown
    )
    faults = parsed.faults + unfit
    if unfit and problems:  # its cards are few because of what was inherited
        raise BadInput("\n".join([*map(str, sorted(faults)), *(problem.text for problem in problems)]))
    refuse(faults)
    return rules, problems


async def cards_within(watch: GpuWatch, seconds: float) -> tuple[Gpu, ...]:
    """The cards; none if the driver does not tell of them in that time. Raises NoDriver."""
    try:
        return (await asyncio.wait_for(watch.look(), seconds)).gpus
    except NoDriver:
        raise
    except (ProbeError, asyncio.TimeoutError):
        return ()


def never_fitting(
    specs: Sequence[TaskSpec], document: Source, gpus: Sequence[Gpu], rules: Rules, file: str
) -> tuple[Fault, ...]:
    """A fault for every one of the document's tasks that could not run even on an empty machine."""
    faults: dict[tuple[object, ...], list[Fault]] = {}
    verdicts: dict[tuple[object, ...], tuple[Never, ...]] = {}
    for spec in specs:
        need = asked_of_cards(spec)
        if need not in verdicts:
            verdicts[need] = never_fits(spec, gpus, rules)
        if verdicts[need] and (spec.line, need) not in faults:  # repeats of a block are one
            faults[(spec.line, need)] = [
                Fault(file, *document.place(spec.line, never.about), f"the task {never.why}")
                for never in verdicts[need]
            ]
    return tuple(fault for found in faults.values() for fault in found)


def out_of_range(loaded: Loaded, gpus: Sequence[Gpu]) -> tuple[Fault, ...]:
    """A fault for every card that the settings name and that is not there."""
    settings = loaded.settings
    if settings.use_all_gpus:
        return ()
    here = [gpu.index for gpu in gpus]
    there = f"there is GPU {', '.join(sorted(here, key=index_order))}" if here else "there is none"
    return tuple(
        loaded.fault(("compete_gpus", position), f"compete_gpus names GPU {index}", there)
        for position, index in enumerate(settings.compete_gpus)
        if index not in here
    )


def refuse_settings(
    loaded: Loaded, left: Iterable[tuple[str, TaskSpec]], known: Sequence[Gpu], rules: Rules
) -> None:
    """What a scheduler does not take up while it runs; `left`: its tasks that are still to run, by label;
    `rules`: those that hold.

    Raises BadInput for a card that is not there, for a task of `left` that could not run any more, and where
    nothing would ever start again.
    """
    refuse(out_of_range(loaded, known))
    file, settings = loaded.file or "the settings", loaded.settings
    new = rules.under(settings)
    asked = {asked_of_cards(spec): (label, spec) for label, spec in reversed([*left])}
    lost = [
        f"task {label} {never.why}"
        for label, spec in asked.values()
        for never in never_fits(spec, known, new)
        if not never_fits(spec, known, rules)
    ]
    if lost:
        raise BadInput(f"{file}: with this, {'; '.join(lost)}")
    most = max(gpu.total_gb for gpu in known)
    if settings.min_memory_gb > most:
        wrong = f"min_memory_gb {settings.min_memory_gb:g} is more than any card here has"
        raise BadInput(f"{file}: {wrong}; the largest has {gb(most)} ({most * 1024:.0f} MB)")


def rules_here(files: Files, gpus: Sequence[Gpu]) -> tuple[Rules, tuple[Problem, ...]]:
    """The settings as they bear on this machine, and what its user should know of that."""
    visible, problems = visible_gpus(gpus)
    return Rules.of(files.settings, os.getuid(), visible, os.cpu_count() or 1), problems


def visible_gpus(gpus: Sequence[Gpu]) -> tuple[frozenset[str] | None, tuple[Problem, ...]]:
    """The cards that an inherited CUDA_VISIBLE_DEVICES leaves us, by index, or as they are named there while
    the driver is away (at a resume); None: it is not set, or all are simulated."""
    inherited = os.environ.get("CUDA_VISIBLE_DEVICES")
    if inherited is None or (gpus and all(gpu.simulated for gpu in gpus)):
        return None, ()
    chosen: dict[str, None] = {}
    for name in (name.strip() for name in inherited.split(",")):
        found = [gpu.index for gpu in gpus if gpu.index == name or (name and gpu.uuid.startswith(name))]
        if not gpus and (name.isdecimal() or name.startswith(("GPU-", "MIG-"))):
            found = [name]
        if not found:
            break  # as CUDA does: the list ends at the first name that is none
        chosen.update(dict.fromkeys(found))
    if not chosen:
        return frozenset(), (problem("visible_devices_none", value=inherited),)
    allowed = ", ".join(sorted(chosen, key=index_order) if gpus else chosen)
    return frozenset(chosen), (problem("visible_devices", value=inherited, gpus=allowed),)
