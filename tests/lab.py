"""A real JupyterLab driven by a real Chromium: the server, its kernels, and a page showing a notebook."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, expect

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]

KERNELS = {"6.31": "6.31.0", "7.3": "7.3.0", "7.4": "7.4.0"}

# What older ipykernels import and the newest, which the venv has, no longer brings along.
OLD_KERNEL_NEEDS = ["nest-asyncio", "psutil"]

SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # A notebook is saved when a test says so, not two minutes into it.
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    # Every cell is in the DOM and laid out, so that cell i is the i-th element, seen or not.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}

PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}

# For LabPage.open: show a notebook as it was saved.
NO_KERNEL = ""


def notebook(cells: list[str], path: Path, kernel: str = "python3") -> Path:
    """Write a notebook of code cells (markdown where a string starts with "#md ") and return its path."""
    node = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": kernel, "display_name": kernel}})
    node.cells = [_cell(source, f"cell-{number}") for number, source in enumerate(cells)]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(node, path)
    return path


def _cell(source: str, cell_id: str) -> nbformat.NotebookNode:
    """Make one cell whose id is the same on every run."""
    if source.startswith("#md "):
        return nbformat.v4.new_markdown_cell(source.removeprefix("#md "), id=cell_id)
    return nbformat.v4.new_code_cell(source, id=cell_id)


class JupyterServer:
    """A JupyterLab server of this venv in a folder, sharing no configuration with the machine."""

    def __init__(self, root: Path, timeout: float = 60) -> None:
        """Start the server and wait till it answers."""
        self.root = Path(root).resolve()
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = Path(tempfile.mkdtemp(prefix="jupyter-home-"))
        self.log = self.home / "server.log"
        self._configure()
        self.process = self._launch()
        try:
            self._wait_until_up(timeout)
        except BaseException:
            self.stop()
            raise

    def api(self, method: str, path: str, body: dict | None = None):
        """Call the server's REST API, such as api("GET", "sessions"), and return its JSON."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def install_kernel(self, version: str) -> str:
        """Offer a kernel running that ipykernel, one of KERNELS; return the kernel's name."""
        packages = _ipykernel_folder(KERNELS[version])
        name = f"ipykernel-{version}"
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "env": {"PYTHONPATH": str(packages)},
        }
        _write_json(self.home / "data" / "kernels" / name / "kernel.json", spec)
        return name

    def start_kernel(self, notebook_path: str, kernel: str) -> None:
        """Start that kernel for a notebook (relative to the root), unless it has one running."""
        document = {"path": notebook_path, "name": notebook_path, "type": "notebook"}
        self.api("POST", "sessions", document | {"kernel": {"name": kernel}})

    def kernel_of(self, notebook_path: str) -> str | None:
        """Return the id of the kernel running for a notebook (relative to the root), None without one."""
        for session in self.api("GET", "sessions"):
            if session["path"] == notebook_path and session["kernel"]:
                return session["kernel"]["id"]
        return None

    def log_tail(self, lines: int = 30) -> str:
        """Return the end of the log, which holds what kernels write to stderr as well."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def set_setting(self, plugin: str, settings: dict) -> None:
        """Change a setting for the pages opened next, till reset(); the plugin such as "@jupyterlab/x-extension:y"."""
        package, _, name = plugin.partition(":")
        _write_json(self.home / "settings" / package / f"{name}.jupyterlab-settings", settings)

    def reset(self) -> None:
        """End all sessions and kernels and forget the settings changed in pages, such as the theme."""
        for kind in ("sessions", "kernels"):
            for running in self.api("GET", kind):
                self._delete(f"{kind}/{running['id']}")
        shutil.rmtree(self.home / "settings", ignore_errors=True)

    def stop(self) -> None:
        """End the server with its kernels and remove its temporary folder."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _delete(self, path: str) -> None:
        """Delete a session or kernel, which may have gone since it was listed."""
        try:
            self.api("DELETE", path)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise

    def _configure(self) -> None:
        """Write the settings with which JupyterLab starts."""
        labconfig = self.home / "config" / "labconfig"
        _write_json(labconfig / "default_setting_overrides.json", SETTINGS)
        _write_json(labconfig / "page_config.json", PAGE_CONFIG)

    def _launch(self) -> subprocess.Popen:
        """Start the server's process, writing to the log."""
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            "--ServerApp.terminals_enabled=False",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            # The default one asks PyPI.
            "--LabApp.extension_manager=readonly",
        ]
        with self.log.open("wb") as log:
            # In its own session a Ctrl-C in the terminal reaches only pytest, which then stops the server.
            return subprocess.Popen(
                command,
                env=os.environ | self._folders(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _folders(self) -> dict[str, str]:
        """Return the environment that keeps Jupyter's and IPython's files in the temporary folder."""
        return {
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
            "IPYTHONDIR": str(self.home / "ipython"),
        }

    def _wait_until_up(self, timeout: float) -> None:
        """Wait till the API answers; raise with the end of the log when it does not."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self.api("GET", "status")
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start (exit code {self.process.poll()}):\n{self.log_tail()}")


def _free_port() -> int:
    """Return a port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _write_json(path: Path, content: dict) -> None:
    """Write a JSON file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def installed(folder: Path, *arguments: str) -> Path:
    """Return a folder into which pip has installed something, the first time it is asked for."""
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    # Renamed when complete, lest an interrupted install be taken for a whole one.
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        subprocess.run([*pip, "--target", f"{scratch}/all", *arguments], check=True)
        try:
            Path(scratch, "all").rename(folder)
        except OSError:  # another worker was faster
            if not folder.exists():
                raise
    return folder


def _ipykernel_folder(version: str) -> Path:
    """Return a folder holding that ipykernel."""
    return installed(Path(sys.prefix) / "kernels" / version, "--no-deps", f"ipykernel=={version}", *OLD_KERNEL_NEEDS)


class LabPage:
    """A browser page in which JupyterLab shows one notebook; cells are counted from 0."""

    def __init__(self, page: Page, server: JupyterServer) -> None:
        """Wrap a page, keeping what its console says."""
        self.page = page
        self.server = server
        self.path = ""
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"pageerror: {error} {error.stack}"))

    def open_in_notebook(self, notebook_path: str | Path) -> None:
        """Show a notebook in Notebook 7 instead of JupyterLab, and wait till it is ready."""
        self.path = self._relative(notebook_path)
        self.page.goto(f"{self.server.url}/notebooks/{self.path}?token={self.server.token}")
        self.page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context")
        self._js("() => jupyterapp.restored")
        self._wait_until_rendered()
        self._wait_for_kernel(idle=True)

    def open(self, notebook_path: str | Path, kernel: str | None = None, idle: bool = True) -> None:
        """Show a notebook with the kernel it names, another one or NO_KERNEL, and wait till it is ready.

        A kernel that runs for this notebook is taken up again; idle=False does not wait for it to be idle.
        """
        self.path = self._relative(notebook_path)
        if kernel:
            self.server.start_kernel(self.path, kernel)
        # The single-document mode with nothing in it yet: NO_KERNEL must be arranged before a notebook opens.
        self.page.goto(f"{self.server.url}/doc?reset&token={self.server.token}")
        self.page.wait_for_function("window.jupyterapp")
        self._js("() => jupyterapp.restored")
        self._wait_for_splash()
        if kernel == NO_KERNEL:
            self._keep_kernels_from_starting()
        self._js("path => jupyterapp.commands.execute('docmanager:open', {path})", self.path)
        self._wait_until_rendered()
        if kernel != NO_KERNEL:
            self._wait_for_kernel(idle)

    def run_cell(self, i: int) -> None:
        """Run cell i as Shift+Enter does, without waiting."""
        self._forget_counts([i])
        self._js(
            """i => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = i;
                notebook.deselectAll();
                jupyterapp.commands.execute('notebook:run-cell-and-select-next');
            }""",
            i,
        )

    def run_all(self) -> None:
        """Run all cells, without waiting."""
        self._forget_counts(list(range(self.cells().count())))
        self._js("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def wait_done(self, i: int, timeout: float = 30) -> None:
        """Wait till cell i, once run, has its execution number; seconds."""
        try:
            expect(self._prompt(i)).to_have_text(re.compile(r"\[\d+\]:"), timeout=timeout * 1000)
        except AssertionError:
            state = f"{self._prompt(i).inner_text()} with the kernel {self.kernel_status()}"
            message = f"cell {i} is {state} after {timeout} s; its output: {self.output_text(i)!r}"
            raise AssertionError(message) from None

    def cells(self) -> Locator:
        """Return all cells."""
        return self.page.locator(".jp-Notebook .jp-Cell")

    def output(self, i: int) -> Locator:
        """Return the output area of code cell i."""
        return self.cells().nth(i).locator(".jp-Cell-outputArea")

    def output_text(self, i: int) -> str:
        """Return the text cell i's outputs show, without their prompts."""
        return "\n".join(self.output(i).locator(".jp-OutputArea-output").all_inner_texts()).strip()

    def failed(self, i: int) -> bool:
        """Tell whether cell i shows a traceback."""
        # The DOM does not tell: what is printed to stderr has the same classes and MIME type.
        return self._js(
            """i => jupyterapp.shell.currentWidget.content.widgets[i].model.outputs.toJSON()
                .some(output => output.output_type === 'error')""",
            i,
        )

    def theme(self, name: str) -> None:
        """Switch to "JupyterLab Dark" or "JupyterLab Light", till the server's reset()."""
        self._js("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)
        self._wait_for_splash()

    def save(self) -> None:
        """Save the notebook and wait till it is saved, with what a kernel has sent meanwhile."""
        self._js("() => jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function(
            """async () => {
                const {context} = jupyterapp.shell.currentWidget;
                if (context.model.dirty) await context.save();
                return !context.model.dirty;
            }""",
            polling=200,
        )

    def kernel_status(self) -> str:
        """Return what the page shows of the kernel: idle, busy, unknown (none, or not heard of yet) ..."""
        return self._js("() => jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus")

    def restart_kernel(self) -> None:
        """Restart the kernel, as after the dialog's Restart, and wait till it is idle."""
        self._js("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        self._wait_for_kernel(idle=True)

    def shutdown_kernel(self) -> None:
        """Shut down the notebook's kernel, leaving the page open."""
        self._js("() => jupyterapp.commands.execute('notebook:shutdown-kernel')")

    def is_trusted(self) -> bool:
        """Tell whether all outputs are trusted; those of a cell run in this page are."""
        return self._js(
            """() => jupyterapp.shell.currentWidget.content.widgets
                .every(({model}) => model.trusted || !model.outputs?.length)"""
        )

    def screenshot(self, path: str | Path, locator: Locator | None = None) -> None:
        """Write a PNG of the page or of one element."""
        (locator or self.page).screenshot(path=path)

    def _js(self, function: str, argument=None):
        """Call a JavaScript function in the page and return its result, awaited."""
        # A command's own result, such as a widget, cannot be carried over: only plain values are returned.
        wrapped = f"""async argument => {{
            const result = await ({function})(argument);
            return result !== null && typeof result === 'object' ? undefined : result;
        }}"""
        return self.page.evaluate(wrapped, argument)

    def _relative(self, notebook_path: str | Path) -> str:
        """Return a notebook's path below the server's root."""
        return str(self.server.root.joinpath(notebook_path).relative_to(self.server.root))

    def _prompt(self, i: int) -> Locator:
        """Return the "[n]:" of cell i."""
        return self.cells().nth(i).locator(".jp-InputPrompt")

    def _forget_counts(self, numbers: list[int]) -> None:
        """Empty the cells' prompts, lest wait_done take a former run's number for this one's."""
        self._js(
            """numbers => {
                for (const number of numbers) {
                    const {model} = jupyterapp.shell.currentWidget.content.widgets[number];
                    if (model.type === 'code') model.sharedModel.execution_count = null;
                }
            }""",
            numbers,
        )

    def _wait_for_splash(self) -> None:
        """Wait till the splash screen, also shown when the theme changes, has faded."""
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def _wait_until_rendered(self) -> None:
        """Wait till all the notebook's cells are in the DOM."""
        self._js("() => jupyterapp.shell.currentWidget.revealed")
        self.page.wait_for_function(
            """() => {
                const {content, context} = jupyterapp.shell.currentWidget;
                const rendered = cell => cell.isAttached && !cell.isPlaceholder();
                return context.isReady && content.widgets.every(rendered);
            }"""
        )

    def _keep_kernels_from_starting(self) -> None:
        """Have the notebook opened next start no kernel, as when "No Kernel" is chosen for it."""
        self._js(
            """() => {
                const {docRegistry} = jupyterapp;
                const usual = docRegistry.getKernelPreference.bind(docRegistry);
                docRegistry.getKernelPreference = (...file) => ({...usual(...file), shouldStart: false});
            }"""
        )

    def _wait_for_kernel(self, idle: bool) -> None:
        """Wait till the kernel is connected, or also idle, accepting what dialogs propose meanwhile."""
        # A busy kernel's status is unknown to a new page, whose first request it answers when idle.
        self.page.wait_for_function(
            """idle => {
                document.querySelector('.jp-Dialog .jp-mod-accept')?.click();
                const {session, kernelDisplayStatus} = jupyterapp.shell.currentWidget.sessionContext;
                if (idle) return kernelDisplayStatus === 'idle';
                return session?.kernel?.connectionStatus === 'connected';
            }""",
            arg=idle,
        )
