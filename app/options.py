"""What a scheduler is started with: the flags of the two entry points."""

from dataclasses import dataclass
from typing import Literal

from app.model.task import Mode

Start = Literal["auto", "fresh", "resume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    mode: Mode
    command_file: str | None = None
    config_file: str | None = None
    config_index: int | None = None
    simulate: str | None = None
    check: bool = False
    as_json: bool = False  #: what `check` finds, for programs
    start: Start = "auto"
    watch: bool = False
    paused: bool = False
    metrics_port: str | None = None  #: "9100", or "0.0.0.0:9100"
