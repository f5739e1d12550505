"""What a task sees around it, and what the head of its log says. Contract 5."""

from dataclasses import replace
from pathlib import Path

from app.execution.environment import header, passed_on, task_environment
from app.model.backend import LaunchSpec
from app.model.paths import PROJECT
from app.model.task import TaskKey

SPEC = LaunchSpec(
    key=TaskKey("0" * 16, 0),
    queue_id=3,
    index=1,
    attempt=2,
    number=17,
    name="stage 2",
    script="cd src\npython train.py",
    cwd="/data",
    env=(("SEED", "7"),),
    terminal="direct",
    session_name=None,
    log_path="/runs/3-1.17.log",
)


def test_ours_is_set_and_never_inherited() -> None:
    env = task_environment(
        passed_on({"CUDA_VISIBLE_DEVICES": "5", "GPULANE_LOG": "/outer"}), SPEC, ["0", "2"], "0,2"
    )
    assert env["CUDA_VISIBLE_DEVICES"] == "0,2"
    assert env["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert env["GPULANE_LOG"] == "/runs/3-1.17.log"
    assert (env["GPULANE_QUEUE"], env["GPULANE_TASK"], env["GPULANE_ATTEMPT"]) == ("3", "1", "2")
    assert env["GPULANE_GPUS"] == "0,2"


def test_a_task_without_gpu_sees_none() -> None:
    env = task_environment(passed_on({"CUDA_VISIBLE_DEVICES": "5"}), SPEC, [], "")
    assert env["CUDA_VISIBLE_DEVICES"] == ""
    assert env["GPULANE_GPUS"] == ""


def test_a_task_can_set_all_but_its_gpus() -> None:
    own = (("CUDA_VISIBLE_DEVICES", "0,1,2,3"), ("HOME", "/elsewhere"), ("PYTHONUNBUFFERED", ""))
    env = task_environment(passed_on({"HOME": "/root"}), replace(SPEC, env=own), ["0"], "0")
    assert env["CUDA_VISIBLE_DEVICES"] == "0"
    assert env["HOME"] == "/elsewhere"
    assert env["PYTHONUNBUFFERED"] == ""
    assert task_environment(passed_on({}), SPEC, ["0"], "0")["PYTHONUNBUFFERED"] == "1"


def test_only_our_own_virtual_environment_leaves() -> None:
    ours = str(PROJECT / ".venv")
    env = passed_on({"PATH": f"{ours}/bin:/conda/bin:/usr/bin", "VIRTUAL_ENV": ours})
    assert env["PATH"] == "/conda/bin:/usr/bin"
    assert "VIRTUAL_ENV" not in env
    theirs = {"PATH": "/home/me/.venv/bin:/usr/bin", "VIRTUAL_ENV": "/home/me/.venv"}
    assert theirs.items() <= task_environment(passed_on(theirs), SPEC, [], "").items()


def test_the_log_begins_with_commands_and_environment(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("")
    python.chmod(0o755)
    env = task_environment(passed_on({"PATH": str(tmp_path)}), SPEC, ["0", "2"], "0,2")
    text = header(SPEC, env, ["0", "2"], "node7", 1_700_000_000.0).decode()
    for line in (
        "# gpulane: task 3/1 (stage 2), attempt 2",
        "# host: node7",
        "# GPUs: 0, 2",
        "# CUDA_VISIBLE_DEVICES: 0,2",
        "# cwd: /data",
        f"# PATH: {tmp_path}",
        f"# python: {python}",
        "# conda: none",
        "# env SEED: 7",
        "#   cd src",
        "#   python train.py",
    ):
        assert line in text.splitlines()
    assert "2023-11-1" in text
    assert text.endswith("\n")


def test_the_head_of_a_huge_script_stays_short() -> None:
    long = replace(SPEC, script="\n".join(f"echo {number}" for number in range(5000)))
    text = header(long, {}, [], "node7", 0.0).decode()
    assert "#   ... and 4900 more lines" in text
    assert len(text) < 5000
