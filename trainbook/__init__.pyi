from .augment.augment import Augment as Augment
from .augment.semantics import SemanticsCheck as SemanticsCheck
from .connect.follower import send_to as send_to
from .connect.imports import import_runs as import_runs
from .data.catalogue import datasets as datasets
from .data.cleaning import Cleaning as Cleaning
from .data.dataset import Dataset as Dataset
from .data.feature_set import FeatureSet as FeatureSet
from .diagnosis.diagnose import diagnose as diagnose
from .model.compare_models import compare_models as compare_models
from .model.initialise import initialise as initialise
from .model.loss_choice import loss_for as loss_for
from .model.multi_task import MultiTaskLoss as MultiTaskLoss
from .model.proximal import ProximalL1 as ProximalL1
from .model.recommend import recommend as recommend
from .model.task import Task as Task
from .model.leaderboard import Leaderboard as Leaderboard
from .model.optimizers import make_optimizer as make_optimizer, optimizers as optimizers
from .model.race import race as race
from .evaluate.abstention import risk_coverage as risk_coverage
from .evaluate.calibration import calibration as calibration
from .evaluate.confusion import confusion as confusion
from .evaluate.confusion_explorer import ConfusionExplorer as ConfusionExplorer
from .evaluate.data_card import data_card as data_card
from .evaluate.groups import by_group as by_group
from .evaluate.model_card import model_card as model_card
from .evaluate.predictions import Predictions as Predictions
from .evaluate.temperature import TemperatureScaling as TemperatureScaling
from .run.finding import Finding as Finding, Remedy as Remedy
from .run.run import Run as Run, list_runs as list_runs, open_run as open_run
from .train.callback import (
    Callback as Callback, CancelBatchException as CancelBatchException, CancelEpochException as CancelEpochException,
    CancelFitException as CancelFitException, CancelStepException as CancelStepException,
)
from .train.callbacks import (
    EarlyStopping as EarlyStopping, EMA as EMA, GradientAccumulation as GradientAccumulation, GradientClipping as GradientClipping,
    L1 as L1, L2 as L2, MixedPrecision as MixedPrecision, ModelCheckpoint as ModelCheckpoint, ReduceLROnPlateau as ReduceLROnPlateau,
    Schedule as Schedule,
)
from .train.check import check as check
from .train.learner import Learner as Learner
from .train.live import LiveRun as LiveRun
from .train.metrics import Metrics as Metrics
from .train.watch import watch as watch
from .widget.compare import Comparison as Comparison, compare as compare
from .terminal.doctor import doctor as doctor
from .widget.panel import (
    ActivationMonitor as ActivationMonitor, ControlBar as ControlBar, EarlyStopToggle as EarlyStopToggle, FindingsList as FindingsList,
    GradientNormMonitor as GradientNormMonitor, LossPlot as LossPlot, MediaView as MediaView, MetricPlot as MetricPlot, Panel as Panel,
    SystemMonitor as SystemMonitor,
)
