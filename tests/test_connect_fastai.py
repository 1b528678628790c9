"""fastai wants torchvision, which breaks beside the newest torch; so it has an environment of its own, and its tests run there."""
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv/fastai/bin/python"


@pytest.mark.skipif(not PYTHON.exists(), reason="make .venv/fastai makes the environment in which fastai is tested")
def test_in_its_own_environment():
    tests = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "tests/connect_fastai.py"]
    done = subprocess.run(tests, cwd=ROOT, capture_output=True, text=True, env=os.environ | dict(PYTHONPATH=str(ROOT)))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not PYTHON.exists(), reason="make .venv/fastai makes the environment in which fastai is tested")
def test_its_chapter():
    test = [PYTHON.parent / "nbdev-test", "nbs/9d_connect.fastai.ipynb", "--n-workers", "0"]
    done = subprocess.run(test, cwd=ROOT, capture_output=True, text=True, env=os.environ | dict(PYTHONPATH=str(ROOT)))
    assert done.returncode == 0, done.stdout + done.stderr
