"""The shape of the code: parts that have each other rather than inherit, and a lean step."""
import importlib
import inspect

from calls import added_afresh
from test_layers import numbers

from trainbook import Callback, LiveRun, Run
from trainbook.widget.panel import RunView


def classes():
    """All classes of ours, but for those in front of a framework that is not installed here."""
    for name in numbers():
        try: module = importlib.import_module(name)
        except ImportError as error:
            if not name.startswith("trainbook.connect.") or "pip install" not in str(error): raise
            continue
        for _, found in inspect.getmembers(module, inspect.isclass):
            if found.__module__ == name: yield found


def ancestors(found: type) -> list[type]:
    """The ancestors of a class that are ours."""
    return [ancestor for ancestor in found.__mro__[1:] if ancestor.__module__.startswith("trainbook.")]


def is_free(found: type) -> bool:
    """Exceptions, callbacks and views are made to be inherited from."""
    return issubclass(found, (BaseException, Callback, RunView))


def test_no_chain_of_classes():
    chains = {found.__qualname__: ancestors(found) for found in classes() if not is_free(found) and len(ancestors(found)) > 1}
    assert chains == {}


def test_what_trains_has_parts_and_inherits_nothing():
    heirs = {found.__qualname__: ancestors(found) for found in classes()
             if found.__module__.startswith("trainbook.train") and ancestors(found) and not is_free(found)}
    assert heirs == {}


# The façade

def public(kind: type) -> dict[str, object]:
    return {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}


def test_a_live_run_has_what_every_run_has():
    """The same names with the same signatures and words, so that what is written for one works with the other."""
    mine, theirs = public(LiveRun), public(Run)
    assert theirs.keys() <= mine.keys() | {"path", "faults"}
    for name, what in theirs.items():
        if isinstance(what, property): assert isinstance(mine[name], property), name
        if not inspect.isfunction(what): continue
        assert list(inspect.signature(mine[name]).parameters.values()) == list(inspect.signature(what).parameters.values()), name
        assert inspect.getdoc(mine[name]) == inspect.getdoc(what) or name == "request", name


# A lean step

def test_a_step_is_lean(tmp_path):
    """What a watched step costs is cold code more than arithmetic: so many calls more than the bare loop makes, on every machine."""
    (python, c), = added_afresh(tmp_path, dict(layers=2, every=0, diagnose=False))
    assert python <= 16 and c <= 24, (python, c)


def test_a_step_whose_losses_are_not_looked_at_is_as_lean(tmp_path):
    without, outside = added_afresh(tmp_path, *(dict(layers=2, every=1, **options) for options in (dict(diagnose=False), dict(is_looked_at=False))))
    # some 130 calls are made once an epoch of 160 steps; one in each step would add 1
    assert all(more - less < 1 for less, more in zip(without, outside)), (without, outside)


def test_a_measured_step_is_lean(tmp_path):
    four, forty = added_afresh(tmp_path, *(dict(layers=layers, every=1, diagnose=False) for layers in (2, 20)))
    assert four[0] <= 70 and four[1] <= 60, four
    further = [(more - less) / 36 for more, less in zip(forty, four)]
    assert max(further) <= 1.05, further  # the weights are measured in every sixteenth step
