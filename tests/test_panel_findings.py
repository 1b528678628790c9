"""A finding in real JupyterLab: its card appears while the cell runs, its button acts at the next step, and one that is muted stays so."""
import re

from lab import LabPage, notebook
from playwright.sync_api import expect

from trainbook import list_runs, open_run

# Rules of the test's own, so that it is known what is found and when; what the rules of the package find is tested where they are.
TRAIN = """
from time import sleep
import torch
from trainbook import watch
from trainbook.run.finding import Finding, HALVE_RATE

def loss_does_not_fall(facts):
    curve = facts.training.get("loss")
    if facts.step >= 5 and curve:
        points = [(int(step), float(value)) for step, value in zip(curve.steps[:5], curve.values[:5])]
        yield Finding("lr_too_high", "error", "optimizer", dict(loss=points[-1][1]), "The loss does not fall. Each step goes too far.",
                      "Take a smaller rate: torch.optim.SGD(model.parameters(), lr=.01).", remedies=(HALVE_RATE,), series=dict(loss=points))
        yield Finding("memory_leak", "warning", "losses", {}, "Each loss is kept, and its graph with it. Memory runs out.", "Keep numbers: loss.item().")

model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=.2)  # which goes to and fro
with watch(model, optimizer, name="found", dir="runs-found", rules=[loss_does_not_fall]) as run:
    for epoch in run.epochs(1000):
        for step in run.steps(20):
            loss = (model(torch.ones(8, 4)) ** 2).mean()
            optimizer.zero_grad(); loss.backward(); optimizer.step()
            run.log(loss=loss)
            sleep(.02)
"""


def test_a_card_acts_while_the_cell_runs_and_a_muted_one_stays_muted(lab: LabPage, jupyter, shots):
    path = notebook([TRAIN], jupyter.root / "found.ipynb")
    lab.open(path)
    lab.run_cell(0)
    panel = lab.page.get_by_role("region", name="Training found")
    card = panel.locator(".finding-card", has_text="Learning rate too high")
    expect(card).to_contain_text("since step 5", timeout=60_000)
    lab.page.mouse.move(5, 5)
    plot = card.get_by_role("group", name="Plot of loss, steps 1 to 5")
    plot.press("End")
    expect(plot.locator(".hover")).to_contain_text("step 5")
    panel.scroll_into_view_if_needed()
    lab.screenshot(shots / "finding-lab.png", panel)
    card.get_by_role("button", name="Halve the learning rate").click()
    expect(card).to_contain_text(re.compile(r"applied at step \d+"), timeout=30_000)
    panel.get_by_role("button", name="Mute Memory leak in losses").click()
    expect(panel.get_by_role("button", name="1 muted")).to_be_visible(timeout=30_000)
    lab.page.mouse.move(5, 5)
    expect(panel.locator(".finding-card")).to_have_count(1, timeout=30_000)
    panel.get_by_role("button", name="Stop now").click()
    lab.wait_done(0)
    run = open_run(list_runs(jupyter.root / "runs-found").index[-1])
    halved = [event for event in run.events() if event.get("command") == "scale_lr"]
    assert halved[1]["status"] == "applied" and halved[1]["step"] - halved[0]["step"] <= 1
    assert [finding.kind for finding in run.findings] == ["lr_too_high"]

    lab.save()
    lab.open(path)
    expect(panel.get_by_role("button", name="1 muted")).to_be_visible(timeout=60_000)
    expect(panel.locator(".finding-card b")).to_have_text(["Learning rate too high"])
    assert not any("trainbook" in line and "rror" in line for line in lab.console)
