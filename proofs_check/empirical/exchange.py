"""What a larger batch has in common with a smaller learning rate: curves and noise floors (EMP-08)."""

from __future__ import annotations

import numpy as np

from .experiment import Experiment, Prediction
from .lines import each
from .problems import WORDS, problem

K = 4
EQUAL = 0.8, 1.25  # as good as equal
# rate and base batch, of which one is multiplied by K; steps, and runs per seed
FLOORS = {"short steps": (0.2, 8, 1500, 8), "long steps": (1.6, 8, 800, 8), "half the data": (0.2, 250, 1000, 2)}
CURVES = {"T1": (0.2, 8, 100), "T3": (10.0, 8, 200), "T4": (0.2, 16, 200)}


def floors(rate, base, steps, seeds):
    """Excess of the full loss at stationarity on T1 over its exact value, the mean over the runs ``seeds`` (runs, n):
    (n,); and that value."""
    import toybox as tb
    from toybox.problems.quadratic import expected_risk

    prob = problem("T1")
    options = {"batch": base, "steps": steps, "sampler": "fresh"}
    theta, every = prob.solution, max(1, steps // 80)
    run = tb.run(prob, tb.method("sgd", rate=rate), seeds=seeds.ravel(), theta=theta, every=every, **options)
    late = run.probe_steps >= steps // 4
    exact = expected_risk(prob, rate, start=theta, **options)[run.probe_steps[late]].mean() - prob.floor
    return (run.full_loss[late].mean(axis=0) - prob.floor).reshape(seeds.shape).mean(axis=0) / exact, exact


def curves(label, rate, base, steps, seeds):
    """Excess of the full loss, second half of the curve: ratios at equal epochs and at equal steps, (seeds,) each."""
    import toybox as tb

    prob, every = problem(label), max(1, steps // 20)
    walk = lambda rate, batch, steps: (
        tb.run(prob, tb.method("sgd", rate=rate), steps=steps, batch=batch, seeds=seeds, every=every).full_loss
        - getattr(prob, "floor", 0.0)
    )
    large, small = walk(rate, K * base, steps), walk(rate / K, base, K * steps)
    ratio = lambda a, b: np.exp(np.log(a / b)[len(a) // 2 :].mean(axis=0))
    return ratio(large, small[::K]), ratio(large, small[: len(large)])


def measure_exchange(seeds, size):
    for name, (rate, base, most, runs) in FLOORS.items():
        steps = 4 if size == "smoke" else most
        many = 1000 * np.arange(1 if size == "smoke" else runs)[:, None] + np.array(seeds)
        large, exact_large = floors(rate, K * base, steps, many)
        small, exact_small = floors(rate / K, base, K * steps, many)
        yield from each("T1", f"floor, {name}", seeds, large / small * exact_large / exact_small)
        yield from each("T1", f"floor over exact, {name}", seeds, large / small)
    for label, (rate, base, most) in CURVES.items():
        epochs, same = curves(label, rate, base, 4 if size == "smoke" else most, seeds)
        yield from each(label, "equal epochs", seeds, epochs)
        yield from each(label, "equal steps", seeds, same)


def _predictions():
    for name in FLOORS:
        yield Prediction("claim", f"the same noise floor, {name}", "T1", f"floor, {name}", *EQUAL)
    for label in CURVES:
        for at in ("equal epochs", "equal steps"):
            yield Prediction("claim", f"the same curve at {at}, on {label}", label, at, *EQUAL)
    yield Prediction("theory", "short steps, small batches: nearly the same", "T1", "floor, short steps", 0.9, 1.15)
    yield Prediction("theory", "long steps: more noise than the shorter ones", "T1", "floor, long steps", 1.5)
    yield Prediction("theory", "half the data: about 0.6 of the noise", "T1", "floor, half the data", 0.5, 0.7)
    for name in FLOORS:
        yield Prediction("theory", f"as the recursion says, {name}", "T1", f"floor over exact, {name}", 0.95, 1.05)
    for label in CURVES:
        yield Prediction("theory", f"equal epochs: the same to first order, on {label}", label, "equal epochs", *EQUAL)
        yield Prediction("theory", f"equal steps: four times as far, on {label}", label, "equal steps", high=0.7)


EMP_08 = Experiment(
    "EMP-08",
    "A larger batch is a smaller learning rate",
    "dissertation, sections 2.10 and 5.6 and core result 3; Mutschler & Zell 2021 (ICANN), section 6",
    "Training with a batch that is larger by a factor goes as training with a learning rate smaller by that factor.",
    "excess of the full loss with rate r and batch 4 B over that with r/4 and B: at stationarity on T1 with fresh "
    "batches (r, B = 0.2, 8: short steps; 1.6, 8: long steps; 0.2, 250: half the data), also over its exact value; and "
    "of training curves, second halves, geometric mean, at equal epochs and at equal steps",
    {label: WORDS[label] for label in CURVES},
    measure_exchange,
    tuple(_predictions()),
    "True at equal epochs, where both runs go the same way, curve by curve; false at equal steps, where the larger "
    "batch has gone four times as far. So it speaks of drift and noise per sample, not of the length of a step. "
    "Noise floors agree to first order only: long steps raise the floor of the larger rate, and a batch that is "
    "half of the data lowers it, both as the exact recursion says within the few percent that five seeds resolve.",
)

EXPERIMENTS = (EMP_08,)
