"""Remedies in real JupyterLab: planned, applied, tried, kept and taken back while the cell runs, by mouse and by keyboard."""
import re

from lab import LabPage, notebook
from playwright.sync_api import Locator, expect

from trainbook import list_runs, open_run

# A rule and remedies of the test's own, so that it is known what is found and what helps.
TRAIN = """
from time import sleep
import torch
from trainbook import watch
from trainbook.remedy.change import Change, Plan
from trainbook.remedy.commands import remedy
from trainbook.run.contract import Positive
from trainbook.run.finding import Finding

@remedy("Take larger steps", cures={"lr_too_low": 1}, arguments=dict(rate=Positive))
def larger_steps(training, rate=.05):
    "The loss falls."
    [optimizer] = training.optimizers.values()
    def make():
        before, optimizer.param_groups[0]["lr"] = optimizer.param_groups[0]["lr"], rate
        def take_back(): optimizer.param_groups[0]["lr"] = before
        return take_back
    return Plan("The rate is set.", [Change("optimizer", "lr 1e-06", f"lr {rate}", make)], dict(rate=rate))

@remedy("Leave it to chance", cures={"lr_too_low": 2})
def leave_to_chance(training):
    "New weights are drawn."
    [model] = training.models.values()
    return Plan("All weights are drawn anew.", [Change(f"layer {i}", "trained", "drawn", model.reset_parameters) for i in range(20)])

@remedy("Ask for too much", cures={"lr_too_low": 3})
def too_much(training):
    "All is done at once."
    def fail(): raise MemoryError("no room for it")
    return Plan("Nothing stays as it is.", [Change("model", "small", "large", fail)])

def loss_does_not_fall(facts):
    if facts.step >= 25: yield Finding("lr_too_low", "error", "optimizer", {}, "The loss does not fall.", "Take a larger rate.")

model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
data = [torch.ones(8, 4) + .1 * torch.randn(8, 4) for _ in range(40)]
with watch(model, optimizer, name="cured", dir="runs-cured", rules=[loss_does_not_fall]) as run:
    for epoch in run.epochs(1000):
        for batch in run.batches(data):
            loss = (model(batch) ** 2).mean()
            optimizer.zero_grad(); loss.backward(); optimizer.step()
            run.log(loss=loss)
            sleep(.02)
"""


def row(panel: Locator, name: str) -> Locator: return panel.locator(".remedies > li").filter(has=panel.page.get_by_role("button", name=name, exact=True))


def test_a_remedy_is_planned_tried_and_kept_or_taken_back(lab: LabPage, jupyter, shots):
    lab.open(notebook([TRAIN], jupyter.root / "cured.ipynb"))
    lab.run_cell(0)
    panel = lab.page.get_by_role("region", name="Training cured")
    press = lambda name: panel.get_by_role("button", name=name, exact=True).click()
    expect(panel.get_by_role("button", name="Take larger steps")).to_be_visible(timeout=60_000)
    chance, large, fails = (row(panel, name) for name in ("Leave it to chance", "Take larger steps", "Ask for too much"))

    press("Pause")
    expect(panel.get_by_role("button", name="Resume")).to_be_visible(timeout=30_000)
    panel.get_by_role("button", name="Leave it to chance").focus()
    lab.page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Apply Leave it to chance")).to_be_focused(timeout=30_000)
    expect(chance.get_by_role("button", name="and 14 more")).to_be_visible()
    lab.screenshot(shots / "remedy-plan-lab.png", panel)
    lab.page.keyboard.press("Space")
    expect(panel.get_by_role("button", name="Leave it to chance", exact=True)).to_be_focused(timeout=30_000)
    expect(chance).to_contain_text("Trial of Leave it to chance:")
    press("Undo Leave it to chance")
    expect(chance).to_contain_text(re.compile(r"taken back at step \d+"), timeout=30_000)
    press("Resume")

    press("Ask for too much")
    press("Apply Ask for too much")
    expect(fails).to_contain_text("no room for it", timeout=30_000)

    panel.get_by_role("button", name="Take larger steps").dblclick()
    panel.get_by_role("button", name="Apply Take larger steps").dblclick()
    expect(large).to_contain_text(re.compile(r"Trial of Take larger steps: \d+ of \d+ steps"), timeout=30_000)
    lab.screenshot(shots / "remedy-trial-lab.png", panel)
    expect(large).to_contain_text("Trial of Take larger steps: better", timeout=60_000)
    lab.screenshot(shots / "remedy-verdict-lab.png", panel)
    press("Keep Take larger steps")
    expect(large).to_contain_text(re.compile(r"kept at step \d+"), timeout=30_000)
    press("Stop now")
    lab.wait_done(0)
    run = open_run(list_runs(jupyter.root / "runs-cured").index[-1])
    outcomes = [(event["command"], event["status"]) for event in run.events() if event["event"] == "command" and event["status"] != "requested"]
    assert outcomes == [("pause", "applied"), ("plan", "applied"), ("leave_to_chance", "applied"), ("undo", "applied"), ("resume", "applied"),
                        ("plan", "applied"), ("too_much", "failed"), ("plan", "applied"), ("larger_steps", "applied"), ("keep", "applied"), ("stop", "applied")]
    assert not any("trainbook" in line and "rror" in line for line in lab.console)
