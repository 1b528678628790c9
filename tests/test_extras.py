"""What comes with an extra is named where it is missing, and the rest goes on without it."""
import importlib.metadata
import subprocess
import sys
import warnings

import pytest
import torch

from trainbook.measure.machine import Machine
from trainbook.terminal.doctor import check_gpu
from trainbook.train.metrics import Metrics, metrics_by_name


def missing(monkeypatch, *modules: str):
    for module in modules: monkeypatch.setitem(sys.modules, module, None)


def test_a_gpu_without_its_package_is_said_with_what_to_install(monkeypatch):
    missing(monkeypatch, "pynvml")
    with pytest.warns(RuntimeWarning, match="The load and the memory of the GPU cuda:0 are not recorded, as nvidia-ml-py is not installed.*pip install "
                                            "nvidia-ml-py"):
        machine = Machine(torch.device("cuda", 0))
    assert set(machine.figures()) == {"cpu", "memory"} and machine.parts["gpu"] is None


def test_it_is_said_once():
    code = "import sys; sys.modules['pynvml'] = None\nfrom trainbook.measure.machine import Machine\nfor _ in range(3): Machine('cuda:0')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.count("pip install nvidia-ml-py") == 1


def test_what_is_installed_after_that_is_used(monkeypatch):
    """In the same kernel, as the warning has asked for."""
    missing(monkeypatch, "pynvml")
    with pytest.warns(RuntimeWarning, match="pip install"): Machine("cuda:0")
    monkeypatch.setattr("trainbook.measure.machine.Gpu", lambda device: type("Gpu", (), dict(name="H200", memory=1, figures=lambda self: dict(gpu=7.)))())
    assert Machine("cuda:0").figures()["gpu"] == 7


def test_a_driver_that_does_not_know_the_gpu_is_said(monkeypatch):
    def gpu(device): raise OSError("no such device")
    monkeypatch.setattr("trainbook.measure.machine.Gpu", gpu)
    with pytest.warns(RuntimeWarning, match="NVIDIA's driver does not know it .OSError.'no such device'"): Machine("cuda:0")


def test_an_amd_gpu_is_not_told_to_install_nvidia_s_package(monkeypatch):
    missing(monkeypatch, "pynvml")
    monkeypatch.setattr(torch.version, "hip", "6.4")
    with pytest.warns(RuntimeWarning) as said: Machine("cuda:0")
    assert "pip install" not in str(said[0].message)


def test_without_a_gpu_nothing_is_said(monkeypatch):
    missing(monkeypatch, "pynvml")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for device in ("cpu", None): assert set(Machine(device).figures()) == {"cpu", "memory"}


@pytest.mark.parametrize("driver, version, mend", [
    (None, None, ""), ("/usr/bin/nvidia-smi", "12.600", ""), ("/usr/bin/nvidia-smi", None, "pip install -U nvidia-ml-py"),
    ("/usr/bin/nvidia-smi", "11.0", "pip install -U nvidia-ml-py")], ids=["no GPU", "all there", "missing", "too old"])
def test_the_doctor_names_it(monkeypatch, driver, version, mend):
    def version_of(package):
        if version is None: raise importlib.metadata.PackageNotFoundError(package)
        return version
    monkeypatch.setattr("trainbook.terminal.doctor.version", version_of)
    monkeypatch.setattr("shutil.which", lambda program: driver)
    check = check_gpu()
    assert check.subject == "GPU" and check.mend.startswith(mend) and bool(check.mend) == bool(mend)


def test_metrics_by_name_say_what_to_install(monkeypatch):
    with pytest.raises(TypeError) as there: metrics_by_name("accuracy")
    missing(monkeypatch, "torchmetrics")
    with pytest.raises(TypeError, match="torchmetrics is not installed here: pip install torchmetrics"): metrics_by_name("accuracy")
    assert "not installed" not in str(there.value)


def test_functions_are_metrics_without_torchmetrics(monkeypatch):
    missing(monkeypatch, "torchmetrics")
    assert list(Metrics([torch.nn.functional.mse_loss]).metrics) == ["mse_loss"]


def test_nothing_of_ours_imports_an_extra(tmp_path):
    """A learner with its metrics, and a run with its machine."""
    code = ("import sys\nfor name in ('torchmetrics', 'pynvml', 'mlxtend', 'torchdata'): sys.modules[name] = None\nimport torch, trainbook\n"
            "for name in trainbook.__all__: getattr(trainbook, name)\n"
            "model = torch.nn.Linear(1, 1)\nbatches = [(torch.ones(4, 1), torch.ones(4, 1))]\n"
            "learn = trainbook.Learner(model, batches, batches, torch.nn.functional.mse_loss, torch.optim.SGD(model.parameters(), .1), "
            "metrics=torch.nn.functional.l1_loss, dir=sys.argv[1], view=None)\n"
            "learn.fit(1)\nprint(sorted(learn.run.latest()))")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert "val_l1_loss" in done.stdout and done.stderr == "", done.stderr
