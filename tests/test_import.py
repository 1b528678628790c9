"""`import trainbook` costs nothing, and everybody sees what is in it."""
import ast
import subprocess
import sys
from pathlib import Path

import trainbook

HEAVY = "torch", "pandas", "matplotlib", "ipywidgets", "anywidget", "numpy", "IPython", "fastprogress", "msgspec", "psutil", "safetensors"


def test_import_is_light():
    code = f"import sys, trainbook; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_reading_a_run_needs_no_torch():
    code = "import sys; from trainbook import open_run, list_runs, Run, Panel; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_names_are_seen_and_exist():
    stub = Path(trainbook.__file__).with_suffix(".pyi")
    names = {name.asname for node in ast.parse(stub.read_text()).body for name in node.names}
    widgets = {"Panel", "LossPlot", "MediaView", "MetricPlot", "ControlBar", "EarlyStopToggle", "GradientNormMonitor", "SystemMonitor",
               "FindingsList", "ActivationMonitor", "Finding", "Remedy"}
    callbacks = {"Callback", "EarlyStopping", "EMA", "GradientAccumulation", "GradientClipping", "L1", "L2", "Metrics", "MixedPrecision",
                 "ModelCheckpoint", "ReduceLROnPlateau", "Schedule"}
    cancels = {f"Cancel{what}Exception" for what in ("Step", "Batch", "Epoch", "Fit")}
    runs = {"check", "diagnose", "watch", "open_run", "list_runs", "compare", "Comparison", "Run", "LiveRun", "Learner", "doctor", "send_to", "import_runs",
            "Augment", "SemanticsCheck", "Cleaning", "Dataset", "FeatureSet", "datasets"}
    models = {"Leaderboard", "MultiTaskLoss", "ProximalL1", "Task", "compare_models", "initialise", "loss_for", "make_optimizer", "optimizers", "race",
              "recommend"}
    evaluation = {"ConfusionExplorer", "Predictions", "TemperatureScaling", "by_group", "calibration", "confusion", "data_card", "model_card", "risk_coverage"}
    assert evaluation | models | runs | widgets | callbacks | cancels == names
    assert names <= set(dir(trainbook))
    for name in names: assert getattr(trainbook, name).__doc__
