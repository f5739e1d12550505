"""What the doctor says: one line about one thing."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`wrong`: something will not work; `warning`: it works, and will surprise somebody."""

    subject: str  #: "driver", "GPU 0", "leases"
    level: Level
    text: str  #: a sentence without its full stop
    advice: str = ""  #: what to do; "": nothing

    @classmethod
    def ok(cls, subject: str, text: str) -> "Finding":
        return cls(subject, "ok", text)

    @classmethod
    def warning(cls, subject: str, text: str, advice: str = "") -> "Finding":
        return cls(subject, "warning", text, advice)

    @classmethod
    def wrong(cls, subject: str, text: str, advice: str = "") -> "Finding":
        return cls(subject, "wrong", text, advice)
