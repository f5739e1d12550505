"""What the lab's command files say, and what comes of each task."""

from collections.abc import Iterator
from dataclasses import dataclass

HOUR = 3600.0

OUT_OF_MEMORY = (
    "Traceback (most recent call last):",
    '  File "unet.py", line 214, in <module>',
    "    main(parse())",
    '  File "unet.py", line 188, in main',
    "    score = validate(net, val_loader)",
    '  File "models/unet.py", line 77, in forward',
    "    return self.up(torch.cat([x, skip], dim=1))",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of "
    "23.99 GiB of which 1.38 GiB is free. Of the allocated memory 15.41 GiB is allocated by PyTorch.",
)
RESET = ("Traceback (most recent call last):", "ConnectionResetError: Connection reset by peer")
MISSING = (
    "Traceback (most recent call last):",
    '  File "pose.py", line 61, in <module>',
    "FileNotFoundError: data/pose/val.json",
)


@dataclass(frozen=True)
class Scene:
    """A task. Seconds are the lab's: the pictures are taken of an afternoon that takes half a minute."""

    label: str
    script: str
    asks: str  #: GB, as its block says
    takes: float  #: GB
    seconds: float  #: that it takes in other nights
    lasts: float | None = 2.0  #: real seconds, now; None: until it is ended
    lane: str = ""
    gpus: int = 1
    fails: tuple[str, ...] = ()  #: its last words
    fails_once: bool = False
    epochs: int = 30

    @property
    def queue(self) -> int:
        return int(self.label.split("/")[0])


def _cars() -> Iterator[Scene]:
    for place in range(12):
        yield Scene(
            f"1/{place}",
            f"python train.py --model resnet50 --seed {place + 1} \\\n  --data cars --epochs 90",
            *("64", 61.4, 2.6 * HOUR + 240 * place),
            lasts=(9.0, 11.0, None)[min(place, 2)],
            lane=f'queue_name=cars name="resnet50 s{place + 1}" model="A100"',
        )


def _seg() -> Iterator[Scene]:
    for place, size in enumerate((256, 512, 768, 1024, 1536, 2048)):
        yield Scene(
            f"2/{place}",
            f'python unet.py --size {size} --batch 24 --data "city scapes"',
            *("16", 11.7 + place, (1.6 if place == 0 else 7.0) * HOUR),
            lasts=(6.0, None)[min(place, 1)],
            lane=f'queue_name=seg name="unet {size}" model="RTX 4090"',
            fails=OUT_OF_MEMORY if place == 1 else (),
            fails_once=True,
            epochs=400,
        )


def _depth() -> Iterator[Scene]:
    names = ("midas large", "midas small", "dpt hybrid", "export onnx")
    for place, (name, asks) in enumerate(zip(names, ("22", "16", "18", "6"), strict=True)):
        model = name.replace(" ", "_")
        yield Scene(
            f"3/{place}",
            "bash {work_dir}/scripts/prepare.sh nyu\n"
            f'python train.py --model {model} --data "nyu v2" --epochs 40',
            *(asks, float(asks) * 0.8, 2.5 * HOUR),
            lane=f'queue_name=depth name="{name}" timeout=12h retries=3' + (" hold" if place == 0 else ""),
        )


def _ablate() -> Iterator[Scene]:
    for place in range(24):
        rate = (place + 1) / 40
        yield Scene(
            f"4/{place}",
            f"python train.py --model vit_small --drop {rate:.3f} --data imagenet100",
            *("8", 5.1, 2.2 * HOUR + 60 * place),
            lasts=1.0 if place < 7 else 0.7,
            lane=f'queue_name=ablate name="drop {rate:.3f}"',
            fails=RESET if place == 7 else (),
        )


def _pose() -> Iterator[Scene]:
    for place, name in enumerate(("hrnet w18", "hrnet w32", "vitpose b")):
        yield Scene(
            f"5/{place}",
            f"cd {{work_dir}}/pose\npython pose.py --cfg {name.replace(' ', '_')} --val data/pose/val.json",
            *("12", 9.6, 3.3 * HOUR),
            lasts=(7.0, 0.3)[min(place, 1)],
            lane=f'queue_name=pose name="{name}" retries=0',
            fails=MISSING if place == 1 else (),
        )


def _eval() -> Iterator[Scene]:
    for place, name in enumerate(("coco mini", "coco val", "coco full", "lvis", "ade20k")):
        yield Scene(
            f"6/{place}",
            f"python eval.py --set {name.replace(' ', '_')} | tee {name.split(' ')[-1]}.txt",
            *("10", 7.7, 1.2 * HOUR),
            lane=f'queue_name=eval name="{name}"' + (" hold" if place >= 2 else ""),
        )


def _large() -> Iterator[Scene]:
    for place in range(4):
        yield Scene(
            f"11/{place}",
            f"torchrun --nproc-per-node 2 sft.py --model {7 * (place + 1)}b --zero 3",
            *("72", 71.8, 12 * HOUR),
            lasts=(1.0, None)[min(place, 1)],
            lane=f'queue_name=llm name="{7 * (place + 1)}b sft" model="A100"',
            gpus=2,
        )
    for place in range(2):
        yield Scene(
            f"12/{place}",
            f"torchrun --nproc-per-node 4 moe.py --experts 8 --size {place + 1}b",
            *("40", 38.0, 9 * HOUR),
            lane=f'queue_name=moe name="8x{place + 1}b" model="A100"',
            gpus=4,
        )


def _rates() -> Iterator[Scene]:
    for place in range(16):
        yield Scene(
            f"21/{place}",
            f"python lr.py --rate {place + 1}e-4",
            *("12", 9.6, 1.4 * HOUR),
            lasts=3.0 if place < 4 else None,
            lane=f'queue_name=lr name="lr {place + 1}e-4" model="RTX 4090"',
        )


FILES: dict[tuple[str, int], list[Scene]] = {
    ("single", 0): [*_cars(), *_seg(), *_depth(), *_ablate(), *_pose(), *_eval()],
    ("multi", 0): list(_large()),
    ("single", 1): list(_rates()),
}


def text(mode: str, scenes: list[Scene]) -> str:
    """A command file of them."""
    blocks = []
    for scene in scenes:
        first = scene.queue if not scene.label.endswith("/0") else f"{scene.queue} #queue id"
        lines = [str(first), f"#LANE {scene.lane}", scene.script]
        lines += [str(scene.gpus)] if mode == "multi" else []
        blocks.append("\n".join([*lines, f"{scene.asks} #memory in GB"]))
    return "# what the lab trains this week\n\n" + "\n\n".join(blocks) + "\n"
