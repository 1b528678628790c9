"Package metadata stands in settings.ini; this only hands it to setuptools."
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
parser = ConfigParser()
parser.read(here/"settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]

setup(
    **{key: settings[key] for key in ("name", "version", "description", "author", "license", "keywords")},
    long_description=(here/"README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=f">={settings['min_python']}",
    packages=find_packages(include=["trainbook", "trainbook.*"]),
    package_data={"trainbook": ["*.pyi", "py.typed", "static/*"]},
    entry_points={
        "console_scripts": ["trainbook = trainbook.terminal.doctor:main"],
        "trainbook.views": ["panel = trainbook.widget.panel:Panel", "checkpoints = trainbook.train.checkpoint:Checkpoints",
                            "send_to = trainbook.connect.follower:send_to", "chosen_trackers = trainbook.connect.follower:chosen_trackers",
                            "recipe_of = trainbook.remedy.recipe:recipe_of", "scheduled_commands = trainbook.remedy.recipe:scheduled_commands"],
        "trainbook.parts": ["remedies = trainbook.remedy.remedies:Remedies"],
        "trainbook.sinks": ["csv = trainbook.connect.files:CSV", "parquet = trainbook.connect.files:Parquet",
                            "tensorboard = trainbook.connect.tensorboard:TensorBoard", "mlflow = trainbook.connect.mlflow:MLflow",
                            "wandb = trainbook.connect.wandb:WandB"],
        "trainbook.commands": [
            "clip_gradients = trainbook.remedy.gradients:clip_gradients", "warm_up = trainbook.remedy.rates:warm_up",
            "hold_rate = trainbook.remedy.rates:hold_rate", "use_optimizer = trainbook.remedy.optimizer_choice:use_optimizer",
            "set_momentum = trainbook.remedy.optimizer_choice:set_momentum", "weigh_classes = trainbook.remedy.losses:weigh_classes",
            "use_loss = trainbook.remedy.losses:use_loss", "match_shapes = trainbook.remedy.losses:match_shapes",
            "shuffle = trainbook.remedy.loaders:shuffle", "balance_classes = trainbook.remedy.loaders:balance_classes",
            "more_workers = trainbook.remedy.loaders:more_workers", "weight_decay = trainbook.remedy.regularisation:weight_decay",
            "l1_penalty = trainbook.remedy.regularisation:l1_penalty", "dropout = trainbook.remedy.regularisation:dropout",
            "restart_with_defaults = trainbook.remedy.restart:restart_with_defaults",
            "leaky_relu = trainbook.remedy.activations:leaky_relu", "gelu = trainbook.remedy.activations:gelu", "relu = trainbook.remedy.activations:relu",
            "drop_output_activation = trainbook.remedy.activations:drop_output_activation",
            "turn_output = trainbook.remedy.activations:turn_output", "log_probabilities = trainbook.remedy.activations:log_probabilities",
            "normalise_layers = trainbook.remedy.normalisation:normalise_layers", "residual = trainbook.remedy.normalisation:residual",
            "spectral_norm = trainbook.remedy.normalisation:spectral_norm",
            "reinitialise = trainbook.remedy.weights:reinitialise", "freeze = trainbook.remedy.weights:freeze",
            "unfreeze = trainbook.remedy.weights:unfreeze",
            "normalise_inputs = trainbook.remedy.scales:normalise_inputs", "normalise_targets = trainbook.remedy.scales:normalise_targets",
            "mode_by_gradients = trainbook.remedy.mode:mode_by_gradients",
        ],
    },
    install_requires=settings["requirements"].split(),
    extras_require={key.removesuffix("_requirements"): value.split() for key, value in settings.items() if key.endswith("_requirements")},
)
