"""trainbook in Lightning: one callback shows the training and obeys the buttons, by Lightning's own means."""
from typing import Any

from lightning import Callback, LightningModule, Trainer
from trainbook import LiveRun, watch


class Watch(Callback):
    """`Trainer(callbacks=[Watch(name="mine")])`; options as `watch` takes them."""

    def __init__(self, **options: Any):
        self.options = options
        self.watched: LiveRun | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule):
        self.watched = watch(pl_module, trainer.optimizers[0], **self.options)

    @property
    def run(self) -> LiveRun:
        assert self.watched is not None, "there is a run as soon as the fit has begun"
        return self.watched

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule):
        self.run.loop.begin_epoch(trainer.current_epoch, trainer.max_epochs)
        self.run.loop.position.batches = int(trainer.num_training_batches)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int):
        self.run.loop.begin_step(batch)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int):
        self.run.log(loss=outputs["loss"])
        if self.run.loop.end_step() == "step": trainer.should_stop = True

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule):
        if not trainer.sanity_checking: self.run.loop.begin_validation()

    def on_validation_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0):
        if not trainer.sanity_checking: self.run.loop.edge()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule):
        if trainer.sanity_checking: return
        self.run.loop.end_validation()
        self.run.log({name: value for name, value in trainer.callback_metrics.items() if name.startswith("val_")})

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule):
        if self.run.loop.end_epoch(): trainer.should_stop = True

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException):
        if self.watched: self.run.finish("failed", repr(exception))

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule):
        self.run.finish()
