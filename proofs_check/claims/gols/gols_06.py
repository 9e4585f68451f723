r"""GOLS-06  Convergence by a Lyapunov function

Where: dissertation, section 2.6.4 (Kafka & Wilke 2019, section 4.2)
Claim: If every update decreases the loss in expectation and there is one global minimiser, GOLS-I converges to it from
    anywhere, as Lyapunov's theorem on global stability says: what the loss exceeds its minimum by is the function that
    decreases.
Formula: E[V(\theta_{t+1}) \mid \theta_t] \le V(\theta_t) - w(\epsilon) \ \mathrm{where}\ V(\theta_t) \ge \epsilon
    \ \Rightarrow\ \sum_t P(V(\theta_t) \ge \epsilon) \le \frac{V(\theta_0)}{w(\epsilon)}, \qquad V = \mathcal L - \min
    \mathcal L
Verdict: holds
Kind: exact
Found: With a decrease of at least w(epsilon) > 0 wherever V is epsilon or more: that V decreases does not suffice, for
    smaller and smaller decreases end anywhere. Then at most V_0 / w steps are expected outside any neighbourhood of the
    minimiser, so that V tends to 0 (Borel and Cantelli), which is said in words only. Without noise GOLS-I has such a
    decrease on quadratics while its steps stay within [1/2, 1.9] of the way, as those do that are accepted at once or
    shrunk, but one that grew may go nearly twice the way. A sign change that is bracketed comes nearer by such steps if
    eta is at most 2. That the loss decreases is assumed, not shown: where it rises slowly beyond the minimum, a step
    that is accepted at once may end higher than it began.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import above, only, told
from ...ours import on_rule
from ...proof import Theorem, every, implies, size
from .common import alone

claim = told(__doc__)


@claim.proof(
    "steps outside a neighbourhood", broken={"a decrease alone": {"least": 0}, "V unbounded below": {"sign": -1}}
)
def visits(start, mean, steps, chance, next_mean, w, least=1, sign=1):
    """By induction: mean is E V_t, steps the expected number so far with V >= epsilon, chance that of one more now. Of
    V_t <= epsilon it is only used that V does not rise in expectation.
    """
    return Theorem(
        (
            *(w > 0, steps >= 0, 0 <= chance, chance <= 1, sign * next_mean >= 0),
            *(mean + w * steps <= start, next_mean <= mean - least * w * chance),
        ),
        {
            "paid": next_mean + w * (steps + chance) <= start,
            "number": steps + chance <= start / w,
        },
    )


@claim.proof("a decrease alone may stall", broken={"a share of V": {"share": F(1, 4)}})
def stalls(V, next_V, share=0):
    """V+ = (1 + V) / 2 falls from every V > 1, but never below 1 (unless V falls by a share of itself)."""
    return Theorem((V > 1, next_V == (1 + V) / 2 - share * V), {"falls": next_V < V, "stays above 1": next_V > 1})


@claim.proof("on a quadratic", broken={"nearly twice the way": {"longest": 2}})
def on_quadratics(V, gg, gQg, mu, L, alpha, longest=F(19, 10)):
    """Along -g, alpha times the way to the minimum (WA-01): the loss falls by alpha (2 - alpha) (g'g)^2 / (2 g'Qg). As
    |g|^2 >= 2 mu V and g'Qg <= L |g|^2, that is at least .19 mu / L of V.
    """
    fall = alpha * (2 - alpha) * gg**2 / (2 * gQg)
    return Theorem(
        (V > 0, mu > 0, gg >= 2 * mu * V, gQg > 0, gQg <= L * gg, F(1, 2) <= alpha, alpha <= longest),
        {"fall": fall >= F(19, 100) * mu / L * V},
    )


@claim.proof("nearer to a sign change", broken={"eta = 3": {"most": 3}, "flat beyond it": {"flatter": 2}})
def nearer(z, s, eta, c2, at_start, at_step, steepest, most=2, flatter=1):
    """Slopes are negative before z > 0 only. A search that grew has s / eta < z <= s, one that shrank s < z <= eta s. A
    step that is accepted at once passes z; it comes nearer if slopes beyond z rise as fast as those before z fall.
    """
    grown, shrunk = every(s < eta * z, z <= s), every(s < z, z <= eta * s)
    at_once = every(z <= s, at_step <= c2 * at_start)
    left = size(s - z)
    return Theorem(
        (
            *(z > 0, s > 0, 1 < eta, eta <= most, 0 < c2, c2 < 1, steepest > 0),
            *(at_start <= steepest * z, implies(s >= z, flatter * at_step >= steepest * (s - z))),
        ),
        {
            "grown": implies(grown, left < z),
            "shrunk": implies(shrunk, left <= (1 - 1 / eta) * z),
            "at once": implies(at_once, left <= c2 * z),
        },
    )


# --- our search


@claim.check("where the loss rises slowly it may end higher", only(F(1, 2)))
@claim.control("where it rises as fast as it fell", only(F(1)))
def ends_higher(rise):
    """The slope is -1 up to 1 and ``rise`` beyond: the first trial 4 is accepted, where the loss is above that at 0."""
    value = lambda s: -s if s <= 1 else -1 + rise * (s - 1)
    slope = lambda s: F(-1) if s < 1 else rise
    end = alone(value, slope, first=F(4))
    return above(value(end.step), 0) if end.trials == 1 else -1


@claim.check("converges on parabolas", lambda budget: [(0.0, budget.seed)], degree="sampled")
@claim.control("minima apart: no decrease near them", lambda budget: [(1.0, budget.seed)])
def converges(apart, seed, steps=400):
    """400 steps on (x - apart)^2 / 2 and (x + apart)^2 / 2 from 3/2 all end below 1e-10: 20 first trials in 10 runs."""
    first = 10 ** np.random.default_rng(seed).uniform(-3, 3, 20)
    problem = tb.problems.NoisyQuadratic(np.ones((1, 1)), np.array([[apart], [-apart]]))
    rule, runs = on_rule(methods.golsi.GOLSI(first=first)), range(10 * seed, 10 * seed + 10)
    trace = tb.run(problem, rule, steps=steps, batch=1, seeds=runs, theta=1.5, sampler="fresh", every=None)
    return 1e-10 - float(np.abs(trace.theta).max())
