"""Reference traces: what the authors' unmodified code did in 30 steps, in double precision, on problem A.

Problem A is the mean of L_i(x) = 1/2 (x - m_i)' Q_i (x - m_i) over mini-batches of 5 of its 20 samples. The
released optimizers consume the prepared batches in order.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

STEPS_PER_EPOCH = 4  # D / B = 20 / 5, the value given to the released SLS


class ProblemA(NamedTuple):
    Q: np.ndarray  # (20, 6, 6)
    m: np.ndarray  # (20, 6)
    x0: np.ndarray  # (6,)
    batches: np.ndarray  # (600, 5) sample numbers


class Trace(NamedTuple):
    """One run; `step` is what the optimizer itself reports: a multiple of its (not normalised) direction."""

    theta: np.ndarray  # (31, 6)
    step: np.ndarray  # (30,)
    loss: np.ndarray  # (30,) mini-batch loss before step t
    calls: np.ndarray  # (30,) loss evaluations of step t, the one at the origin included
    first: np.ndarray  # (30,) step t consumed the rows first[t] .. last[t] of ProblemA.batches
    last: np.ndarray


SGD = {"rate": 0.01}
ADAM = {"rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
SLS = {"c": 0.1, "beta": 0.9, "gamma": 2.0, "first": 1.0, "reset": 1, "variant": "released"}
SLS |= {"steps_per_epoch": STEPS_PER_EPOCH}
PAL = {"mu": 1.0, "alpha": 1 / 0.6, "beta": 0.4, "s_max": 3.16, "exact_slope": True}  # released defaults

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("sgd", SGD),
    "sgd_momentum": ("momentum", SGD | {"beta": 0.9}),
    "adam": ("adam", ADAM),
    "adam__lr0.1": ("adam", ADAM | {"rate": 0.1}),
    "rmsprop": ("rmsprop", {"rate": 0.01, "decay": 0.9, "eps": 1e-8}),
    "sls": ("sls", SLS),
    "sls__gamma1.5": ("sls", SLS | {"gamma": 1.5}),
    "sls__reset0": ("sls", SLS | {"reset": 0}),
    "sls__reset2_init10_c0.5": ("sls", SLS | {"reset": 2, "first": 10.0, "c": 0.5}),
    "pal": ("pal", PAL),
    "pal__inexact_dd": ("pal", PAL | {"mu": 0.1, "alpha": 1.0, "exact_slope": False}),
    "pal__mu0.01_b0.4_a1": ("pal", PAL | {"mu": 0.01, "alpha": 1.0}),
    "pal__mu0.1_b0.4_a1.6": ("pal", PAL | {"mu": 0.1, "alpha": 1.6}),
    "pal__mu0.1_b0.4_a1_smax0.2": ("pal", PAL | {"mu": 0.1, "alpha": 1.0, "s_max": 0.2}),
    "pal__mu0.1_b0_a1": ("pal", PAL | {"mu": 0.1, "alpha": 1.0, "beta": 0.0}),
    "pal_labpalrepo__mu0.1_b0.4_a1.6": ("pal", PAL | {"mu": 0.1, "alpha": 1.6}),
}


def tolerance(name: str) -> float:
    """Relative. PAL divides a difference of two rounded losses by mu^2: the smaller mu, the less is left."""
    method, hyper = SETTINGS[name]
    if method != "pal":
        return 1e-12
    return 1e-10 if hyper["mu"] >= 0.1 else 1e-8


def arrays(name: str) -> dict[str, np.ndarray]:
    path = Path(os.environ["TOYBOX_SHARED"]) / "reference" / "traces" / f"{name}.npz"
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def problem_a() -> ProblemA:
    a = arrays("problem_A")
    return ProblemA(a["A_Q"], a["A_m"], a["A_x0"], a["A_batches"])


def load(name: str) -> Trace:
    """A trace by its file name; traces without batch numbers consume one row per step."""
    a = arrays(name)
    rows = np.arange(len(a["A_step"]))
    first, last = a.get("A_first_batch", rows), a.get("A_last_batch", rows)
    return Trace(a["A_theta"], a["A_step"], a["A_loss"], a.get("A_n_loss_calls", 1 + 0 * rows), first, last)


def worst(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest relative error over the steps: largest difference over largest value, at each step."""
    found, expected = (np.reshape(v, (len(expected), -1)) for v in (found, expected))
    return float(np.max(np.max(abs(found - expected), axis=1) / np.max(abs(expected), axis=1)))
