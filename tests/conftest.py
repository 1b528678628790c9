"""Fixtures for the tests in a real browser: a JupyterLab server, a Chromium, and a page per test."""

import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import faster  # noqa: F401 - before nbformat, which lab imports
import pytest
from lab import CHROMIUM, CHROMIUM_ARGS, JupyterServer, LabPage
from page import ACTIONS, PanelPage, then_drawn
from playwright.sync_api import Browser, sync_playwright

import trainbook

if TYPE_CHECKING:
    from data_page import DataPage

    from trainbook import Learner, LiveRun

SHOTS = Path(__file__).parent / ".shots"
FAILED = Path(__file__).parent / ".failed"
OURS = Path(trainbook.__file__).parent
TEST_FAILED = pytest.StashKey[bool]()


def pytest_configure() -> None:
    """Let interrupts be heard."""
    # A shell has what it starts in the background ignore them, and all that is started from there.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# how a test asks for a browser, or to have little beside it
ASKS = re.compile(r"def \w+\([^)]*\b(?:browser|jupyter|lab|page|panel)\b|\bmark\.quiet\b")
LONG = "test_ranks", "test_soak", "test_tutorials"  # files whose tests take up to a minute each


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files without a test of the kind that `make test` runs last: to import all of them takes each process 20 seconds."""
    if config.option.markexpr not in ("browser and not jupyter", "jupyter or quiet") or collection_path.suffix != ".py": return None
    return None if ASKS.search(collection_path.read_text()) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a browser, and those with a JupyterLab, and put them last; long ones come first, for at the end processes wait for each other."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if {"browser", "jupyter"} & used: item.add_marker(pytest.mark.browser)
        if "jupyter" in used: item.add_marker(pytest.mark.jupyter)
    # Playwright's sync API leaves an event loop running, in which other tests could not use asyncio.run.
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, item.path.stem not in LONG))


def pytest_sessionfinish() -> None:
    """End the runs that tests have left open, which Python would do as it ends: pytest has the last word."""
    if watching := sys.modules.get("trainbook.train.watch"):
        watching.finish_open_runs()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note on a test that it failed, for its fixtures to know."""
    report = yield
    if report.when == "call":
        item.stash[TEST_FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one Chromium for all tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def panel(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[PanelPage]:
    """Give an empty page for the front end without a kernel, in which nothing may go wrong."""
    page = browser.new_page(viewport={"width": 1080, "height": 900})
    panel = PanelPage(page)
    for kind, names in ACTIONS.items():
        for name in names: monkeypatch.setattr(kind, name, then_drawn(getattr(kind, name), page))
    yield panel
    page.close()
    assert panel.errors == []


@pytest.fixture(scope="module")
def page(browser: Browser) -> "Iterator[DataPage]":
    """Give one page for all widgets of a file, in which nothing may go wrong."""
    from data_page import DataPage
    page = browser.new_page(viewport={"width": 940, "height": 900})
    found = DataPage(page)
    yield found
    page.close()
    assert found.errors == []


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Run one JupyterLab server for all tests, in an empty folder (its root)."""
    server = JupyterServer(tmp_path_factory.mktemp("notebooks"))
    yield server
    server.stop()


@pytest.fixture
def lab(browser: Browser, jupyter: JupyterServer, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """Give a fresh page; afterwards keep what helps to explain a failure and end the kernels."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = LabPage(context.new_page(), jupyter)
    yield page
    try:
        if request.node.stash.get(TEST_FAILED, False):
            _keep_failure(page, request.node.name)
    finally:
        context.close()
        jupyter.reset()


@pytest.fixture
def shots() -> Path:
    """Give the folder, ignored by git, for screenshots to look at."""
    SHOTS.mkdir(exist_ok=True)
    return SHOTS


def _keep_failure(page: LabPage, test: str) -> None:
    """Save what the page of a failed test shows, its console and the server's log."""
    FAILED.mkdir(exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", test)
    page.screenshot(FAILED / f"{name}.png")
    console = "\n".join(page.console)
    (FAILED / f"{name}.log").write_text(f"Console:\n{console}\n\nServer:\n{page.server.log_tail(100)}\n")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread: two of them would wait for each other on a busy machine, and add up in another order."""
    import torch
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def new(tmp_path: Path) -> Callable[..., "LiveRun"]:
    """Give a function that watches as `watch` does, without a view, in a folder of the test."""
    return lambda *watched, **more: trainbook.watch(*watched, **dict(dir=tmp_path, view=None) | more)


@pytest.fixture
def learner(tmp_path: Path) -> Callable[..., "Learner"]:
    """Give a function that makes a Learner of a small network and its data, whose runs lie in a folder of the test."""
    from learners import learner_in
    return learner_in(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def interrupts_of_their_own() -> None:
    """Each test has its own first interrupt: they follow each other faster than a person clicks."""
    from trainbook.train.interrupt import Interrupts
    Interrupts.seconds = 0


@pytest.fixture(autouse=True)
def warnings_of_ours_are_expected(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which trainbook warns of something that the test does not expect, by `pytest.warns` or a mark `says`, or does not warn of what it says.

    A filter that makes errors of them would not do: where warnings are errors, trainbook prints them, for the training to go on.
    """
    with warnings.catch_warnings(record=True) as caught: yield
    expected = [text for mark in request.node.iter_markers("says") for text in mark.args]
    ours = [str(warning.message) for warning in caught if is_ours(warning)]
    for warning in caught:
        if not is_ours(warning): warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno, source=warning.source)
    wrong = [f"is not expected: {said}" for said in ours if not any(text in said for text in expected)]
    wrong += [f"is expected and was not said: {text}" for text in expected if not any(text in said for said in ours)]
    if wrong: pytest.fail("A warning of trainbook's " + "\nand one ".join(wrong), pytrace=False)


def is_ours(warning: warnings.WarningMessage) -> bool: return issubclass(warning.category, RuntimeWarning) and OURS in Path(warning.filename).parents
