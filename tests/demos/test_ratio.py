import numpy as np
import pytest

import toybox as tb
from toybox.demos import ratio


@pytest.mark.parametrize("batch", [8, 64])
def test_early_nothing_is_divided_and_late_two_laws_hold(batch):
    k = np.array(ratio.FACTORS)
    early, late = (ratio.factors(batch, start, 0) for start in (0, 700))
    for factor in early:
        assert np.all(np.abs(factor - 1) < 0.6)
    line, own = late
    assert np.all((line > k / 2.5) & (line < 2.5 * k))
    assert np.all(own <= 1.1 * np.sqrt(k * (ratio.SAMPLES - batch) / (ratio.SAMPLES - k * batch)))
    assert np.all(own >= 0.6 * np.sqrt(k))


def test_the_law_of_own_directions_from_all_samples():
    """E |g_B|^2 at the iterates of one stretch, from the gradients of all samples."""
    problem = tb.problem("quadratic", dim=30, size=ratio.SAMPLES, common=True)
    Q, m = np.asarray(problem.Q), np.asarray(problem.m)

    def measure(look):
        theta = look.theta  # (seeds, dim)
        g = np.einsum("nij,snj->sni", np.broadcast_to(Q, (len(m), 30, 30)), theta[:, None] - m)
        mean, tr = g.mean(1), g.var(1, ddof=1).sum(-1)
        sizes = 32 * np.array(ratio.FACTORS)
        return (mean**2).sum(-1)[:, None] + tr[:, None] * (1 / sizes - 1 / len(m))

    trace = tb.run(
        problem,
        tb.method("sgd", rate=0.1),
        steps=460,
        batch=32,
        seeds=range(ratio.RUNS),
        every=20,
        probes=[tb.Probe("square", measure)],
    )
    now = (trace.probe_steps >= 400) & (trace.probe_steps < 460)
    expected = trace.probes["square"][now].mean((0, 1))
    found = ratio.measured(32, 0)
    squares = found.squares[(found.t >= 400) & (found.t < 460)].mean((0, 1))
    np.testing.assert_allclose(squares, expected, rtol=0.25)


def test_the_answer_is_of_the_last_steps():
    said = ratio.answer(32, "both", 0, 0)
    line, own = ratio.factors(32, 700, 0)
    assert said.right == "by about 4, the root"
    assert f"{own[-1]:.1f}" in said.words
    assert f"{line[-1]:.1f}" in said.words
