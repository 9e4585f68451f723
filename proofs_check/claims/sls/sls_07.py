r"""SLS-07  Without interpolation SLS does not converge

Where: dissertation, section 2.6.3
Claim: On two parabolas whose minima lie apart the stochastic Armijo search keeps moving: its iterates keep a standard
    deviation of more than the distance of the minima.
Formula: (x-1)^2,\ (x+1)^2: \quad \lim_t \mathrm{sd}(x_t) \approx 2.4
Verdict: holds
Kind: montecarlo
Found: 2.42 over time; between 2.2 and 2.7 in single steps, because the learning rate grows and is cut again.
Sampled: the law of a random walk whose step depends on its past; its standard deviation is known from many runs only.
"""

from __future__ import annotations

from functools import cache

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import ERRORS, close, told
from ...ours import on_rule

claim = told(__doc__)


@cache
def spread_of(budget, apart, steps=300):
    """Standard deviations (steps,) of x over independent chains on (x - apart)^2 and (x + apart)^2; and x itself."""
    problem = tb.problems.NoisyQuadratic(np.array([[2.0]]), np.array([[apart], [-apart]]))
    many = budget.many(2000, 20000)
    chains = range(many * budget.seed, many * (budget.seed + 1))
    probe = tb.Probe("theta", lambda look: look.theta[..., 0])
    rule = on_rule(methods.armijo.Armijo(c=0.1))
    trace = tb.run(
        problem, rule, steps=steps, batch=1, seeds=chains, theta=0.5, sampler="fresh", probes=[probe], every=1
    )
    return trace.probes["theta"][100:]


budgets = lambda budget: [budget]


@claim.check("its size", budgets, degree="simulated")
@claim.control("1.9", budgets, size=1.9)
def observed(budget, size=2.42):
    """Over time the standard deviation is 2.42; in single steps it comes and goes around 2.46, as the rate does."""
    x = spread_of(budget, 1.0)
    at_times, squares = x.std(axis=1), (x**2).mean(axis=0)
    over_time = np.sqrt(squares.mean())
    error = squares.std() / np.sqrt(len(squares)) / (2 * over_time)
    return {
        "2.42": close(over_time, size, ERRORS * error + 0.005),
        "2.46 from below": float(2.46 - at_times.min()),
        "2.46 from above": float(at_times.max() - 2.46),
    }


@claim.check("standard deviation above .1", budgets, degree="simulated")
@claim.control("the same minimiser", budgets, apart=0.0)
def stays_spread(budget, apart=1.0, errors=10):
    """The last standard deviation exceeds .1 by ten of its standard errors sqrt((m4 - s^4) / (4 s^2 n))."""
    x = spread_of(budget, apart)[-1]
    s, fourth = x.std(), ((x - x.mean()) ** 4).mean()
    error = np.sqrt(max(fourth - s**4, 0) / (4 * len(x))) / max(s, 1e-9)
    return float((s - 0.1) / max(error, 1e-9) - errors)
