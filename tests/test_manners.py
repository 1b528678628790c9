"""How the panel behaves among what else is in a notebook: widgets, keys, kernels that end, cells that are moved or cleared, many runs."""
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

import pytest
from jupyter_client import KernelClient, KernelManager
from jupyter_client.kernelspec import KernelSpecManager
from lab import NO_KERNEL, LabPage, notebook
from playwright.sync_api import Locator, expect

from trainbook import list_runs, open_run
from trainbook.widget.picture import OWN, PANELS

TRAIN = """
from time import sleep
from trainbook import watch

def train(name, epochs=3, steps=20, pause=.02, between=None, **more):
    with watch(name=name, dir="runs-manners", **more) as run:
        for epoch in run.epochs(epochs):
            for batch in run.batches(range(steps)):
                sleep(pause)
                run.log(loss=1 / run.step)
            run.log(val_loss=1 / run.step)
            if between: between(epoch)
    return run
"""


def open_with(lab: LabPage, jupyter, name: str, *cells: str):
    path = notebook([TRAIN, *cells], jupyter.root / f"{name}.ipynb")
    lab.open(path)
    lab.run_cell(0)
    lab.wait_done(0)
    return path


def panel(lab: LabPage, name: str) -> Locator: return lab.page.get_by_role("region", name=f"Training {name}", exact=True)


def word(shown: Locator, state: str, seconds=30): expect(shown.locator(".pill")).to_have_text(state, timeout=1000 * seconds)


def pictures(lab: LabPage) -> list[str]:
    """What the pictures that are seen say they show."""
    return [picture.get_attribute("alt") for picture in lab.page.locator("img.trainbook-picture").all() if picture.is_visible()]


def reopen(lab: LabPage, path) -> list[str]:
    """The pictures in the notebook as it was saved, opened without a kernel."""
    lab.save()
    lab.shutdown_kernel()
    lab.open(path, kernel=NO_KERNEL)
    lab.page.wait_for_timeout(2500)
    expect(lab.page.get_by_text(re.compile("model not found|Loading widget")).filter(visible=True)).to_have_count(0)
    return pictures(lab)


PLACES = dict(
    box="out = w.Output(); display(w.VBox([w.Button(description='My own'), out]))\nwith out: train('inside', epochs=8)",
    tabs="out = w.Output(); display(w.Tab([w.VBox([w.Button(description='My own'), out])], titles=['Training']))\nwith out: train('inside', epochs=8)",
    within="outer, inner = w.Output(), w.Output(); display(outer)\nwith outer: display(w.Button(description='My own'), inner)\nwith inner: train('inside', "
           "epochs=8)",
    interact="display(w.Button(description='My own'))\nw.interact(lambda lr: train('inside', epochs=8, config=dict(lr=lr)) and None, lr=w.fixed(.1))")


@pytest.mark.parametrize("place", PLACES)
def test_widgets_around_the_panel_stay(lab: LabPage, jupyter, shots, place):
    open_with(lab, jupyter, f"place-{place}", f"import ipywidgets as w\nfrom IPython.display import display\n{PLACES[place]}")
    lab.run_cell(1)
    if place != "interact": word(panel(lab, "inside"), "training")  # interact calls its function before it shows anything
    own = lab.page.get_by_role("button", name="My own")
    expect(own).to_be_visible()
    lab.wait_done(1)
    word(panel(lab, "inside"), "finished")
    expect(own).to_be_visible()
    assert pictures(lab) == []
    lab.screenshot(shots / f"place-{place}.png")


def sources(lab: LabPage) -> list[tuple[str, str]]:
    return json.loads(lab.page.evaluate("JSON.stringify(jupyterapp.shell.currentWidget.content.widgets.map(({ model }) => [model.type, "
                                        "model.sharedModel.source]))"))


def active(lab: LabPage) -> int: return lab.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")


def test_keys_pressed_in_the_panel_are_no_commands(lab: LabPage, jupyter):
    """In JupyterLab, m makes a cell Markdown, x cuts it, a and b add one, the arrows go to another one."""
    open_with(lab, jupyter, "keys", "train('keys', epochs=500, early_stop=50)", "'the next cell'")
    lab.run_cell(1)
    word(panel(lab, "keys"), "training")
    lab.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    before, shown = sources(lab), panel(lab, "keys")
    expect(shown.get_by_label("monitor", exact=True)).to_have_value("val_loss")
    controls = [shown.get_by_role("button", name="Halve learning rate"), shown.get_by_role("switch"), shown.get_by_label("monitor", exact=True),
                shown.get_by_label("mode", exact=True), shown.get_by_label("patience"), shown.get_by_label("restore best"), shown.locator(".plot").first,
                shown.get_by_role("button", name=re.compile("smooth"))]
    for control in controls:
        if not control.is_visible(): continue
        for focus in (control.focus, lambda: control.click(timeout=3000)):
            focus()
            for key in ("m", "x", "a", "b", "y", "d", "d", "ArrowDown", "ArrowUp", "c"): lab.page.keyboard.press(key)
            assert (sources(lab), active(lab)) == (before, 1), (control, focus)
            lab.page.keyboard.press("Escape")
    shown.get_by_role("button", name="Stop now").click()
    lab.wait_done(1)
    lab.page.keyboard.press("Shift+Enter")  # after a click, it runs the cell as ever: the button would not be pressed, as it is off by now
    assert sources(lab)[:3] == before[:3]


def test_after_a_click_shift_enter_runs_the_cell(lab: LabPage, jupyter):
    open_with(lab, jupyter, "shift-enter", "run = train('clicked', epochs=500)", "'the next cell'")
    lab.run_cell(1)
    word(panel(lab, "clicked"), "training")
    lab.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 2")
    smoothing = panel(lab, "clicked").get_by_role("button", name=re.compile("smooth"))
    smoothing.dblclick()
    expect(smoothing).to_have_text("not smoothed")
    lab.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 2")
    lab.page.keyboard.press("Shift+Enter")
    expect(lab.cells().nth(2).locator(".jp-InputPrompt")).to_have_text("[*]:")
    expect(smoothing).to_have_text("not smoothed")
    panel(lab, "clicked").get_by_role("button", name="Stop now").click()
    lab.wait_done(2)
    assert lab.output_text(2) == "'the next cell'"


def is_off(shown: Locator):
    expect(shown.locator(".steering :is(button, select, input):enabled")).to_have_count(0)
    header = shown.locator("header").inner_text()
    assert "left" not in header and "buttons" not in header and "training" not in header


def asked(lab: LabPage) -> list[str]:
    """What the page sends to its kernel from now on, growing."""
    sent = []
    lab.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    return sent


def test_a_kernel_that_is_restarted_is_said_to_be_gone(lab: LabPage, jupyter, shots):
    open_with(lab, jupyter, "restarted", "train('restarted', epochs=500)")
    lab.run_cell(1)
    shown = panel(lab, "restarted")
    word(shown, "training")
    lab.restart_kernel()
    word(shown, "disconnected", 8)
    is_off(shown)
    expect(shown.locator(".hint")).to_have_text("the kernel was restarted or shut down")
    lab.screenshot(shots / "disconnected.png", shown)
    lab.theme("JupyterLab Dark")
    lab.screenshot(shots / "disconnected-dark.png", shown)


def test_a_kernel_that_is_killed_is_said_to_be_gone(lab: LabPage, jupyter, shots):
    open_with(lab, jupyter, "killed", "train('killed', epochs=500)")
    lab.run_cell(1)
    shown = panel(lab, "killed")
    word(shown, "training")
    os.kill(open_run(list_runs(jupyter.root / "runs-manners").index[-1]).info["process"]["pid"], signal.SIGKILL)
    expect(shown.locator(".pill")).to_have_text(re.compile("no answer|disconnected"), timeout=15_000)
    is_off(shown)
    lab.screenshot(shots / "killed.png")


def test_a_kernel_that_can_t_be_reached_for_a_while(lab: LabPage, jupyter, shots):
    """Stopped in the midst, as a computer is that sleeps or a network that is cut; nothing that was asked for in between happens later."""
    open_with(lab, jupyter, "away", "run = train('away', epochs=500)")
    lab.run_cell(1)
    shown = panel(lab, "away")
    word(shown, "training")
    pid = open_run(list_runs(jupyter.root / "runs-manners").index[-1]).info["process"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        shown.get_by_role("button", name="Stop after epoch").click()
        word(shown, "no answer", 15)
        is_off(shown)
        lab.screenshot(shots / "no-answer.png", shown)
    finally: os.kill(pid, signal.SIGCONT)
    shown.locator(".pill").wait_for()
    expect(shown.locator(".pill")).not_to_have_text("no answer")


def test_a_cell_that_is_moved_keeps_the_run_s_name(lab: LabPage, jupyter, shots):
    path = open_with(lab, jupyter, "moved", "train('moved', epochs=4, steps=60)", "1")
    lab.run_cell(1)
    word(panel(lab, "moved"), "training")
    lab.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 1; jupyterapp.commands.execute('notebook:move-cell-down') }")
    word(panel(lab, "moved"), "finished")
    assert pictures(lab) == []
    [shown] = reopen(lab, path)
    assert shown.startswith("moved: running")
    expect(lab.page.get_by_text(re.compile(r"open_run\('runs-manners/.*_moved_"))).to_be_visible()
    lab.screenshot(shots / "moved.png")


def test_a_page_that_is_reloaded_keeps_the_run_s_name(lab: LabPage, jupyter, shots):
    """Before the first epoch is over, and with the state of widgets in the notebook."""
    jupyter.set_setting("@jupyter-widgets/jupyterlab-manager:plugin", dict(saveState=True))
    path = open_with(lab, jupyter, "reloaded-early", "train('early', epochs=1, steps=400)")
    lab.run_cell(1)
    word(panel(lab, "early"), "training")
    lab.save()
    lab.open(path, idle=False)
    word(panel(lab, "early"), "finished", 60)
    [shown] = reopen(lab, path)
    assert shown == "early: running"
    expect(lab.page.get_by_text(re.compile(r"open_run\('runs-manners/.*_early_"))).to_be_visible()
    expect(lab.page.locator(".trainbook-panel:visible")).to_have_count(0)
    lab.screenshot(shots / "card.png")
    lab.theme("JupyterLab Dark")
    lab.page.wait_for_timeout(2500)
    lab.screenshot(shots / "card-dark.png")


def test_what_is_cleared_comes_back(lab: LabPage, jupyter, shots):
    cell = "from IPython.display import clear_output\ntrain('cleared', between=lambda epoch: clear_output(wait=True) or print('samples', epoch), steps=300)"
    path = open_with(lab, jupyter, "cleared", cell)
    lab.run_cell(1)
    for epoch in range(2):  # the first picture is drawn meanwhile, for which a busy machine takes seconds
        expect(lab.output(1).get_by_text(f"samples {epoch}")).to_be_visible(timeout=20_000)
        expect(panel(lab, "cleared").get_by_role("button", name="Stop now")).to_be_enabled(timeout=15_000)
    lab.wait_done(1, 60)
    word(panel(lab, "cleared"), "finished")
    lab.screenshot(shots / "cleared.png")
    assert reopen(lab, path) == ["cleared: finished, step 900"]
    expect(lab.output(1).get_by_text("samples 2")).to_be_visible()


def test_what_is_cleared_elsewhere_changes_nothing(lab: LabPage, jupyter):
    """An Output widget for samples, cleared after every epoch: there is still one panel, and it is not made anew."""
    cell = """import ipywidgets as w
from IPython.display import display
out = w.Output(); display(out)
def samples(epoch):
    out.clear_output(wait=True)
    with out: print("samples", epoch)
train("beside", between=samples, steps=50)"""
    path = open_with(lab, jupyter, "beside", cell)
    lab.run_cell(1)
    word(panel(lab, "beside"), "training")
    panel(lab, "beside").evaluate("panel => panel.dataset.mark = 'the first one'")
    lab.wait_done(1)
    word(panel(lab, "beside"), "finished")
    assert panel(lab, "beside").count() == 1 and panel(lab, "beside").get_attribute("data-mark") == "the first one"
    assert reopen(lab, path) == ["beside: finished, step 150"]


def test_a_cell_captured_and_shown_later(lab: LabPage, jupyter):
    open_with(lab, jupyter, "captured", "%%capture captured\ntrain('captured')", "captured.show()")
    lab.run_cell(1)
    lab.wait_done(1)
    assert panel(lab, "captured").count() == 0
    lab.run_cell(2)
    word(panel(lab, "captured"), "finished")
    assert pictures(lab) == []


def test_many_runs_in_one_cell(lab: LabPage, jupyter, shots):
    """JupyterLab shows the first fifty outputs of a cell: with room for fewer here, as drawing that many pictures takes minutes."""
    assert PANELS + OWN < 50
    jupyter.set_setting("@jupyterlab/notebook-extension:tracker", dict(maxNumberOutputs=10))
    sweep = "for i in range(9): train(f'sweep {i}', epochs=1, steps=3, checkpoint=None)\ntrain('the last one', checkpoint=None)"
    path = open_with(lab, jupyter, "many", f"import trainbook.widget.picture as picture; picture.PANELS, picture.OWN, picture.MOST = 6, 3, 4\n{sweep}")
    lab.run_cell(1)
    lab.wait_done(1, 90)
    word(panel(lab, "the last one"), "finished")
    assert panel(lab, "sweep 0").is_visible() and panel(lab, "sweep 4").is_visible() and panel(lab, "sweep 7").count() == 0 and pictures(lab) == []
    seen = reopen(lab, path)
    assert seen == [f"sweep {i}: finished, step 3" for i in (0, 1, 6, 7, 8)] + ["the last one: finished, step 60"]
    expect(lab.page.get_by_text(re.compile(r"open_run\('runs-manners/.*_sweep-?_?4_"))).to_be_visible()  # no picture, but its name
    lab.screenshot(shots / "many.png")


def test_the_kernel_is_busy_while_it_trains(lab: LabPage, jupyter):
    """Also after messages of the panel, which are handled on a thread of their own; and idle when the cell is over."""
    open_with(lab, jupyter, "busy", "run = train('busy', epochs=500)")
    lab.run_cell(1)
    word(panel(lab, "busy"), "training")
    for _ in range(3):
        panel(lab, "busy").get_by_role("button", name="Halve learning rate").or_(panel(lab, "busy").get_by_role("switch")).first.click()
        lab.page.wait_for_timeout(800)
        lab.page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'busy'", timeout=10_000)
        assert [kernel["execution_state"] for kernel in jupyter.api("GET", "kernels")] == ["busy"]
    panel(lab, "busy").get_by_role("button", name="Stop now").click()
    lab.wait_done(1)
    lab.page.wait_for_timeout(800)
    assert lab.kernel_status() == "idle"


def test_the_panel_of_a_later_run_takes_the_place_of_an_earlier_one(lab: LabPage, jupyter):
    """With room for three: so no number of runs fills the outputs that JupyterLab shows. A run that goes on keeps its panel, and what is cleared makes room."""
    sweep = "for i in range(6): train(f'sweep {i}', epochs=1, steps=3, checkpoint=None)"
    within = "with watch(name='outer', dir='runs-manners', checkpoint=None) as run:\n    for step in run.steps(1): train('inner', epochs=1, checkpoint=None)"
    cell = f"import trainbook.widget.picture as picture; picture.PANELS = 3\n{sweep}\n{within}\ntrain('the last one', checkpoint=None)"
    open_with(lab, jupyter, "rolling", cell)
    lab.run_cell(1)
    lab.wait_done(1, 90)
    word(panel(lab, "the last one"), "finished")
    shown = [name for name in ("sweep 0", "sweep 1", "sweep 2", "sweep 5", "outer", "inner", "the last one") if panel(lab, name).count()]
    assert shown == ["sweep 0", "sweep 1", "outer", "the last one"] and pictures(lab) == []


BETWEEN = dict(
    step="for step in run.steps(1): hold()",
    captured="get_ipython().run_cell_magic('capture', '', 'print(1)')\n    for step in run.steps(1): hold()",
    behind="for step in run.steps(1): pass\n    hold()")


@contextmanager
def kernel_of_version(jupyter, version: str, cwd: Path) -> Iterator[KernelClient]:
    """A kernel that is spoken to by its own protocol, with no front end."""
    specs = KernelSpecManager(kernel_dirs=[str(jupyter.home / "data/kernels")])
    manager = KernelManager(kernel_name=jupyter.install_kernel(version), kernel_spec_manager=specs)
    manager.start_kernel(cwd=cwd)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def watching_cell(between: str) -> str:
    return f"""from pathlib import Path
from time import sleep
from trainbook import watch
def hold():
    while not Path('go').exists(): sleep(.05)
with watch(dir='.', view='panel', checkpoint=None) as run:
    print('comm', run.views[0].comm.comm_id, flush=True)
    {between}"""


def send(client: KernelClient, channel, kind: str, content: dict, **header) -> str:  # the id of the message
    message = client.session.msg(kind, content)
    message["header"] |= header
    channel.send(message)
    return message["header"]["msg_id"]


@pytest.mark.parametrize("version, between", [("7.4", "step"), ("7.3", "step"), ("7.4", "captured"), ("7.4", "behind")])
def test_the_kernel_is_busy_in_the_midst_of_a_step(jupyter, tmp_path, version, between):
    """Messages on a subshell, by the kernel's own protocol: the last word on its status is the cell's, within the cell and at its end."""
    with kernel_of_version(jupyter, version, tmp_path) as client:
        def said(seconds: float) -> list[tuple[str, str]]:
            """What the kernel says of its status, and of which request, until it is silent for so long."""
            found = []
            try:
                while message := client.get_iopub_msg(timeout=seconds):
                    if message["msg_type"] == "status": found.append((message["content"]["execution_state"], message["parent_header"]["msg_type"]))
                    if message["msg_type"] == "stream" and "comm " in message["content"]["text"]: comms.append(message["content"]["text"].split()[-1])
            except Empty: return found

        comms = []
        client.execute(watching_cell(BETWEEN[between]))
        while not comms: said(.2)
        send(client, client.control_channel, "create_subshell_request", {})
        subshell = client.get_control_msg(timeout=10)["content"]["subshell_id"]
        for number in range(2):
            data = dict(method="custom", content=dict(command="hello", id=f"message {number}", arguments={}))
            send(client, client.shell_channel, "comm_msg", dict(comm_id=comms[0], data=data), subshell_id=subshell)
            states = said(.4)
            assert ("idle", "comm_msg") in states and states[-1] == ("busy", "execute_request"), states
        (tmp_path / "go").touch()
        while client.get_shell_msg(timeout=20)["msg_type"] != "execute_reply": pass  # a slow kernel has been asked more than once whether it is there
        assert said(.5)[-1] == ("idle", "execute_request")
        send(client, client.shell_channel, "comm_msg", dict(comm_id=comms[0], data=data), subshell_id=subshell)
        assert said(.5)[-1] == ("idle", "comm_msg")


def test_a_page_that_is_reloaded_is_answered_by_the_kernel_itself(jupyter, tmp_path):
    """It asks for a widget's state in mid-cell, and JupyterLab shows no widget before an answer with the id of the request has come."""
    with kernel_of_version(jupyter, "6.31", tmp_path) as client:
        client.execute(watching_cell("for step in run.steps(60): sleep(.05)"))
        asked, answered = None, set()  # ids of requests
        while asked is None or asked not in answered:
            message = client.get_iopub_msg(timeout=30)
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and "comm " in content["text"]:
                asked = send(client, client.shell_channel, "comm_msg", dict(comm_id=content["text"].split()[-1], data=dict(method="request_state")))
            if kind == "comm_msg" and content["data"]["method"] == "update": answered.add(message["parent_header"]["msg_id"])


NOISE = """
from trainbook import watch
from input_noise import noise_of
import torch
with watch(name="noisy", dir="runs-manners", checkpoint=None) as run:
    noise, levels = noise_of(run), []
    for epoch in run.epochs(500):
        for inputs in run.batches([torch.ones(4)] * 20):
            sleep(.02)
            levels.append(noise.level)
            run.log(loss=float(noise(inputs).square().mean()))
print(sorted(set(levels)), levels[-1])
"""


def test_the_button_of_a_registered_command(lab: LabPage, jupyter, shots):
    """A package that is only installed: its button is there, takes effect in the training, and is taken back."""
    about = jupyter.root / "site/input_noise-0.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: input-noise\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[trainbook.parts]\ninput_noise = input_noise:InputNoise\n")
    (jupyter.root / "site/input_noise.py").write_text((Path(__file__).parent / "outsiders/input_noise.py").read_text())
    open_with(lab, jupyter, "registered", f"import sys; sys.path.insert(0, 'site'){NOISE}")
    lab.run_cell(1)
    shown = panel(lab, "noisy")
    word(shown, "training")
    button = shown.get_by_role("group", name="More commands").get_by_role("button", name="Double the noise", exact=True)
    run = open_run(list_runs(jupyter.root / "runs-manners").index[-1])

    def level(wanted: float):
        found = None
        for _ in range(100):
            if (found := (run.info.get("steering") or {}).get("noise_level")) == pytest.approx(wanted): return
            lab.page.wait_for_timeout(100)
        raise AssertionError(f"{found} is not {wanted}")

    level(.01)
    button.click()
    level(.02)
    card = shown.locator(".card").filter(has_text="Double the noise")
    expect(card.first).to_be_visible(timeout=30_000)  # the first picture is drawn meanwhile, which takes a busy machine seconds
    for theme in ("light", "dark"):
        if theme == "dark": lab.theme("JupyterLab Dark")
        shown.scroll_into_view_if_needed()
        lab.screenshot(shots / f"registered-{theme}.png", shown)
    shown.get_by_role("button", name="Undo", exact=True).first.click()
    level(.01)
    shown.get_by_role("button", name="Stop now").click()
    lab.wait_done(1)
    assert lab.output_text(1).endswith("[0.01, 0.02] 0.01")


def test_zoom_of_the_browser(lab: LabPage, jupyter, shots):
    """The panel is as wide as before, and so it hears of no other size; the map is sharp all the same and tells the same steps."""
    cell = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), .1)
with watch(model, optimizer, name="zoom", dir="runs-manners") as run:
    for step in run.steps(40):
        model(torch.ones(2, 4)).square().mean().backward(); optimizer.step(); optimizer.zero_grad()
        run.log(loss=1 / run.step)
"""
    lab.page.set_viewport_size(dict(width=1920, height=1000))
    open_with(lab, jupyter, "zoom", cell)
    lab.run_cell(1)
    lab.wait_done(1)
    word(panel(lab, "zoom"), "finished")
    session, area, told = lab.page.context.new_cdp_session(lab.page), panel(lab, "zoom").locator(".gradients .heat .area"), []
    for ratio in (1, 1.5, 2, .67):
        session.send("Emulation.setDeviceMetricsOverride", dict(width=round(1920 / ratio), height=round(1000 / ratio), deviceScaleFactor=ratio, mobile=False))
        lab.page.wait_for_timeout(1000)
        panel(lab, "zoom").scroll_into_view_if_needed()
        box = area.bounding_box()
        told.append([])
        for share in (.20625, .50625, .90625):  # a quarter of a step, which is several px, from where the nearest step is another one
            lab.page.mouse.move(box["x"] + share * box["width"], box["y"] + 5)
            told[-1].append(panel(lab, "zoom").locator(".gradients .heat .hover span").nth(1).inner_text())
        width, painted = area.evaluate("area => [area.clientWidth * devicePixelRatio, area.querySelector('canvas').width]")
        assert abs(width - painted) <= 1
        lab.screenshot(shots / f"zoom-{ratio}.png", panel(lab, "zoom"))
    assert told[1:] == 3 * told[:1]
