"""Reference traces: what the authors' unmodified code did in 30 steps, in double precision, on problem A.

Problem A is the mean of L_i(x) = 1/2 (x - m_i)' Q_i (x - m_i) over mini-batches of 5 of its 20 samples. The
released optimizers consume the prepared batches in order.
"""

import math
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
    """One run; `step` is what the optimizer itself reports: a multiple of its (not normalised) direction.

    LABPAL, whose files have one record per batch, has one row per update here, and its steps multiply what toybox
    calls the direction: minus the gradient for the rate, a unit vector for the length.
    """

    theta: np.ndarray  # (T + 1, 6)
    step: np.ndarray  # (T,), not a number where nothing is reported
    loss: np.ndarray  # (T,) mini-batch loss before step t
    calls: np.ndarray  # (T,) loss evaluations of step t, the one at the origin included; 0 where not counted
    first: np.ndarray  # (T,) step t consumed the rows first[t] .. last[t] of ProblemA.batches
    last: np.ndarray


SGD = {"rate": 0.01}
ADAM = {"rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
SLS = {"c": 0.1, "beta": 0.9, "gamma": 2.0, "first": 1.0, "reset": 1, "variant": "released"}
SLS |= {"steps_per_epoch": STEPS_PER_EPOCH}
PAL = {"mu": 1.0, "alpha": 1 / 0.6, "beta": 0.4, "s_max": 3.16, "exact_slope": True}  # released defaults
HD = {"rate": 0.01, "hyper_rate": 1e-4}
ALI_G = {"max_rate": math.inf, "eps": 1e-5, "momentum": 0.0, "adjusted": False}
COCOB = {"alpha": 100, "eps": 1e-8}
CARRIED = {"c": 0.1, "beta": 0.9, "first": 1.0, "reset": 0}
SEG = {"c": 0.9, "beta": 0.9, "gamma": 2.0, "first": 1.0, "reset": 1, "steps_per_epoch": STEPS_PER_EPOCH}
GOLSI = {"c2": 0.9, "factor": 2, "first": 1e-8, "smallest": 1e-8, "variant": "released"}
LABPAL = {"alpha": 1.8, "approximation_batches": 4, "reuse": 5, "s_max": 1.0, "momentum": 0.0, "variant": "released"}
LABPAL |= {"untrustworthy": 2, "average": 3, "schedule": lambda t: 1}
JAXOPT = {"c": 0.1, "beta": 0.8, "gamma": 1.5, "first": 1.0, "reset": 1, "steps_per_epoch": 1}

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
    "sgdhd": ("sgd-hd", HD | {"form": "gradient"}),
    "sgdhd__m0.9": ("sgd-hd", HD | {"form": "momentum", "momentum": 0.9}),
    "sgdhd__nesterov": ("sgd-hd", HD | {"form": "nesterov", "momentum": 0.9}),
    "alig": ("ali-g", ALI_G),
    "alig__max0.1": ("ali-g", ALI_G | {"max_rate": 0.1}),
    "alig__max0.1_m0.9": ("ali-g", ALI_G | {"max_rate": 0.1, "momentum": 0.9}),
    "alig__max0.1_m0.9_adjusted": ("ali-g", ALI_G | {"max_rate": 0.1, "momentum": 0.9, "adjusted": True}),
    "jaxopt_polyak": ("ali-g", ALI_G | {"max_rate": 1.0, "eps": 0.0}),
    "jaxopt_polyak__SPS+": ("ali-g", ALI_G | {"eps": 0.0}),
    "optax_polyak_sgd": ("ali-g", ALI_G | {"max_rate": 1.0, "eps": 0.0}),
    "cocob": ("cocob", COCOB),
    "cocob__alpha25": ("cocob", COCOB | {"alpha": 25}),
    "optax_cocob": ("cocob", COCOB),
    "jaxopt_armijo": ("sls", JAXOPT | {"max_step": 1.0}),
    "optax_backtracking": ("sls", JAXOPT | {"max_step": 1.0, "c": 1e-4}),
    "optax_backtracking__c0.1_max10": ("sls", SLS | {"max_step": 10.0, "variant": "paper"}),
    "sls__goldstein": ("sls-goldstein", CARRIED | {"grow": 2.0, "max_step": 10.0}),
    "jaxopt_armijo__goldstein": ("sls-goldstein", CARRIED | {"beta": 0.8, "grow": 1.5, "max_step": 1.0}),
    "slsacc__polyak": ("sls-polyak", CARRIED | {"momentum": 0.6}),
    "slsacc__polyak_c0.5_m0.9": ("sls-polyak", CARRIED | {"c": 0.5, "momentum": 0.9}),
    "jaxopt_armijo__max10_m0.6": ("sls-polyak", JAXOPT | {"first": 10 / 1.5, "momentum": 0.6}),  # 10 is tried first
    "slsacc__nesterov": ("sls-nesterov", CARRIED),
    "slseg": ("seg", SEG),
    "golsi": ("golsi", GOLSI),
    "golsi__init0.01": ("golsi", GOLSI | {"first": 0.01}),
    "labpal__sgd": ("labpal-sgd", LABPAL),
    "labpal__sgd_m0.4": ("labpal-sgd", LABPAL | {"momentum": 0.4}),
    "labpal__sgd_bs_schedule": (
        "labpal-sgd",
        LABPAL | {"approximation_batches": 2, "schedule": lambda t: 1 if t < 10 else 2},
    ),
    "labpal__nsgd": ("labpal-nsgd", LABPAL),
    "labpal__nsgd_m0.4": ("labpal-nsgd", LABPAL | {"momentum": 0.4}),
}


def tolerance(name: str) -> float:
    """Relative. PAL divides a difference of two rounded losses by mu^2: the smaller mu, the less is left.

    The released LABPAL keeps alpha, s_max and its outer point in single precision.
    """
    method, hyper = SETTINGS[name]
    if method.startswith("labpal"):
        return 1e-6
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
    if name.startswith("labpal"):
        return updates(a, "nsgd" in name)
    rows = np.arange(len(a["A_step"]))
    first, last = a.get("A_first_batch", rows), a.get("A_last_batch", rows)
    return Trace(a["A_theta"], a["A_step"], a["A_loss"], a.get("A_n_loss_calls", 0 * rows), first, last)


def updates(a: dict[str, np.ndarray], normalised: bool) -> Trace:
    """The records of LABPAL that end in an update; that of a search evaluates all its batches at two more points."""
    last = np.searchsorted(a["A_x_updates"], np.arange(a["A_x_updates"][-1] + 1))
    calls, length = a["A_n_loss_calls"][last], a["A_x_last_update_step"][last]
    searched = calls > 1
    first = last + 1 - np.where(searched, (calls - 1) // 2, a["A_x_train_bs"][last])
    rate = np.where(searched, length / a["A_x_dir_norm"][last], a["A_step"][last])
    theta = a["A_theta"][np.append(0, last + 1)]
    return Trace(theta, length if normalised else rate, a["A_loss"][first], calls, first, last)


def row(name: str, trace: Trace, t: int, j: int) -> int:
    """The row of ProblemA.batches that is the j-th batch of step t; j = 0 is the gradient's.

    The released GOLS-I begins where its last search ended, with the gradient it has there.
    """
    if not name.startswith("golsi"):
        return int(trace.first[t]) + j
    if t == 0:
        return j
    return int(trace.first[t]) + j - 1 if j else int(trace.last[t - 1])


def worst(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest relative error over the steps: largest difference over largest value, at each step."""
    found, expected = (np.reshape(v, (len(expected), -1)) for v in (found, expected))
    return float(np.max(np.max(abs(found - expected), axis=1) / np.max(abs(expected), axis=1)))
