"""A fit of a framework in two processes: rank 0 is told to pause and to halve the rate, rank 1 to stop.

    torchrun --nproc-per-node 2 framework.py lightning
"""
import json
import os
import sys
import threading

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

RANK, DATA = int(os.environ["RANK"]), torch.randn(400, 8)


def loader(): return DataLoader(TensorDataset(DATA), batch_size=4)


def tell(run):
    """In a step, as others do: by the recorder, which the panel and the inbox use."""
    if RANK == 0 and run.step == 30: run.recorder.pause(), threading.Timer(.2, run.recorder.resume).start()
    if RANK == 0 and run.step == 60: run.recorder.scale_lr(.5), run.recorder.checkpoint("here")
    if RANK == 1 and run.step == 120: run.recorder.stop()


def lightning():
    from lightning.pytorch import LightningModule, Trainer

    from trainbook.connect.lightning import WatchCallback

    class Module(LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def training_step(self, batch, number):
            tell(watch.run)
            loss = self.layer(batch[0]).pow(2).mean()
            self.log("loss", loss)
            return loss

        def validation_step(self, batch, number): self.log("val_loss", self.layer(batch[0]).pow(2).mean(), sync_dist=True)
        def configure_optimizers(self): return torch.optim.SGD(self.parameters(), 1e-3)

    watch = WatchCallback(name="fit", view=None)
    trainer = Trainer(max_epochs=10, accelerator="cpu", devices=2, strategy="ddp", callbacks=[watch], logger=False, enable_checkpointing=False,
                      enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(Module(), loader(), loader())
    return watch.run


def transformers():
    from transformers import Trainer, TrainingArguments

    from trainbook.connect.transformers import WatchCallback

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, x=None):
            if self.training: tell(watch.run)
            return dict(loss=self.layer(x).pow(2).mean())

    watch = WatchCallback(name="fit", view=None)
    settings = TrainingArguments("out", use_cpu=True, num_train_epochs=10, per_device_train_batch_size=4, report_to=[], save_strategy="no", disable_tqdm=True)
    Trainer(Net(), settings, train_dataset=[dict(x=row) for row in DATA], callbacks=[watch]).train()
    return watch.run


def accelerate():
    from accelerate import Accelerator

    from trainbook.connect.accelerate import WatchTracker

    tracker, model = WatchTracker(name="fit", view=None), nn.Linear(8, 8)
    accelerator = Accelerator(cpu=True, log_with=tracker)
    accelerator.init_trackers("fit")
    model, optimizer, batches = accelerator.prepare(model, torch.optim.SGD(model.parameters(), 1e-3), loader())
    with tracker.watch(model, optimizer) as run:
        for _ in run.epochs(10):
            for x, in run.batches(batches):
                tell(run)
                loss = model(x).pow(2).mean()
                accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()
                accelerator.log(dict(loss=loss.item()))
    accelerator.end_training()
    return run


run = dict(lightning=lightning, transformers=transformers, accelerate=accelerate)[sys.argv[1]]()
told = [(event["command"], event["status"], event["step"]) for event in run.events() if event["event"] == "command" and event["status"] != "requested"]
with open(f"told.{RANK}.json", "w") as file: json.dump(dict(told=told, status=run.status, step=run.step, loss=len(run.history("loss")) > 0), file)
