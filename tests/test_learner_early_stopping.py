"""What goes by validations: early stopping, its best, and a plateau."""
import warnings

import pytest
from learners import Log, at_step, epochs, fit, scripted, torch_copy, weights
from trainings import same

from trainbook.train.callback import CancelEpochException
from trainbook.train.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.says("does not tell whether low or high is good")
def test_early_stopping_by_callback_and_by_panel_agree(learner):
    stop = EarlyStopping("val_script", patience=3, restore_best=True)
    ask = at_step(8, lambda learn: learn.run.early_stop(on=True, monitor="val_script", patience=3, restore_best=True), "before_batch")
    found = []
    for callback in (stop, ask):
        learn = learner([callback], metrics=scripted(), monitor="val_script")
        run = learn.fit(8)
        rollback, = [event for event in run.events() if event["event"] == "rollback"]
        found.append((run.step, run.status, run.frame()["loss"].tolist(), weights(learn.model), torch_copy(learn.optimizer.state_dict()), rollback["to_step"]))
        assert "early stopping" in run.info["reason"]
    assert same(*found) and found[0][0] == 36 and found[0][5] == 18
    best = learner()
    best.fit(3)
    assert same(found[0][3], weights(best.model)) and same(found[0][4], torch_copy(best.optimizer.state_dict()))


@pytest.mark.says("does not tell whether low or high is good")
def test_the_best_that_is_restored_is_that_of_its_metric(learner):
    learn = learner([EarlyStopping("val_script", patience=3, restore_best=True)], metrics=scripted(), optimizer=None)
    run = learn.fit(8)
    assert [event["to_step"] for event in run.events() if event["event"] == "rollback"] == [18]


@pytest.mark.parametrize("options", [dict(valid=None), dict(checkpoint=None)], ids=["no best", "no checkpoints"])
def test_nothing_to_restore(learner, options):
    learn = learner([EarlyStopping("loss", patience=1, min_delta=100., restore_best=True)], **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert learn.fit(3).status == "stopped"


@pytest.mark.says("does not tell whether low or high is good")
def test_fit_again_after_early_stopping(learner):
    log = Log()
    learn = learner([EarlyStopping("val_script", patience=1), log], metrics=scripted([1., 2., .5, .4, .3]))
    assert (learn.fit(4).step, learn.run.status) == (12, "stopped")
    assert (learn.fit(3).step, learn.run.status) == (30, "finished")
    assert log.seen == fit(*epochs(2)) + fit(*epochs(3))


@pytest.mark.parametrize("callback", [pytest.param(EarlyStopping, marks=pytest.mark.says("which was not logged so far")), ModelCheckpoint, ReduceLROnPlateau])
def test_a_first_epoch_broken_off_beside_what_goes_by_validations(learner, callback):
    assert learner([callback(), at_step(3, CancelEpochException)]).fit(2).step == 9


@pytest.mark.says("does not tell whether low or high is good")
def test_plateau_counts_a_value_once(learner):
    learn = learner([ReduceLROnPlateau("val_script", patience=2), at_step(9, CancelEpochException)], metrics=scripted([1., 2., .5, .4]))
    assert learn.fit(3).learning_rate.factor == 1
