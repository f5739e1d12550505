"""What the API says of GPUs. Times are wall-clock seconds, memory is GB of 1,024 MiB."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.model.gpu import Health, SetAside
from app.model.state_file import OtherLease


class OwnTask(BaseModel):
    """A task of ours on a card."""

    scheduler: int = Field(description="pid of the scheduler that has started it")
    task: str = Field(description="queue/index", examples=["3/1"])
    name: str | None
    key: str
    used_gb: float | None = Field(description="by its processes on this card; null: not known")
    asked_gb: float | None = Field(description="null: the whole card")
    since: float


class GpuCard(BaseModel):
    """One GPU, or one MIG device, and who has what of it. Simulated ones are those of living schedulers."""

    uuid: str
    index: str = Field(description='in PCI order; "0:1" is MIG device 1 of card 0', examples=["0"])
    name: str
    health: Health
    total_gb: float
    free_gb: float = Field(description="what one more task of ours could get")
    free: bool = Field(description="nobody uses it and no lease is on it")
    own_used_gb: float = Field(description="by tasks of ours")
    own_promised_gb: float = Field(description="to tasks of ours; their use counts in full from the start")
    tasks: list[OwnTask] = Field(description="ours, of all schedulers of this home")
    other_leases: list[OtherLease]
    others_gb: float = Field(description="used by what belongs to no lease; the driver's reserve is in it")
    use: float | None = Field(description="utilization, 0 to 100; null: the card does not say")
    temperature_c: float | None
    power_w: float | None
    power_limit_w: float | None
    off_since: float | None = Field(description="turned off for us by our user")
    aside: SetAside | None = Field(description="by a scheduler, as tasks die there and nowhere else")
    in_range: bool = Field(description="the settings let schedulers use it")
    mig: bool
    simulated: bool


class GpuAllowance(BaseModel):
    """How many cards this user may hold: `allowed` = min(max_gpu, max(min_gpu, available - gpu_left))."""

    held: int
    allowed: int
    available: int = Field(description="healthy cards in range that this user holds or nobody else uses")
    gpu_left: int
    min_gpu: int
    max_gpu: int | None


class Gpus(BaseModel):
    """All cards, at one moment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "now": 1763994727.1,
                    "looked_at": 1763994726.4,
                    "problem": None,
                    "memory_margin_gb": 0.5,
                    "allowance": {
                        "held": 5,
                        "allowed": 5,
                        "available": 6,
                        "gpu_left": 1,
                        "min_gpu": 0,
                        "max_gpu": None,
                    },
                    "cards": [],
                }
            ]
        }
    )

    now: float
    looked_at: float = Field(description="when the driver was asked")
    problem: str | None = Field(
        description="why the driver says nothing, or what it said may not hold any more",
        examples=["the GPU driver does not answer (no answer within 0.7 s)"],
    )
    memory_margin_gb: float = Field(description="kept free on every card")
    allowance: GpuAllowance
    cards: list[GpuCard]


class GpuProcess(BaseModel):
    """A process that the driver shows on a card. Never its arguments."""

    pid: int
    user: str | None = Field(description="null: it can't be found from here, as in a container")
    own: bool = Field(
        description="of this user; with neither task nor lease it counts as others' do, but for the cap"
    )
    command: str = Field(description="the program's name")
    used_gb: float | None = Field(description="null: the driver does not say")
    started_at: float | None
    compute: bool = Field(description="false: graphics alone")
    ours: str | None = Field(description="the task that it belongs to", examples=["3/1"])
    scheduler: int | None = Field(description="pid of that task's scheduler")
    lease: str | None = Field(description="another lease's label, if it belongs to one", examples=["queue 3"])


class CardProcesses(BaseModel):
    uuid: str
    index: str
    name: str
    processes: list[GpuProcess]


class GpuProcesses(BaseModel):
    looked_at: float
    problem: str | None
    cards: list[CardProcesses]


class GpuInfo(BaseModel):
    """A card in a few words. Here memory is MiB, as nvidia-smi counts."""

    index: int = Field(description="of a MIG device its card's")
    uuid: str
    name: str
    memory_total: int = Field(description="MiB")
    memory_used: int = Field(description="MiB")
    utilization: int = Field(description="0 to 100; 0 where the card does not say")
    assigned_task_id: int | None = Field(description="the submitted task that is there")
    is_free: bool


class GpuWord(BaseModel):
    """`off`: no task of ours starts there any more; what runs there ends by itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "off"}]})

    state: Literal["on", "off"]


class CardSamples(BaseModel):
    """One card's samples as columns of one length. Where nothing was sampled a row of nulls stands."""

    uuid: str
    index: str
    name: str
    total_gb: float
    simulated: bool
    at: list[float]
    used_gb: list[float | None] = Field(description="as the driver shows it")
    used_most_gb: list[float | None]
    own_gb: list[float | None] = Field(description="by tasks of ours")
    others_gb: list[float | None] = Field(description="by other people")
    stray_gb: list[float | None] = Field(description="by processes of this user that belong to no lease")
    use: list[float | None] = Field(description="0 to 100")
    use_most: list[float | None]
    power_w: list[float | None]
    temperature_c: list[float | None]


class GpuSamples(BaseModel):
    """The last hour every five seconds, seven days by the minute, as means and maxima of each step."""

    since: float
    until: float
    step: float = Field(description="seconds; longer than asked for where that would be too many points")
    cards: list[CardSamples]
