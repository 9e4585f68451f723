"""What the batch size does to a step: on a line kept fixed, and along directions of its own (EMP-07)."""

from __future__ import annotations

import numpy as np

from .experiment import Experiment, Prediction
from .problems import WORDS, problem

K, BASE = 4, 16


def measure_batch_growth(seeds, size):
    """Per seed: the mean slope of base batches over that of batches four times as large, both protocols."""
    import toybox as tb

    steps, draws = (20, 4) if size == "smoke" else (300, 100)
    for label, rate in (("T1", 0.1), ("T3", 1.0), ("T4", 0.1)):
        prob = problem(label)
        theta = tb.run(prob, tb.method("sgd", rate=rate), steps=steps, batch=BASE, seeds=seeds, every=None).theta
        slopes = np.array([_slopes(prob, theta, np.array(seeds), t) for t in range(draws)])  # (draws, 3, seeds)
        base, fixed, own = slopes.mean(axis=0)
        for i, seed in enumerate(seeds):
            yield label, "fixed line", seed, base[i] / fixed[i]
            yield label, "own direction", seed, base[i] / own[i]


def _slopes(prob, theta, seeds, t):
    """Slopes |phi'(0)| of a batch, of a larger one around it along the same direction, and of one as large along its
    own: three of (seeds,)."""
    index = prob.draw(seeds, t, 1, K * BASE, "fresh")
    g, union = (prob.at(theta, batch).gradient for batch in (index[:, :BASE], index))
    other = prob.at(theta, prob.draw(seeds, t, 2, K * BASE, "fresh")).gradient
    norm = np.linalg.norm(g, axis=-1)
    return norm, (union * g).sum(-1) / norm, np.linalg.norm(other, axis=-1)


def _predictions():
    for label in ("T1", "T3", "T4"):
        yield Prediction("claim", f"four times the batch, a quarter of the step, on {label}", label, "own direction",
                         0.8 * K, 1.25 * K)  # fmt: skip
        yield Prediction("theory", "at most the root of four, with directions of their own", label, "own direction",
                         0.0, K**0.5 * 1.02)  # fmt: skip
        yield Prediction("claim", f"the same on a line kept fixed, on {label}", label, "fixed line", 0.8 * K, 1.25 * K)
        yield Prediction("theory", "between 1 and four on a line kept fixed", label, "fixed line", 1.0, 1.02 * K)


EMP_07 = Experiment(
    "EMP-07",
    "Batch size times k is step length over k",
    "dissertation, section 5.6; Mutschler & Zell 2021 (ICANN), section 6",
    "Enlarging the batch by a factor shortens the SGD step by the same factor.",
    "mean |slope| on batches of 16 over mean |slope| on batches of 64, along the direction of the 16 (fixed line) and "
    "along directions of their own",
    {label: WORDS[label] for label in ("T1", "T3", "T4")},
    measure_batch_growth,
    tuple(_predictions()),
    "On a line kept fixed, as published, the step shrinks by k where the rest of the data is flat along it, and by "
    "less elsewhere; along directions of their own, as SGD is run, by no more than the root of k.",
)

EXPERIMENTS = (EMP_07,)
