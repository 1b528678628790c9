"""A framework that is not installed is named, with the line that installs it; and nothing of trainbook imports one that is."""
import subprocess
import sys

SCRIPT = """
import importlib, sys
import trainbook, trainbook.train.watch
frameworks = dict(accelerate="accelerate", lightning="lightning.pytorch", transformers="transformers", skorch="skorch", keras="keras", ignite="ignite",
                  tensorboard="tensorboard", fastai="fastai")
print("imported", [name for name in frameworks.values() if name in sys.modules])
for extra, name in frameworks.items():
    sys.modules[name] = None  # as if it was not there
    try: importlib.import_module(f"trainbook.connect.{extra}")
    except ImportError as error: print(error)
import trainbook.data.dataset
for name in [*sys.modules]:
    if name.partition(".")[0] == "sklearn": del sys.modules[name]
sys.modules["sklearn"] = None
for chapter in ("on_columns", "cleaning"):
    try: importlib.import_module(f"trainbook.data.{chapter}")
    except ImportError as error: print(error)
"""


def test_what_is_missing_is_said():
    said = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout.splitlines()
    names = [("accelerate", "accelerate"), ("lightning", "lightning"), ("transformers", "transformers"), ("skorch", "skorch"),
             ("keras", "keras"), ("ignite", "pytorch-ignite"), ("tensorboard", "tensorboard")]
    assert said == ["imported []", *(f"this needs {package}, which is not installed: pip install 'trainbook[{extra}]'" for extra, package in names),
                    "this needs fastai, without torchvision: pip install 'trainbook[fastai]' && pip install --no-deps fastai",
                    *["this needs scikit-learn, which is not installed: pip install 'trainbook[data]'"] * 2]
