"""A layout and what a person has chosen hold after a reload, with a new kernel, and in another notebook of the same run."""
from lab import LabPage, notebook
from playwright.sync_api import expect

RUN = """
from trainbook import watch
with watch(name="kept", dir="runs-kept", view=None, show=["reward", ["loss_G", "loss_D"], "entropy", "fid"]) as run:
    for step in run.steps(50): run.log(loss_G=1 / (1 + step), loss_D=1., entropy=.5, kl=.01 * step, reward=-step)
"""
PANELS = """
from pathlib import Path
from IPython.display import display
from trainbook import Panel, open_run
run = open_run(next(Path("runs-kept").iterdir()))
display(run.panel(), Panel(run, layout=["kl", dict(metrics=["reward"], x="kl", kind="scatter"), "rewards"]))
"""


def test_layout_and_choices_survive_reload_restart_and_another_notebook(lab: LabPage, jupyter):
    of_run, of_panel = (lab.page.locator(".trainbook-panel").nth(i) for i in range(2))
    path = notebook([RUN, PANELS], jupyter.root / "kept.ipynb")
    lab.open(path)
    lab.run_all()
    expect(of_run.locator(".small")).to_contain_text(["loss_G, loss_D", "entropy", "No metric fid"], timeout=60_000)
    of_run.get_by_role("button", name="Enlarge entropy").click()
    of_run.get_by_role("button", name="Options of loss_G, loss_D").click()
    lab.page.get_by_role("menuitem", name="Hide", exact=True).click()
    of_run.get_by_role("button", name="log", exact=True).click()

    def look():
        expect(of_run.locator("h3").first).to_have_text("entropy", timeout=60_000)
        expect(of_run.get_by_role("button", name="log", exact=True)).to_have_attribute("aria-pressed", "true")
        expect(of_panel.locator("h3").first).to_have_text("kl")
        for panel, small in (of_run, ["reward", "No metric fid"]), (of_panel, ["reward", "No metric rewards; there is reward"]):
            expect(panel.locator(".small")).to_have_count(2)
            panel.locator(".small").last.scroll_into_view_if_needed()  # what is not seen is not drawn
            expect(panel.locator(".small")).to_contain_text(small)
        expect(of_panel.get_by_role("group", name="reward against kl")).to_be_visible()

    look()
    lab.save()
    lab.open(path)
    look()
    lab.restart_kernel()
    lab.run_cell(1)
    look()
    lab.open(notebook([PANELS], jupyter.root / "other.ipynb"))
    lab.run_all()
    look()
