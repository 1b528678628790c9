"""Fixtures for the tests in a real browser: a JupyterLab server, a Chromium, and a page per test."""

import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import CHROMIUM, CHROMIUM_ARGS, JupyterServer, LabPage
from playwright.sync_api import Browser, sync_playwright

SHOTS = Path(__file__).parent / ".shots"
FAILED = Path(__file__).parent / ".failed"
TEST_FAILED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the tests that need a browser, and let interrupts be heard."""
    config.addinivalue_line("markers", "browser: runs in a real JupyterLab and Chromium (slow)")
    # A shell has what it starts in the background ignore them, and all that is started from there.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a browser and put them last."""
    for item in items:
        if {"browser", "jupyter"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
    # Playwright's sync API leaves an event loop running, in which other tests could not use asyncio.run.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_sessionfinish() -> None:
    """End the runs that tests have left open, which Python would do as it ends: pytest has the last word."""
    if watching := sys.modules.get("trainbook.train.watch"):
        watching._finish_open_runs()


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
