"""EMP-17 and EMP-23 against plain loops over a network written out by hand, and their rates against sharpness."""

import numpy as np
import pytest

from toybox import sampling
from toybox.analysis.curvature import moments, top_eigenvalues

pytest.importorskip("sympy", reason="the extra proofs is not installed")

from proofs_check.empirical import alignment
from proofs_check.empirical.problems import problem

SEED, RATE, LABEL = 3, 1.5, "T4 at 1.5"
H = 1e-5  # of finite differences along unit vectors: third derivatives leave about 1e-10, rounding 1e-11


def gradient(theta, batch):
    """Of the mean softmax loss of a perceptron 64-16-10 with tanh, by the chain rule, sample by sample."""
    X, y = problem("T4").X, problem("T4").y
    W, b, V, c = np.split(theta, np.cumsum([16 * 64, 16, 10 * 16]))
    W, V, total = W.reshape(16, 64), V.reshape(10, 16), np.zeros(len(theta))
    for i in batch:
        a = np.tanh(W @ X[i] + b)
        odds = np.exp(V @ a + c)
        dz = odds / odds.sum()
        dz[y[i]] -= 1
        da = (V.T @ dz) * (1 - a**2)
        total += np.concatenate([np.outer(da, X[i]).ravel(), da, np.outer(dz, a).ravel(), dz])
    return total / len(batch)


def walk(batch, steps):
    """The iterates of SGD, and its gradients."""
    p = problem("T4")
    thetas, gradients = [np.array(p.initial([SEED])[0])], []
    for t in range(steps):
        drawn = range(p.size) if batch == p.size else p.draw(np.array([SEED]), t, 0, batch, "epochs")[0]
        gradients.append(gradient(thetas[-1], drawn))
        thetas.append(thetas[-1] - RATE * gradients[-1])
    return thetas, gradients


def aligned(theta, batches):
    """The mean of eq. 4, with differences of the full gradient for Hg."""
    everything, found = range(problem("T4").size), []
    for batch in batches:
        g = gradient(theta, batch)
        u = g / np.sqrt(g @ g)
        found.append(u @ (gradient(theta + H * u, everything) - gradient(theta - H * u, everything)) / (2 * H))
    return np.mean(found)


def test_alignments_are_those_of_a_plain_loop():
    D, found = problem("T4").size, alignment._alignment(LABEL, (SEED,), "smoke")
    thetas, _ = walk(alignment.BATCH, 10)
    for many in (0, 5):
        draw = lambda B: [sampling.distinct(np.array([SEED]), np.array([k]), B, B, D)[0] for k in range(4)]
        means = [aligned(thetas[many], batches) for batches in (draw(16), draw(128), [range(D)])]
        wanted = min(means[1] / means[0], means[2] / means[1])
        np.testing.assert_allclose(found[alignment.LOOKS[many]], [wanted], rtol=1e-7)


def test_cosines_are_those_of_a_plain_loop():
    found = alignment._turning(LABEL, (SEED,), "smoke")
    cosine = lambda u, v: u @ v / (np.sqrt(u @ u) * np.sqrt(v @ v))
    runs = [walk(batch, 6)[1] for batch in (16, 128, problem("T4").size)]
    seen = [[cosine(g[t - 1], g[t]) for t in range(1, 6)] for g in runs]
    small, large, everything = map(np.mean, seen)
    first = np.mean(seen[2][:3]) - np.mean(seen[0][:3])
    wanted = {"128 less 16": large - small, "all less 128": everything - large, "all data": everything}
    for name, value in (wanted | {"all less 16, first 20 steps": first}).items():
        np.testing.assert_allclose(found[name], [value], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("label", alignment.RUNS)
def test_rates_lie_where_the_predictions_say(label):
    """In units of 1 / lambda_max at the start: below 1, between 1 and 2, or above 2; for every seed."""
    p, rate = problem(alignment.RUNS[label][0]), alignment.RUNS[label][1]
    low, high = (0, 1) if label in alignment.SLOW else (2, np.inf) if label == "T4 at 3" else (1, 2)
    for theta in p.initial(range(alignment.EMP_23.seeds)):
        assert low < rate * top_eigenvalues(p, theta)[0] < high
        if label in alignment.CONVEX:
            assert not moments(p, theta).cosine_falls(rate)


@pytest.mark.slow
def test_which_is_sharper_at_the_start():
    """The mean gradient on T3, the noise on T4: the two predictions of theory for untrained models."""
    for name, grows in (("T3", True), ("T4", False)):
        p = problem(name)
        assert moments(p, p.initial([0])[0]).alignment_grows == grows
