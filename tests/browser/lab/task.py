"""Any program of the lab's tasks, such as `python train.py`: says what a training job says, takes memory from
the driver stand-in, and ends as its scene wants it to."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tests.faketrain import Driver, visible_cards

SCENES = "GPULANE_LAB_SCENES"  #: the file with what comes of each task, by label


SUBMITTED: dict[str, Any] = {
    "export": {"takes": 0, "lasts": 2.0, "epochs": 0},
    "tokens": {"takes": 0, "lasts": None, "epochs": 3},
}


def main(name: str = "") -> None:
    label = f"{os.environ['GPULANE_QUEUE']}/{os.environ['GPULANE_TASK']}"
    scene = SUBMITTED.get(name) or json.loads(Path(os.environ[SCENES]).read_text())[label]
    driver = Driver()
    for gpu, card in enumerate(visible_cards()):
        driver.take(gpu, driver.resolve(card), int(scene["takes"] * 1024))
    print("loaded 2,975 images, 19 classes")
    print("\x1b[34mINFO\x1b[0m  bf16, 32.5 M parameters")
    print("\x1b[33mWARN\x1b[0m  validation crops are resized to 512 x 512")
    fails = bool(scene.get("fails")) and not (scene["fails_once"] and os.environ["GPULANE_ATTEMPT"] != "1")
    for epoch in range(scene["epochs"]):
        loss = 2.4 / (1 + 0.11 * epoch)
        print(
            f"epoch {epoch:>3}  step 1,240/1,240  loss \x1b[32m{loss:.4f}\x1b[0m  "
            f"miou \x1b[32m{0.7 - loss / 6:.3f}\x1b[0m  2.9 it/s",
            flush=True,
        )
    time.sleep(0.7 if fails else scene["lasts"] or 10**6)
    if fails:
        sys.exit("\n".join(scene["fails"]))


if __name__ == "__main__":
    main()
