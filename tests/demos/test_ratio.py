import numpy as np
import pytest

import toybox as tb
from toybox.demos import ratio


@pytest.mark.parametrize("batch", [8, 64])
def test_both_laws_hold_early_and_late(batch):
    """The expected slope of a batch grown on the line mixes its base batch's with that of the rest of the data, and
    E |g_kB|^2 = |g|^2 + (1/kB - 1/D) tr S. Of means over 40 lines, a slope late in the run is mostly noise, with a
    standard error of about a tenth at k = 16; early, and of squares in 30 dimensions, it is a hundredth or two.
    """
    k, D, found = np.array(ratio.FACTORS), ratio.SAMPLES, ratio.measured(batch, 0)
    for start, noise in ((0, 0.06), (700, 0.4)):
        now = (found.t >= start) & (found.t < start + ratio.WINDOW)
        base, rest, full = found.slope[now, :, 0].mean(), found.rest[now].mean(), found.full[now].mean()
        square = found.squares[now, :, 0].mean()
        spread = (square - full) / (1 / batch - 1 / D)
        line, own = ratio.factors(batch, start, 0)
        np.testing.assert_allclose(line, base / (base / k + (1 - 1 / k) * rest), rtol=noise)
        np.testing.assert_allclose(own, np.sqrt(square / (full + spread * (1 / (k * batch) - 1 / D))), rtol=0.08)
    assert line[-1] > 2 * own[-1]  # two laws


def test_the_law_of_own_directions_from_all_samples():
    """E |g_B|^2 at the iterates of one stretch, from the gradients of all samples. Found is a mean over 96 batches,
    whose squares vary by a third each.
    """
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
