"""What a kernel would send: rows, events and states of runs that the tests of the panel make up."""
import re

import numpy as np
from page import PanelPage, table

LAYERS = ["conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2"]
SYSTEM = dict(samples_per_second=[5000., 5412.3], steps_per_second=[80., 84.2], data_wait=[.5, .031], watching=[.2, .0062], cpu=[50., 118.2],
              memory=[2**30, 1.2 * 2**30], gpu=[5., 81], gpu_memory=[0., 6.2 * 2**30])
EVIL = "<img src=x onerror=hit=1>"
OVER = ["finished", "stopped", "failed", "lost"]


def losses(steps: int) -> np.ndarray: return .1 + 2 * np.exp(-np.arange(steps) / steps * 4) + .1 * np.sin(np.arange(steps))


def norms(steps: int, layers=len(LAYERS)) -> np.ndarray:
    """Gradient norms that differ from step to step and from layer to layer, all between .01 and .1."""
    return (.01 + .08 * np.random.default_rng(0).random((steps, layers))).astype("f4")


def gradients(norm: np.ndarray, step=None, **more):
    """The table of gradients with these norms, and the total that goes with them."""
    norm = np.asarray(norm, "f4")
    step = np.arange(1, len(norm) + 1) if step is None else step
    more = dict(total=np.sqrt((np.where(norm < 0, 0, norm) ** 2).sum(1)), norm=norm) | more
    return table("gradients", _step=step, **more)


def train(steps: int, **more): return table("train", _step=np.arange(1, steps + 1), **dict(loss=losses(steps)) | more)


def system(steps: int): return table("system", _step=[steps], steps_per_second=[9.], samples_per_second=[12345.], data_wait=[.1], watching=[.02])


def kept(step: int, *roles: str, **more) -> dict:
    """A checkpoint on disk."""
    return dict(name=f"step-{step}", step=step, time=1.79e9, epoch=0, roles=list(roles), tag=None, metric="val_loss", value=.1702345) | more


EARLY = dict(on=True, monitor="val_loss", mode="min", patience=3, min_delta=0., best=.1702, best_step=300, waited=2, would_stop=None,
             restore_best=False)
STEERED = dict(stopping=None, paused_since=None, learning_rate=1.5e-3, learning_rate_scale=1, can_scale=True, can_evaluate=True, early_stop=EARLY,
               can_checkpoint=True, checkpoints=[kept(120, "best")], parent=None)


def registered(*labels: str) -> list[dict]:
    """Commands as the state of a run tells them: `c0`, `c1` … with these labels."""
    return [dict(command=f"c{i}", label=label, arguments=["a", "b"]) for i, label in enumerate(labels)]


def command(name: str, status="applied", step=140, id="a", by="panel", time=1.79e9, **more) -> dict:
    """An event about a command."""
    return dict(event="command", command=name, status=status, step=step, id=id, by=by, time=time, arguments={}) | more


def halved(id="a", **more) -> dict:
    """The event of a learning rate that was halved, which can be taken back."""
    return command("scale_lr", id=id, **dict(arguments=dict(factor=.5), undoable=True) | more)


def rolled_back(status="applied", step=140, **more) -> dict:
    """The event of a rollback, which can be taken back."""
    return command("rollback", status, step, **dict(arguments=dict(to="best"), undoable=True) | more)


def outcome(panel: PanelPage, status: str, **more) -> dict:
    """What became of the last command that was given."""
    asked = panel.asked()[-1]
    return command(asked["command"], status, id=asked["id"], arguments=asked["arguments"], **more)


NAN_FOUND = dict(event="finding", finding="non_finite_gradient", layer="fc2", value="nan", layers=5, step=172, time=1.79e9)
BUDGET = dict(event="budget", every=8, share=.13, step=50, time=1.79e9)
EARLY_STOP = dict(event="early_stop", status="stopped", metric="val_loss", best=.1702, best_step=300, waited=3, step=412, time=1.79e9)
EVALUATED = dict(event="validation", status="evaluated", metrics=dict(val_loss=.1702345, accuracy=.968), step=140, time=1.79e9)
ROLLED_BACK = dict(event="rollback", to="best", to_step=120, step=140, time=1.79e9)
SAVED = dict(event="checkpoint", status="saved", name="step-120", roles=["best"], tag=None, metric="val_loss", value=.17, step=120, time=1.79e9)


def a_run(panel: PanelPage, steps=200, events=(), **state):
    """Eight layers, some steps."""
    panel.show(LAYERS)
    norm = norms(steps)
    panel.send(train(steps), gradients(norm, update_ratio=norm / 100, parameter_norm=norm * 100), events=list(events), **state)


def steer(panel: PanelPage, *tables, events=(), parts=None, **state):
    """A run that can be steered in all ways."""
    panel.show(LAYERS, **({} if parts is None else dict(parts=parts)))
    panel.send(*tables, events=list(events), **STEERED | state)


def words_drawn(panel: PanelPage, *events: dict, **state) -> list[str]:
    """The labels that another drawing of the plot puts there, with how far they reach."""
    panel.page.evaluate("""() => { window.drawnWords = []; const { prototype } = CanvasRenderingContext2D; prototype.before ??= prototype.fillText;
      prototype.fillText = function (text, x, y) { drawnWords.push([text, x, y, this.measureText(text).width]); return this.before(text, x, y); }; }""")
    panel.send(events=list(events), **STEERED | state)
    return [word for word in panel.page.evaluate("drawnWords") if re.match(r"[A-Za-z]", word[0]) and word[0] not in ("step", "epoch")]


def tip(pixels: np.ndarray) -> float:
    """How far below the top a curve's highest pixel is, as a share of the height; 1 without any."""
    red, _, blue, alpha = np.moveaxis(pixels.astype(int), -1, 0)
    inked = ((alpha > 0) & (blue > red + 40)).any(1)  # in the blue of --train, be it faint
    return inked.argmax() / len(inked) if inked.any() else 1
