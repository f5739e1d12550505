"""The driver and its cards, and the traps that are known of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from app import procfs
from app.doctor.finding import Finding
from app.fitting import visible_gpus
from app.gpu.memory import host_memory
from app.gpu.once import Driver, ask_once
from app.gpu.probe import NoDriver, ProbeError
from app.gpu.wear import Wear
from app.model.gpu import Gpu, GpuProcess
from app.model.settings import Settings
from app.view.text import count, figure

LATCHED_PERCENT = 99
"""Use that a card shows for ever after a kill inside a kernel, on some drivers."""

NOBODYS_GB = 1.5
NOBODYS_SHARE = 0.04
"""More than drivers keep for themselves: in GB, and of the card."""


def look_at_driver(deadline: float) -> tuple[Driver | None, Iterator[Finding]]:
    """What the driver says within so many seconds, and what there is to say of it."""
    try:
        driver = ask_once(deadline)
    except NoDriver as error:
        advice = "install NVIDIA's driver, so that nvidia-smi works; without it: --simulate 4x24, gpus=0"
        return None, iter([Finding.wrong("driver", error.found, advice)])
    except ProbeError as error:
        advice = (
            "if nvidia-smi hangs or fails as well, the driver has to be loaded anew: ask an administrator"
        )
        return None, iter([Finding.wrong("driver", str(error), advice)])
    cards = count(len({gpu.index.partition(":")[0] for gpu in driver.gpus}), "card")
    version = (
        f"NVIDIA's, version {driver.version}" if driver.version else "NVIDIA's, and it does not say which"
    )
    return driver, iter([Finding.ok("driver", f"{version}, with {cards}")])


def cards(driver: Driver, settings: Settings) -> Iterator[Finding]:
    """What may surprise the user of these."""
    gpus = driver.gpus
    for gpu in gpus:
        found = [*_card(gpu), *_worn(gpu, driver.wear.get(gpu.uuid, Wear()))]
        yield from found or [Finding.ok(_name(gpu), _shown(gpu))]
    yield from _modes(gpus)
    yield from _range(gpus, settings)


def _name(gpu: Gpu) -> str:
    return f"GPU {gpu.index}"


def _shown(gpu: Gpu) -> str:
    kind = ", a MIG device" if gpu.mig else ""
    heat = "" if gpu.temperature_c is None else f", {gpu.temperature_c:.0f} °C"
    return f"{gpu.name}{kind}: {figure(gpu.free_gb)} of {figure(gpu.total_gb)} GB free{heat}"


def _card(gpu: Gpu) -> Iterator[Finding]:
    name, shown = _name(gpu), gpu.name
    if gpu.health == "lost":
        advice = "dmesg says why (Xid); only a reset by an administrator or a reboot brings it back"
        yield Finding.wrong(name, f"{shown} has fallen off the bus; the others go on without it", advice)
        return
    if gpu.health == "unreadable":
        advice = "see whether nvidia-smi can; in a container the device may be gone: start that again"
        yield Finding.wrong(name, f"{shown} can't be read, and gets no task", advice)
        return
    if gpu.compute_mode == "prohibited":
        text = f"{shown} is in compute mode PROHIBITED: nothing can use it"
        yield Finding.wrong(name, text, f"an administrator runs: nvidia-smi -i {gpu.index} -c DEFAULT")
    yield from _memory(gpu)
    yield from _holders(gpu)


def _worn(gpu: Gpu, wear: Wear) -> Iterator[Finding]:
    name, off = _name(gpu), f"keep off it: ./gpulane gpu {gpu.index} off"
    if wear.exhausted:
        text = f"memory of {gpu.name} fails, and it has no spare left to replace it"
        yield Finding.wrong(name, text, f"{off}; an administrator has it exchanged")
    elif wear.pending:
        text = f"memory of {gpu.name} has failed, and is replaced by spare one at the next reset"
        yield Finding.warning(name, text, f"until an administrator resets it or the machine, {off}")
    elif wear.uncorrected:
        text = f"{wear.uncorrected} uncorrectable memory errors of {gpu.name} since the driver was loaded"
        advice = f"what met one has died; if tasks go on dying there, {off}"
        yield Finding.warning(name, text, advice)


def _memory(gpu: Gpu) -> Iterator[Finding]:
    used = gpu.total_gb - gpu.free_gb
    busy = gpu.utilization is not None and gpu.utilization >= LATCHED_PERCENT
    if gpu.processes or _shares_memory(gpu):
        return
    if used > max(NOBODYS_GB, NOBODYS_SHARE * gpu.total_gb):
        text = f"{figure(used)} GB of {gpu.name} are used, and the driver shows no process that does"
        advice = (
            "one that is dying, or of another container; to see who has the card open: fuser -v /dev/nvidia*"
        )
        yield Finding.warning(_name(gpu), text, advice)
    elif busy:
        text = f"{gpu.name} shows {gpu.utilization:.0f}% use without a process and without memory"
        advice = (
            "it is stuck at that after a kill and no longer tells; opening and closing CUDA on it mends it"
        )
        yield Finding.warning(_name(gpu), text, advice)


def _shares_memory(gpu: Gpu) -> bool:
    """With the host (GB10 and its like): what is used is everybody's."""
    return abs(gpu.total_gb - host_memory().total) < 0.01


def _holders(gpu: Gpu) -> Iterator[Finding]:
    hidden = [process for process in gpu.processes if process.start is None]
    if hidden:
        number = "a process" if len(hidden) == 1 else f"{len(hidden)} processes"
        text = f"{number} on it can't be found from here, and counts as other people's whoever started it"
        advice = "so it is in a container with a pid namespace of its own; with docker: --pid=host"
        yield Finding.warning(_name(gpu), text, advice)
    for process in gpu.processes:
        if _is_zombie(process):
            text = f"process {process.pid} ({process.command}) has ended, and still holds memory"
            yield Finding.warning(_name(gpu), text, "it goes when its parent collects it: end that")


def _is_zombie(process: GpuProcess) -> bool:
    found = procfs.stat(process.pid) if process.start is not None else None
    return found is not None and not found.alive


def _modes(gpus: Sequence[Gpu]) -> Iterator[Finding]:
    off = _those(gpus, lambda gpu: gpu.persistence is False)
    if off:
        text = f"off on GPU {off}: an idle driver is unloaded, and its first call takes seconds"
        advice = "an administrator runs nvidia-smi -pm 1, or starts nvidia-persistenced"
        yield Finding.warning("persistence mode", text, advice)
    elif any(gpu.persistence for gpu in gpus):
        yield Finding.ok("persistence mode", "on")
    alone = _those(gpus, lambda gpu: gpu.compute_mode == "exclusive_process")
    if alone:
        text = f"EXCLUSIVE_PROCESS on GPU {alone}: tasks never share such a card"
        yield Finding.warning(
            "compute mode", text, "to share cards, an administrator runs: nvidia-smi -c DEFAULT"
        )
    elif all(gpu.compute_mode == "default" for gpu in gpus):
        yield Finding.ok("compute mode", "DEFAULT")


def _those(gpus: Iterable[Gpu], which: Callable[[Gpu], bool]) -> str:
    """Their cards' indices; of MIG devices the card's, once."""
    return ", ".join(dict.fromkeys(gpu.index.partition(":")[0] for gpu in gpus if which(gpu)))


def _range(gpus: Sequence[Gpu], settings: Settings) -> Iterator[Finding]:
    """What limits the cards a scheduler would use."""
    visible, problems = visible_gpus(gpus)
    for each in problems:
        make = Finding.warning if visible else Finding.wrong
        yield make("CUDA_VISIBLE_DEVICES", each.text, "to use all cards: unset CUDA_VISIBLE_DEVICES")
    here = [gpu.index for gpu in gpus]
    missing = [index for index in settings.compete_gpus if index not in here]
    if missing and not settings.use_all_gpus:
        text = f"compete_gpus names GPU {', '.join(missing)}, and there is {', '.join(here)}"
        yield Finding.wrong("settings", text, "mend compete_gpus in config/gpu_manage.yaml")
