"""How near the automatic choice of a filter comes to the best of all filters, and what a wrong one costs.

Each filter gets the settings that suit the data best by its own estimate, as `Denoiser(method)` and `ImageDenoiser(method)` choose them. The truth is
known, as the noise is added here. Writes a section of RESULTS.md; fails if a goal is missed.
"""
import argparse
import time
from typing import Any

import numpy as np
import pandas as pd
import pywt
from skimage import data
from skimage.util import random_noise

from report import provenance, table, write_section
from trainbook.data.denoising import METHODS, Denoiser, ImageDenoiser

NEAR, WRONG = 1., 10.


def decibels(found: np.ndarray, truth: np.ndarray) -> float:
    "The range of the truth beside the root mean squared error (PSNR)"
    return float(20 * np.log10(np.ptp(truth) / np.sqrt(np.mean((found - truth)**2))))


def gaussian(truth: np.ndarray, random: np.random.Generator) -> np.ndarray: return truth + .3 * truth.std() * random.standard_normal(truth.shape)


def spikes(truth: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return truth + (random.random(truth.shape) < .05) * random.choice([-5, 5], truth.shape) * truth.std()


def grainy(truth: np.ndarray, random: np.random.Generator) -> np.ndarray: return random_noise(truth, var=.01, rng=random)


def salted(truth: np.ndarray, random: np.random.Generator) -> np.ndarray: return random_noise(truth, "s&p", amount=.05, rng=random)


def cases() -> dict[str, tuple[np.ndarray, Any]]:
    heart, photo, eye = np.array(pywt.data.ecg(), float), data.camera() / 255, data.retina()[450:962, 450:962] / 255
    return {"ECG + Gaussian": (heart, gaussian), "ECG + 5 % spikes": (heart, spikes), "photograph + Gaussian": (photo, grainy),
            "photograph + salt and pepper": (photo, salted), "retina + Gaussian": (eye, grainy)}


def trial(truth: np.ndarray, noise, seed: int) -> dict[str, Any]:
    "What is left of the noise, in dB, by method; what was chosen; and processor seconds of the choice"
    bad = noise(truth, np.random.default_rng(seed))
    is_series = truth.ndim == 1
    def cleaned(method: str):
        if not is_series: return (denoiser := ImageDenoiser(method)).fit_transform(bad), denoiser
        return (denoiser := Denoiser(method)).fit_transform(bad[:, None])[:, 0], denoiser
    began = time.process_time()
    found, denoiser = cleaned("auto")
    seconds = time.process_time() - began
    each = {method: decibels(cleaned(method)[0], truth) for method in METHODS["series" if is_series else "pictures"]}
    return dict(none=decibels(bad, truth), auto=decibels(found, truth), chosen=denoiser.method_[0] if is_series else denoiser.method_, seconds=seconds) | each


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    methods = list(dict.fromkeys([*METHODS["series"], *METHODS["pictures"]]))
    rows, behind, lost = [], {}, {}
    for name, (truth, noise) in cases().items():
        found = pd.DataFrame([trial(truth, noise, seed) for seed in range(arguments.seeds)])
        print(name, found.round(2).to_string(), flush=True)
        tried = [method for method in methods if method in found]
        behind[name] = float((found[tried].max(axis=1) - found["auto"]).max())
        lost[name] = float((found["auto"] - found[tried].min(axis=1)).min())
        mean, chosen = found[["none", "auto", "seconds", *tried]].mean(), set(found["chosen"])
        rows.append([name, f"{mean['none']:.1f}", f"**{mean['auto']:.1f}**", ", ".join(sorted(chosen)),
                     *(f"{mean[method]:.1f}{'*' if method in chosen else ''}" if method in tried else "" for method in methods),
                     f"{behind[name]:.2f}", f"{lost[name]:.1f}", f"{mean['seconds']:.1f}"])
    near, wrong = max(behind.values()) <= NEAR, max(lost.values()) >= WRONG
    about = f"Noise was added to data whose truth is known, {arguments.seeds} seeds; mean PSNR in dB with each method, or `auto`; * was chosen."
    lines = ["## Which filter takes out which noise", "", f"{provenance('python bench/denoising.py')} {about}", "",
             *table(["", "before", "auto", "chosen", *methods, "behind the best, at most", "before the worst, at least", "CPU s"], rows), "",
             f"Goal: the automatic choice at most {NEAR:.0f} dB behind the best filter, with each seed: {'met' if near else '**missed**'}. "
             f"A wrong filter is shown to lose {WRONG:.0f} dB or more: {'met' if wrong else '**missed**'}, in "
             f"{', '.join(name for name, loss in lost.items() if loss >= WRONG) or 'no case'}."]
    write_section("denoising", lines)
    if not (near and wrong): raise SystemExit("a goal is missed")


if __name__ == "__main__": main()
