"""What could not run even on an empty machine: found before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.allowance import allowed
from app.core.fit import demanded, holds, suits
from app.core.ledger import reserve_limit
from app.core.rules import Rules
from app.model.blockers import gb
from app.model.gpu import Gpu, index_order
from app.model.task import TaskSpec, Value


@dataclass(frozen=True, slots=True)
class Never:
    """Why a task can't run, ever."""

    about: Value  #: which of its values would have to be another one
    why: str  #: a sentence with what would fit, beginning after "the task", without a full stop


def never_fits(spec: TaskSpec, gpus: Sequence[Gpu], rules: Rules) -> tuple[Never, ...]:
    """All that is against it; none: some day it can run.

    A card that is lost at the moment counts as it was, and as large enough where nobody knows its size.
    """
    if spec.gpus == 0:
        return ()
    suiting = _suiting(spec, gpus, rules)
    most = min(spec.gpus, len(suiting))
    found = _too_many(spec, gpus, rules), _too_large(spec, suiting, rules, most) if most else None
    return tuple(never for never in found if never)


def asked_of_cards(spec: TaskSpec) -> tuple[object, ...]:
    """All of a task that `never_fits` looks at: what is found of one holds for all that are alike in this."""
    return spec.gpus, spec.memory_gb, spec.options.devices, spec.options.model


def surely_gb(spec: TaskSpec, gpus: Sequence[Gpu], rules: Rules) -> float | None:
    """What each of the cards a task needs can hold for certain, in GB, whatever its driver keeps.

    None: nobody knows as many such cards."""
    sizes = sorted((gpu.total_gb - reserve_limit(gpu) for gpu in _suiting(spec, gpus, rules)), reverse=True)
    if len(sizes) < spec.gpus:
        return None
    return max(0.0, sizes[spec.gpus - 1] - rules.settings.memory_margin_gb)


def _suiting(spec: TaskSpec, gpus: Sequence[Gpu], rules: Rules) -> list[Gpu]:
    return [gpu for gpu in gpus if rules.covers(gpu) and suits(gpu, spec.options.devices, spec.options.model)]


def _too_many(spec: TaskSpec, gpus: Sequence[Gpu], rules: Rules) -> Never | None:
    wanted = "1 GPU" if spec.gpus == 1 else f"{spec.gpus} GPUs"
    here = [gpu for gpu in gpus if rules.covers(gpu)]
    if len(here) < spec.gpus:
        beyond = f" of the {len(gpus)} here" if len(here) < len(gpus) else ""
        return Never(
            "gpus", f"asks for {wanted}, but there {_are(len(here))} in range{beyond}{_listed(here)}"
        )
    most = allowed(len(here), rules)
    if most < spec.gpus:
        cap = f"gpu_left, min_gpu and max_gpu allow {most} of {len(here)} at most"
        return Never("gpus", f"asks for {wanted}, but {cap}")
    if len(_suiting(spec, gpus, rules)) >= spec.gpus:
        return None
    about, named = _named(spec, here)
    return Never(about, f"asks for {wanted} with {named}{_listed(here)}")


def _named(spec: TaskSpec, here: Sequence[Gpu]) -> tuple[Value, str]:
    """Which of `devices=` and `model=` leaves too few, and what there is."""
    devices, model = spec.options.devices, spec.options.model
    named = [gpu for gpu in here if suits(gpu, devices, None)]
    if devices is not None and len(devices) < spec.gpus:
        return "devices", f"devices={','.join(devices)}, but that names {len(devices)} of those in range"
    if devices is not None and len(named) < spec.gpus:
        return "devices", f"devices={','.join(devices)}, but in range there {_are(len(here))}"
    alike = sum(suits(gpu, devices, model) for gpu in named)
    names = ", ".join(sorted({gpu.name for gpu in named}))
    return "model", f'model="{model}", but {alike or "none"} of that model may be used: there is {names}'


def _too_large(spec: TaskSpec, suiting: list[Gpu], rules: Rules, most: int) -> Never | None:
    """By the largest card but `most` - 1: those are larger, and one task asks the same of each."""
    memory = demanded(spec.gpus, spec.memory_gb, rules)
    if not memory or sum(holds(gpu, memory) for gpu in suiting) >= most:
        return None
    by_size = sorted(suiting, key=lambda gpu: (holds(gpu, memory), gpu.nominal_gb), reverse=True)
    best = by_size[most - 1]
    largest = f"the largest that fits is {gb(_usable(best, rules))}"
    if best.nominal_gb > _usable(best, rules):
        largest += f", or {gb(best.nominal_gb)} for the whole card"
    each = "" if most == 1 else f" on each of {most} GPUs"
    floor = " (min_memory_gb)" if memory != spec.memory_gb else ""
    why = f"asks for {gb(memory)}{floor}{each}, but {largest} (GPU {best.index}, {best.name})"
    return Never("memory", why)


def _usable(gpu: Gpu, rules: Rules) -> float:
    """total - driver's reserve - margin. The reserve shows only while nothing is on the card."""
    reserve = 0.0 if gpu.processes else gpu.total_gb - gpu.free_gb
    if not 0 <= reserve <= reserve_limit(gpu):
        reserve = 0.0
    return max(0.0, gpu.total_gb - reserve - rules.settings.memory_margin_gb)


def _are(count: int) -> str:
    return {0: "is no GPU", 1: "is 1 GPU"}.get(count, f"are {count} GPUs")


def _listed(gpus: Sequence[Gpu]) -> str:
    indices = sorted((gpu.index for gpu in gpus), key=index_order)
    return f" ({', '.join(indices)})" if indices else ""
