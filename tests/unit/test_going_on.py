"""The line that goes on with what a scheduler has left."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.going_on import command_line
from app.model.paths import PROJECT, Home
from app.model.state_file import StartedWith, StateFile, load

HOW = StartedWith(simulate=None, watch=False, folder="/")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    (tmp_path / "command").mkdir()
    monkeypatch.setenv("GPULANE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path)


@pytest.fixture
def state(home: Home) -> StateFile:
    sample = load((PROJECT / "tests" / "data" / "state_v1.json").read_bytes())
    return replace(
        sample,
        mode="multi",
        simulated=False,
        command_file=str(home.root / "command" / "command_gpus_2.txt"),
        config_file=str(home.config_file()),
        config_index=2,
        status="running",
        started_with=replace(HOW, folder=str(home.root)),
    )


def test_what_holds_by_itself_is_left_out(home: Home, state: StateFile) -> None:
    assert command_line(home, state) == "./gpulane run command/command_gpus_2.txt"
    other = replace(state, config_index=7, config_file="/a b.yaml", status="paused")
    assert command_line(home, other) == (
        "./gpulane run command/command_gpus_2.txt --config-file '/a b.yaml' --config-index 7 --paused"
    )


def test_what_was_submitted_has_a_word_of_its_own(home: Home, state: StateFile) -> None:
    submitted = replace(state, command_file=str(home.submitted))
    assert command_line(home, submitted) == "./gpulane scheduler start"
    how = replace(HOW, simulate="2x24")
    simulated = replace(submitted, simulated=True, started_with=how)
    assert command_line(home, simulated) == "./gpulane scheduler start --simulate 2x24"


def test_on_how_many_simulated_cards_an_older_one_ran_is_for_its_user_to_say(
    home: Home, state: StateFile
) -> None:
    old = replace(state, simulated=True, started_with=None)
    assert command_line(home, old) == "./gpulane run command/command_gpus_2.txt --simulate NxGB"


def test_a_file_whose_mode_run_would_tell_wrong_is_given_to_its_entry_point(
    home: Home, state: StateFile
) -> None:
    file = home.root / "-both ways.txt"
    single = replace(state, mode="single", command_file=str(file), config_index=None)
    file.write_text("1\ntrue\n10\n")
    assert command_line(home, single) == "./gpulane run './-both ways.txt'"
    file.write_text("1\ntrue\n1\n10\n")
    assert command_line(home, single) == "python app/main_gpu.py --command-file './-both ways.txt'"
