"""How runs end: interpolation, small batches, norms ignored, momentum (EMP-18, EMP-19, EMP-20, EMP-22)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .experiment import Experiment, Prediction
from .problems import WORDS, problem
from .trajectory import each

SHARP, FLAT = "interpolating", "not interpolating"
KINDS = {
    **WORDS,
    SHARP: "matrix factorization of rank 10, which reaches loss 0, batches of 100",
    FLAT: "the same of rank 4, which does not",
    "T1, spread 0": "T1 with one common minimiser",
}


# --- EMP-18: linear convergence under interpolation


def measure_interpolation(seeds, size):
    yield from each((SHARP, FLAT), seeds, size, _interpolation)


def _interpolation(label, seeds, size):
    """Powers of ten by which the distance to the floor shrinks in the second half of a run, per 100 steps."""
    import toybox as tb

    prob, steps = tb.problem("factorization", rank=10 if label == SHARP else 4), 20 if size == "smoke" else 400
    rows = {}
    for name, method in (("PAL", tb.method("pal")), ("SLS, c = .1", tb.method("sls", gamma=1.5)),
                         ("SLS, c = .5", tb.method("sls", gamma=1.5, c=0.5))):  # fmt: skip
        trace = tb.run(prob, method, steps=steps, batch=100, seeds=seeds, every=steps // 2)
        above = np.maximum(trace.full_loss - (0 if label == SHARP else prob.floor), 1e-300)
        rows[name] = np.log10(above[1] / above[2]) / (steps / 200)
    return rows


RULES = ("PAL", "SLS, c = .1", "SLS, c = .5")
EMP_18 = Experiment(
    "EMP-18",
    "PAL and SLS converge linearly under interpolation, and not otherwise",
    "dissertation, section 4.7",
    "Where all batches can be fitted at once, searches on batches converge linearly; where they cannot, they do not.",
    "powers of ten that the loss above the best reachable one loses per 100 steps, in the second half of 400 steps",
    {label: KINDS[label] for label in (SHARP, FLAT)},
    measure_interpolation,
    (
        *(Prediction("claim", f"{rule}: linearly", SHARP, rule, 1.0) for rule in RULES),
        *(Prediction("claim", f"{rule}: hardly at all", FLAT, rule, high=0.3) for rule in RULES),
    ),
    "As claimed, for both constants of SLS: powers of ten per 100 steps on the one problem, next to nothing on the "
    "other, whose data differ from it in nothing but the rank of the model.",
)


# --- EMP-19: small batches


def measure_small_batches(seeds, size):
    yield from each(("T1", "T3"), seeds, size, _small_batches)


def _small_batches(label, seeds, size):
    """Powers of ten between what is left of the loss after equally many samples in batches of 8 and of 128."""
    import toybox as tb

    prob, samples = problem(label), 1280 if size == "smoke" else 32_000
    floor = getattr(prob, "floor", 0.0)
    names = {"PAL": "pal", "GOLS-I": "golsi", "PLS": "pls", "LABPAL": "labpal-nsgd", "SGD": "sgd"}
    rows = {}
    for rule, name in names.items():
        ends = []
        for batch in (8, 128):
            hyper: dict[str, Any] = {"rate": {"T1": 0.1, "T3": 1.0}[label]} if name == "sgd" else {}
            if name == "labpal-nsgd":  # batches as large as the others' 128, by averaging (eq. 6.8)
                hyper = {"approximation_batches": 1280 // batch, "reuse": 100, "noise_factor": 128 // batch}
                hyper |= {"schedule": "constant"}  # of 128 samples to the end
            steps = samples // (batch * hyper.get("noise_factor", 1))
            steps = min(steps, 10 if size == "smoke" else 100) if name == "pls" else steps
            trace = tb.run(prob, tb.method(name, **hyper), steps=steps, batch=batch, seeds=seeds, every=None)
            ends.append(np.where(trace.ended == steps, trace.full_loss[-1] - floor, np.inf))
        with np.errstate(all="ignore"):
            rows[rule] = np.clip(np.log10(ends[0] / ends[1]), -6, 6)  # what diverged counts as 10^6
    return rows


EMP_19 = Experiment(
    "EMP-19",
    "Batches of 8 break PAL, PLS and GOLS-I, but not LABPAL",
    "dissertation, section 6.4.3",
    "On small batches the searches that measure single batches end at a much larger loss; LABPAL with its noise factor "
    "does not.",
    "log10 of the full loss above its floor after 32,000 samples in batches of 8, less that in batches of 128 (PLS: "
    "100 steps of each); LABPAL averages 16 batches of 8",
    {label: KINDS[label] for label in ("T1", "T3")},
    measure_small_batches,
    (
        *(
            Prediction("claim", f"{rule} ends twice as high or more", label, rule, 0.3)
            for label in ("T1", "T3")
            for rule in ("PAL", "PLS", "GOLS-I")
        ),
        *(Prediction("claim", "LABPAL does not care", label, "LABPAL", -0.18, 0.18) for label in ("T1", "T3")),
        Prediction(
            "theory", "a fixed rate ends higher, too: its noise floor is inversely as the batch", "T1", "SGD", 0.6
        ),
    ),
    "On noisy quadratics (T1) the batch decides for PAL and GOLS-I, as claimed; on the nearly separable kernel problem "
    "(T3) it is the other way round, since small batches buy more steps there. With equal samples the small batches "
    "also have sixteen times the steps, which hides the noise floor of a fixed rate.",
)


# --- EMP-20: norms ignored


def measure_norms(seeds, size):
    yield from each(("T1", "T3", "T1, spread 0"), seeds, size, _norms)


def _norms(label, seeds, size):
    import toybox as tb

    quadratic = {"dim": 30, "size": 2000, "condition": 100.0, "common": True, "spread": 0.0}
    prob = tb.problem("quadratic", **quadratic) if "spread" in label else problem(label)
    floor, steps = getattr(prob, "floor", 0.0), 40 if size == "smoke" else 2000
    ends = {}
    for name in ("labpal-sgd", "labpal-nsgd"):
        method = tb.method(name, alpha=1.25, reuse=100, schedule="constant")
        trace = tb.run(prob, method, steps=steps, batch=32, seeds=seeds, every=None)
        ends[name] = np.where(trace.ended == steps, np.maximum(trace.full_loss[-1] - floor, 1e-12), np.inf)
    with np.errstate(all="ignore"):
        lost = np.log10(ends["labpal-nsgd"] / ends["labpal-sgd"])
    return {"powers of ten lost": np.clip(lost, -6, 6)}  # what diverged counts as 10^6


EMP_20 = Experiment(
    "EMP-20",
    "Ignoring the norm of the gradient costs nothing",
    "dissertation, section 6.4.2",
    "LABPAL with steps of a measured length (NSGD) performs like LABPAL with a measured rate (SGD).",
    "log10 of the full loss above its floor at the end of 2000 steps, LABPAL&NSGD less LABPAL&SGD; alpha 1.25, a "
    "search every 100 steps, batches of 32",
    {label: KINDS[label] for label in ("T1", "T3", "T1, spread 0")},
    measure_norms,
    (
        *(
            Prediction("claim", "within a factor of two", label, "powers of ten lost", -0.3, 0.3)
            for label in ("T1", "T3", "T1, spread 0")
        ),
        Prediction(
            "theory", "a fixed length cannot converge where a rate does", "T1, spread 0", "powers of ten lost", 1.0
        ),
    ),
    "Where batches agree on their minimiser, the measured rate, kept for 100 steps, can exceed what the sharpest "
    "direction bears and diverge, while a length cannot; elsewhere the two differ by less than their scatter, or in "
    "favour of the length.",
)


# --- EMP-22: momentum


def measure_momentum(seeds, size):
    yield from each(("T1", "T4"), seeds, size, _momentum)


def _momentum(label, seeds, size):
    """alpha_eff = sum lambda u'Hu / sum g'u over the second half of a run, u the step's direction."""
    import toybox as tb
    from toybox.analysis import sample

    smoke = size == "smoke"
    steps, every = (12, 3) if smoke else (1500, 10) if label == "T4" else (2000, 4)
    rows = {}
    for beta in (0.0, 0.9):
        rate = 0.1 * (1 - beta)
        method = tb.method("momentum", rate=rate, beta=beta) if beta else tb.method("sgd", rate=rate)
        found = sample(
            problem(label), method, steps=steps, batch=32, seeds=seeds, at=range(steps // 2, steps, every), unit="d",
            window=(-1e-3, 1e-3), points=3,
        )  # fmt: skip
        rows[f"beta = {beta:g}"] = (found.taken * found.curvature).sum(0) / -found.slope.sum(0)
    rows["momentum over none"] = rows["beta = 0.9"] / rows["beta = 0"]
    return rows


EMP_22 = Experiment(
    "EMP-22",
    "Momentum directions overshoot less",
    "dissertation, appendix B.1",
    "Along the directions of SGD with momentum the step overshoots the minimum of the full loss less than along those "
    "of SGD.",
    "alpha_eff, the step over the optimal one as a ratio of averages (sum of lambda u'Hu over sum of g'u), in the "
    "second half of a run; rate .1 without momentum, .01 with .9",
    {label: KINDS[label] for label in ("T1", "T4")},
    measure_momentum,
    (
        *(Prediction("claim", "a fifth less", label, "momentum over none", high=0.8) for label in ("T1", "T4")),
        *(
            Prediction("theory", "two at stationarity, whatever the momentum", "T1", f"beta = {beta}", 1.8, 2.2)
            for beta in ("0", "0.9")
        ),
    ),
    "On quadratics both intervals hold the two of theory (figure F22 measures it more closely): what looks like less "
    "overshooting on the network is a trajectory that has not settled.",
)

EXPERIMENTS = (EMP_18, EMP_19, EMP_20, EMP_22)
