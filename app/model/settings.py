"""gpu_manage.yaml as a model: one field per key, with its default, its range and its meaning."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.model.task import OnFailure

SECRET = frozenset({"notify.urls"})
"""What no log, state or answer may show."""

AT_START = frozenset(
    {
        "gpu_command_file",
        "gpus_command_file",
        "hooks",
        "keep_days",
        "lease_dir",
        "log_max_mb",
        "sample_interval",
        "sample_window",
        "state_dir",
        "table_command",
    }
)
"""What a scheduler begins with and keeps: places, and what is opened once."""


class RetryConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    max_retry_before_backoff: int = Field(default=3, ge=0, description="quick retries before each backoff")
    backoff_duration: float = Field(default=600, ge=0, description="seconds of one backoff")


class Notify(BaseModel):
    """Whom to tell of what. The addresses hold secrets: they are shown nowhere."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    urls: tuple[str, ...] = Field(default=(), repr=False, max_length=20)
    task_failed: bool = True
    queue_done: bool = False
    all_done: bool = True
    gpu_lost: bool = True
    fuse: bool = True
    waiting_longer: float | None = Field(default=None, gt=0)

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class Settings(BaseModel):
    """The scheduler's settings. Unknown keys are faults; see config/gpu_manage.yaml for the meanings."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    check_time: float = Field(default=5, gt=0, le=3600)
    use_all_gpus: bool = True
    compete_gpus: tuple[str, ...] = ()
    gpu_left: int = Field(default=0, ge=0)
    min_gpu: int = Field(default=0, ge=0)
    max_gpu: int | None = Field(default=None, ge=0)
    memory_save_mode: bool = False
    sample_window: float = Field(default=3, gt=0, le=60)
    sample_interval: float = Field(default=0.1, ge=0.02, le=10)
    maximize_resource_utilization: bool = False
    retry_config: RetryConfig = RetryConfig()
    max_retries: int | None = Field(default=9, ge=0)
    work_dir: str | None = None
    gpu_command_file: str = "command/command_gpu.txt"
    gpus_command_file: str = "command/command_gpus.txt"
    on_failure: OnFailure = "stop"
    timeout: float | None = Field(default=None, gt=0)
    stop_grace: float = Field(default=10, ge=0, le=3600)
    kill_leftovers: bool = True
    memory_margin_gb: float = Field(default=0.5, ge=0)
    min_memory_gb: float = Field(default=0, ge=0)
    busy_memory_percent: float | None = Field(default=None, ge=0, le=100)
    others_growth_percent: float = Field(default=10, ge=0)
    avoid_others: bool = True
    reserve_after: float = Field(default=600, ge=0)
    hooks: str | None = Field(default=None, min_length=1)
    hook_timeout: float = Field(default=60, gt=0, le=3600)
    table_command: str | None = Field(default=None, min_length=1)
    fuse_tasks: int | None = Field(default=5, ge=2)
    max_tasks: int | None = Field(default=None, ge=1)
    cpu_tasks: int | None = Field(default=None, ge=1)
    lease_dir: str | None = None
    state_dir: str | None = None
    cuda_visible_as: Literal["index", "uuid"] = "index"
    notify: Notify = Notify()
    heartbeat: float = Field(default=5, gt=0, le=3600)
    log_max_mb: float = Field(default=10, gt=0)
    keep_days: float = Field(default=30, gt=0)

    def flat(self) -> dict[str, object]:
        """Every value by its name, those below another key as "retry_config.backoff_duration"; no secrets."""
        values: dict[str, object] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            below = (
                {f"{name}.{key}": inner for key, inner in value if f"{name}.{key}" not in SECRET}
                if isinstance(value, BaseModel)
                else None
            )
            values |= below if below is not None else {name: value}
        return values

    @field_validator("compete_gpus", mode="before")
    @classmethod
    def _indices_as_text(cls, value: object) -> object:
        """YAML writes card 0 as a number; MIG devices are text ("0:1")."""
        if isinstance(value, list):
            return tuple(
                str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in value
            )
        return value
