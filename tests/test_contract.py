"""What crosses a border is what `run.contract` says, on both sides of it."""
import importlib.util
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from torch import nn

from trainbook import open_run, watch
from trainbook.run import contract
from trainbook.run.about import Position
from trainbook.run.contract import AMENDMENTS, ARGUMENTS, EVENTS, State, fitting, is_of, types_of
from trainbook.run.control import Command
from trainbook.run.words import EventWords
from trainbook.widget.feed import Feed
from trainbook.widget.panel import RunView

PROTOCOL = Path(__file__).parents[1]/"js"/"protocol.py"


@pytest.fixture(scope="module")
def protocol():
    """The script that writes the front end's half."""
    spec = importlib.util.spec_from_file_location("protocol", PROTOCOL)
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    return module


def test_the_front_end_has_the_same_contract(protocol):
    assert protocol.protocol() == protocol.TARGET.read_text(encoding="utf-8"), "run `make js`"


def test_the_data_widgets_have_the_same_contract(protocol):
    assert protocol.data_protocol() == protocol.DATA_TARGET.read_text(encoding="utf-8"), "run `make js`"


def test_the_widgets_for_models_have_the_same_contract(protocol):
    assert protocol.model_protocol() == protocol.MODEL_TARGET.read_text(encoding="utf-8"), "run `make js`"


@pytest.mark.parametrize("name, drift", [("Status", bool), ("ARGUMENTS", dict(stop={})), ("Part", str)])
def test_a_drift_is_noticed(protocol, monkeypatch, name, drift):
    own = getattr(contract, name)
    if name != "ARGUMENTS": monkeypatch.setattr(protocol, "ALIASES", {drift if alias == own else alias: known for alias, known in protocol.ALIASES.items()})
    else: monkeypatch.setattr(contract, name, drift)
    assert protocol.protocol() != protocol.TARGET.read_text(encoding="utf-8")


def test_a_drift_in_an_entry_is_noticed(protocol, monkeypatch):
    monkeypatch.setitem(contract.Machine.__annotations__, "fans", int)
    contract.Machine.__optional_keys__ |= {"fans"}
    assert "fans?: number;" in protocol.protocol()


@pytest.fixture(scope="module")
def steered(tmp_path_factory):
    """A run with events of every kind but a finding, and its states on the way."""
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer, states = torch.optim.SGD(model.parameters(), lr=.1), []
    run = watch(model, optimizer, dir=tmp_path_factory.mktemp("contract"), view=None, evaluate=lambda run: dict(val_loss=.5), early_stop=2)
    feed = Feed(run)
    with run:
        for _ in run.epochs(3):
            for step in run.steps(3):
                model(torch.ones(2)).sum().backward()
                optimizer.step(), optimizer.zero_grad()
                run.log(loss=1.)
                states.append(feed.state())
                if run.step == 4:
                    for ask in (run.evaluate, lambda: run.scale_lr(.5), lambda: run.checkpoint("kept"), lambda: run.early_stop(patience=1), run.undo): ask()
                    run.note("so far"), run.tag("t")
                if run.step == 6: run.rollback("kept")
            run.log(val_loss=.5)
            states.append(feed.state())
    states.append(feed.state())
    return run, states


def test_every_state_is_of_the_contract(steered):
    _, states = steered
    assert {state["status"] for state in states} == {"running", "finished"}
    for state in states:
        assert is_of(state, State) and state.keys() <= types_of(State).keys(), state
    assert states[0].keys() >= {"step", "epoch", "learning_rate", "can_scale", "early_stop", "gradients_every", "machine", "checkpoints"}


def test_every_event_is_of_the_contract(steered):
    run, _ = steered
    events = run.events()
    assert {event["event"] for event in events} >= {"command", "status", "note", "validation", "rollback", "early_stop", "checkpoint"}
    for event in events: assert is_of(event, EVENTS[event["event"]]), event
    assert all(event["sentence"] for event in events)
    assert run.unknown == []


def test_the_words_are_written_down(steered):
    """Whatever reads the lines has the words without trainbook."""
    run, _ = steered
    lines = [json.loads(line) for line in (run.path/"events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["sentence"] for line in lines] == [event["sentence"] for event in run.events()]
    assert [event["label"] for event in run.events() if "label" in event][:2] == ["lr ÷2", "undo"]


def test_an_old_run_gets_the_same_words(steered):
    run, _ = steered
    words = EventWords()
    for event in run.events():
        bare = {name: value for name, value in event.items() if name not in ("sentence", "label")}
        assert words.complete(bare) == event


def test_the_position_is_the_progress(): assert [field.name for field in fields(Position)] == [*types_of(contract.Progress)]


@pytest.mark.parametrize("command", sorted({*ARGUMENTS, *AMENDMENTS}))
def test_every_command_has_a_name(command):
    given = dict(factor=2., tags=["t"], text="x", finding="plateau")
    told = EventWords().complete(dict(step=1, event="command", id="a", command=command, status="requested", arguments=given))
    assert "title" not in told and told["sentence"][0].isupper(), "a command of ours is no command of another package"


@pytest.mark.says("fly is refused")
def test_what_is_unknown_is_named_and_left_out(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        run.recorder.event("eclipse", moon="new")
        for _ in run.steps(1): run.request(Command("fly"))
    info = json.loads((run.path/"run.json").read_text())
    (run.path/"run.json").write_text(json.dumps(info | dict(mood="good", watching=dict(can_see=True))))
    opened = open_run(run.path)
    assert opened.unknown == ["run.json 'mood'", "watching 'can_see'", "event 'eclipse'", "command 'fly'"]
    assert "can_see" not in Feed(opened).state()
    assert [event["moon"] for event in opened.events() if event["event"] == "eclipse"] == ["new"]  # it is kept


def test_an_unknown_part_is_refused_by_name(tmp_path):
    view = RunView(watch(dir=tmp_path, view=None))
    with pytest.raises(Exception, match="fireworks"): view.parts = ["metrics", "fireworks"]
    view.run.finish()


@pytest.mark.parametrize("wrong", [dict(step="7"), dict(epoch=1.5), dict(early_stop=dict(on="yes")), dict(commands=7), dict(learning_rate=float("nan"))])
def test_what_does_not_fit_is_left_out(wrong):
    sound = dict(step=3, status="running", folder="f")
    assert fitting(sound | wrong, State) == {name: value for name, value in sound.items() if name not in wrong}


def test_of_a_list_what_fits_is_kept():
    sound = dict(command="noise", label="Noise", arguments=[])
    assert fitting(dict(commands=[dict(command=1), sound, None]), State) == dict(commands=[sound])


@pytest.mark.parametrize("silly", [3, None], ids=repr)
def test_a_view_of_no_run_says_what_it_takes(silly):
    with pytest.raises(TypeError, match="a run is opened by its folder"): RunView(silly)


def test_an_argument_that_is_declared_by_no_type_is_refused_at_once(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        with pytest.raises(TypeError, match=r"louder\(by=…\) is declared by a type"): run.commands.register("louder", lambda by: None, dict(by=3))


def test_the_contract_needs_nothing_heavy():
    """Any reader may import it."""
    code = "import sys, trainbook.run.words, trainbook.run.contract; print(sorted({'torch', 'numpy', 'pandas', 'IPython'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
