"""Directions whose gradients are not all of this step's theta."""

import numpy as np
import pytest

import toybox as tb
from toybox.methods.conjugate import Conjugate
from toybox.methods.fixed import Fixed, Unit
from toybox.problems import NoisyQuadratic

D, STEPS = 5, 12


def samples(seed=3):
    """Quadratics with curvatures of their own: Q (D, 3, 3) and minimisers (D, 3)."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((D, 3, 3))
    return W @ np.swapaxes(W, 1, 2) + 0.5 * np.eye(3), rng.standard_normal((D, 3))


def walk(direction, Q, m, steps=STEPS, length=0.01):
    """Steps of this length, one sample each: iterates and unit directions, both (steps + 1, 3), and the run."""
    probes = [tb.Probe("theta", lambda look: look.theta)]
    probes.append(tb.Probe("d", lambda look: 0 * look.theta if look.ray is None else look.ray.d))
    sampler = lambda t, j: np.array([[t % D]])
    method = tb.Optimizer(Unit(direction), Fixed(length))
    trace = tb.run(
        NoisyQuadratic(Q, m, start=[2.0, -1.0, 1.0]), method, steps=steps, batch=1, sampler=sampler, probes=probes
    )
    return trace.probes["theta"][:, 0], trace.probes["d"][:, 0], trace


@pytest.mark.parametrize("old", ["kept", "current"])
@pytest.mark.parametrize("formula", ["FR", "PR", "HS", "DY"])
@pytest.mark.parametrize("restart", [None, 4])
def test_conjugate_directions_step_by_step(formula, restart, old):
    """A plain loop with the formulas as printed in Nocedal & Wright (section 5.2) and Dai & Yuan."""
    Q, m = samples()
    theta, found, _ = walk(Conjugate(formula, restart, old), Q, m)
    gradient = lambda t, batch: Q[batch % D] @ (theta[t] - m[batch % D])
    d = None
    for t in range(STEPS):
        g, again = gradient(t, t), d is not None and (restart is None or t % restart)
        beta = 0.0
        if again:
            before = gradient(t - 1, t if old == "current" else t - 1)
            y = g - before
            beta = {
                "FR": (g @ g) / (before @ before),
                "PR": max(g @ y / (before @ before), 0),
                "HS": max(g @ y / (d @ y), 0),
                "DY": (g @ g) / (d @ y),
            }[formula]
        d = -g + beta * d if again else -g
        d = d if g @ d < 0 else -g
        np.testing.assert_allclose(found[t], d / np.linalg.norm(d), rtol=0, atol=1e-9)


def test_with_the_old_gradient_of_the_current_batch_directions_are_conjugate():
    """y is then Q of this batch times the last move, so that Hestenes and Stiefel's d' Q d_old = 0 on this batch,
    whatever the batch before was; with the old gradient of the batch before it is not."""
    Q, m = samples()

    def products(old):
        theta, d, _ = walk(Conjugate("HS", None, old), Q, m, 60, length=3.0)
        rows = np.array([Q[t % D] for t in range(1, 60)])
        steepest = -np.einsum("tij,tj->ti", rows, theta[1:60] - np.array([m[t % D] for t in range(1, 60)]))
        steepest = steepest / np.linalg.norm(steepest, axis=1, keepdims=True)
        turned = np.einsum("ti,ti->t", d[1:60], steepest) < 1 - 1e-9  # elsewhere beta was cut, or d did not descend
        found = np.einsum("ti,tij,tj->t", d[1:60], rows, d[:59]) / np.linalg.norm(rows, 2, axis=(1, 2))
        return np.abs(found[turned])

    current, kept = products("current"), products("kept")
    assert min(len(current), len(kept)) >= 10
    assert current.max() < 1e-9
    assert np.median(kept) > 0.01


@pytest.mark.parametrize(("old", "restart", "expected"), [
    ("kept", 4, [1] * 8), ("current", 4, [1, 2, 2, 2] * 2), ("current", None, [1] + [2] * 7),
])  # fmt: skip
def test_the_old_gradient_taken_anew_is_paid_for(old, restart, expected):
    _, _, trace = walk(Conjugate("PR", restart, old), *samples(), 8)
    for kind in ("gradients", "values", "samples"):
        assert np.diff(trace.cost(kind)[:, 0], prepend=0).tolist() == expected
    assert trace.cost("batches")[:, 0].tolist() == list(range(1, 9))


@pytest.mark.parametrize("line", ["closed", "generic"])
def test_the_old_gradient_is_that_of_this_batch_on_every_kind_of_line(line):
    problem = tb.problem("factorization", rank=4, line=line)
    method = tb.method("pal-pr", old="current", restart=None)
    gradients = tb.Probe("d", lambda look: 0 * look.theta if look.ray is None else look.ray.d)
    iterates = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(problem, method, steps=2, batch=20, probes=[gradients, iterates])
    theta, batch = trace.probes["theta"], problem.draw(np.array([0]), 1, 0, 20, "epochs")
    old, new = (problem.at(theta[t], batch).gradient[0] for t in (0, 1))
    beta = max(new @ (new - old) / (old @ old), 0)
    first = problem.at(theta[0], problem.draw(np.array([0]), 0, 0, 20, "epochs")).gradient[0]
    d = -new - beta * first
    d = d if d @ new < 0 else -new
    np.testing.assert_allclose(trace.probes["d"][1, 0], d / np.linalg.norm(d), rtol=0, atol=1e-12)
