"""Section F, third part: where the stochastic Armijo search diverges, grows or does not settle (Algorithm 3)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import product
from math import log

import numpy as np

import toybox as tb
from toybox.rules import backtracking

from ..cases import EPS
from ..claim import Check, Claim, Contrast, at_most, close, equal, only
from ..ours import Plain, moves, on_rule, univariate
from .f_rates import FLAT, HALF, MIRRORED, NINE, ONE, TENTH, contracts, expected
from .f_steps import armijo, path

# --- SLS-05


def mirrored_moves(x, c=TENTH, first=F(11, 3)):
    """The two moves from x, of the sample that is steep there and of the one that is flat."""
    steep = MIRRORED[0] if x > 0 else MIRRORED[1]
    flat = MIRRORED[1] if x > 0 else MIRRORED[0]
    both = []
    for piece in (steep, flat):
        plain = Plain(parts=[piece.part])
        both.append(moves(tb.tiny.sls, plain, (x,), [(0,)], c=c, beta=NINE, first=first, max_step=first)[0])
    return both


def mirrored_factors(x):
    steep, flat = mirrored_moves(x)
    line = MIRRORED[0 if x > 0 else 1]
    s, g = steep.step, line.slope(x)
    return {
        "first trials": equal([steep.trials, flat.trials, steep.step, flat.step], [1, 1, F(11, 3), F(11, 3)]),
        "steep": equal(steep.x[0], -F(8, 3) * x),
        "flat": equal(flat.x[0], F(69, 80) * x),
        "equality": equal(line.f(x - s * g), line.f(x) - TENTH * s * g**2),
    }


def well_behaved(x, y):
    """Convex, 1-smooth and 3/80-strongly convex, both minimised at 0: slopes of f - mu/2 x^2 and of f - 1/2 x^2."""
    slack: dict = {}
    for i, piece in enumerate(MIRRORED):
        rise, square = (piece.slope(x) - piece.slope(y)) * (x - y), (x - y) ** 2
        slack |= {f"mu {i}": at_most(FLAT * square, rise), f"L {i}": at_most(rise, square)}
        slack[f"minimum {i}"] = at_most(piece.f(F(0)), piece.f(x))
    return slack


def growth(steps, c=TENTH):
    return expected(MIRRORED, ONE, c, NINE, F(11, 3), steps)


def grows():
    """E x_t^2 is a power of 452449/115200; log |x| grows, too."""
    per_step = F(452449, 115200)
    return {f"{t} steps": equal(growth(t), per_step**t) for t in (1, 2, 3, 4)} | {
        "3.93": equal(round(per_step, 2), F(393, 100)),
        "0.416": equal(round((log(8 / 3) + log(69 / 80)) / 2, 3), 0.416),
    }


def mirrored():
    """The two samples for arrays."""
    k = np.array([[p.left, p.right] for p in MIRRORED], float)

    def f(theta, index):
        x = theta[..., 0]
        h = k[index[..., 0], (x > 0).astype(int)]
        return h * x * x / 2, (h * x)[..., None]

    return tb.problems.FromFunction(f, 1, 2)


def arrays_overshoot():
    """Our rule on arrays, just below the boundary: the factors are met up to the 1e-9 by which it is below."""
    first = 11 / 3 * (1 - 1e-9)
    rule = armijo(0.1, 0.9, first, max_step=first)
    x = path(mirrored(), rule, 1.0, np.array([[0, 1]])).theta[-1, :, 0]
    return close(x, [-8 / 3, 69 / 80], 4e-9)


def literal(c):
    """log10 |x_400| of Algorithm 3 as printed, for 20 seeds, started at 1 (at least -300)."""
    rule = on_rule(backtracking.Armijo(c=c))
    trace = tb.run(mirrored(), rule, steps=400, batch=1, seeds=range(20), theta=1.0, sampler="fresh", every=None)
    return np.log10(np.maximum(np.abs(trace.theta[..., 0]), 1e-300))


def literal_diverges(c=0.1):
    """At least 19 of 20 seeds beyond 1e10; the middle one between 1e27 and 1e57."""
    x = literal(c)
    return {
        "19 of 20": int((x > 10).sum()) - 19,
        "not below": float(np.median(x)) - 27,
        "not above": 57 - float(np.median(x)),
    }


def literal_converges(c=(0.3, 0.5, 0.7, 0.9)):
    x = literal(np.array(c))
    return {f"c = {c}": -15 - float(x[:, i].max()) for i, c in enumerate(c)} | (
        {"c = .5": -100 - float(x[:, c.index(0.5)].max())} if 0.5 in c else {}
    )


POINTS = [F(k, 3) for k in range(-9, 10) if k]

SLS_05 = Claim(
    id="SLS-05",
    title="The default c = .1 is outside the theorem",
    source="dissertation, section 2.6.3 and Algorithm 3",
    statement="The stochastic Armijo search, whose constant is .1 by default, is proven to converge on convex and on"
    " strongly convex losses under interpolation, where gradients are Lipschitz.",
    formula=r"E\|w_t - w^*\|^2 \to 0 \quad \mathrm{with} \quad c_1 = 0.1",
    kind="exact",
    verdict="refuted",
    finding="Two samples suffice: x^2 / 2 on one side of 0 and (3/80) x^2 / 2 on the other, and its mirror image. Both"
    " are 1-smooth, strongly convex and minimal at 0. With c = 1/10 and a largest step of 11/3 every first trial is"
    " accepted; |x| is multiplied by 8/3 or by 69/80, half the time each. E x^2 grows by 3.93 per step, and log |x| by"
    " .416 on average: almost every run diverges. Algorithm 3 as printed does so as well. It is true for c >= 1/2"
    " (strongly convex) and c > 1/2 (convex), see SLS-03 and SLS-04.",
    corrected=r"E x_t^2 = \left(\frac{452449}{115200}\right)^t x_0^2 \quad \mathrm{for} \quad c_1 = \tfrac1{10}",
    checks=[
        Check("the samples are as the theorem wants them", well_behaved, lambda budget: product(POINTS, POINTS)),
        Check("moves from everywhere", mirrored_factors, lambda budget: POINTS),
        Check("growth over all paths", grows),
        Check("the rule on arrays", arrays_overshoot),
        Check("Algorithm 3 as printed diverges", literal_diverges),
        Check("and converges for larger constants", literal_converges),
        Check("c = 1/2 contracts", contracts, lambda budget: [(MIRRORED, x, HALF, NINE, F(11, 3), 3) for x in POINTS]),
    ],
    controls=[
        Check("Algorithm 3 diverges with c = 1/2", lambda: literal_diverges(0.5)),
        Check("Algorithm 3 converges with c = .1", lambda: literal_converges((0.1,))),
        Check("E x^2 with c = 1/2", lambda: at_most(F(452449, 115200), growth(1, HALF))),
    ],
    counterexamples=[
        Check("E x^2 after t steps from 1", lambda c, t: Contrast(ONE, growth(t, c), "at most"), only(TENTH, 3)),
    ],
)

# --- SLS-06


def floors(budget):
    """Learning rates of Algorithm 3 on random parabolas with B/D = 1/100 .. 1, lane by lane, with what bounds them."""
    rng, lanes, steps = budget.rng(), budget.many(80, 400), 60
    for D, B in ((100, 1), (40, 1), (25, 2), (10, 1), (7, 2), (5, 2), (4, 3), (3, 3)):
        h = 10 ** rng.uniform(-2, 2, D)
        problem = tb.problems.NoisyQuadratic(h[:, None, None], rng.standard_normal((D, 1)))
        c, beta = rng.uniform(0.05, 0.95, lanes), rng.uniform(0.3, 0.95, lanes)
        first = 10 ** rng.uniform(-2, 2, lanes) / h.max()
        rule = backtracking.Armijo(c, beta, first=first, tries=1000)
        trace = tb.run(problem, on_rule(rule), steps=steps, batch=B, theta=1.0, sampler="fresh", every=None)
        lowest = trace.size[:, 0].min(axis=0)
        for row in zip(lowest.tolist(), first.tolist(), c.tolist(), beta.tolist(), strict=True):
            yield *row, B / D, h.max()


def above_floor(lowest, first, c, beta, fraction, L, shrunk=True):
    """A trial that is rejected exceeds 2 (1 - c) / L, up to the rounding of its test; growth takes 60 products."""
    floor = min(first * 2**fraction, 2 * (beta if shrunk else 1) * (1 - c) / L)
    return lowest / floor - 1 + (16 / (1 - c) + 200) * EPS


def unrejected(D, steps, c=0.1):
    """Learning rates on a linear loss, where every trial is accepted."""
    problem = univariate(lambda x: x, lambda x: 0 * x + 1, size=D)
    rule = backtracking.Armijo(c=c)
    trace = tb.run(problem, on_rule(rule), steps=steps, batch=1, theta=0.0, sampler="fresh", every=None)
    return trace.size[:, 0]


def per_epoch(D):
    """One epoch multiplies the rate by gamma = 2, up to D rounded factors; so does the twin's."""
    size = unrejected(D, 3 * D)
    plain = Plain(lambda x: x[0], lambda x: (1.0,))
    twin = [m.step for m in moves(tb.tiny.sls, plain, (0.0,), [True] * 3 * D, c=0.1, steps_per_epoch=D)]
    return {
        "epoch": close(size[D:] / size[:-D], 2.0, 4 * D * EPS),
        "start": close(size[0], 2 ** (1 / D), 4 * EPS),
        "twin": close(size, twin, 4 * D * EPS * size),
    }


SLS_06 = Claim(
    id="SLS-06",
    title="Floor of the learning rate with resets",
    source="dissertation, Algorithm 3",
    statement="The learning rate never falls below its first trial or 2 beta (1 - c) / L, whichever is smaller. While"
    " no trial is rejected an epoch multiplies it by gamma; nothing bounds it from above.",
    formula=r"\lambda_t \ge \min\left\{\lambda_{\mathrm{init}}\, \gamma^{|\mathbb B|/|\mathbb D|},"
    r" \frac{2\beta(1-c)}{L_{\max}}\right\}",
    kind="property",
    verdict="holds",
    checks=[
        Check("floor of every lane", above_floor, floors),
        Check("growth per epoch", per_epoch, lambda budget: [1, 2, 3, 7, 20, 100]),
        Check("no bound: 400 epochs", lambda: equal(float(unrejected(1, 400)[-1]), 2.0**400)),
    ],
    controls=[
        Check("floor without beta", partial(above_floor, shrunk=False), floors),
        Check("bounded by 1e6", lambda: at_most(float(unrejected(1, 400)[-1]), 1e6)),
    ],
)

# --- SLS-07


def spread_of(budget, apart=1.0, steps=300):
    """Standard deviations (steps,) of x over independent chains on (x - apart)^2 and (x + apart)^2; and x itself."""
    problem = tb.problems.NoisyQuadratic(np.array([[2.0]]), np.array([[apart], [-apart]]))
    chains = range(budget.seed, budget.seed + budget.many(2000, 20000))
    probe = tb.Probe("theta", lambda look: look.theta[..., 0])
    rule = on_rule(backtracking.Armijo(c=0.1))
    trace = tb.run(
        problem, rule, steps=steps, batch=1, seeds=chains, theta=0.5, sampler="fresh", probes=[probe], every=1
    )
    return trace.probes["theta"][100:]


def stays_spread(budget, apart=1.0, errors=10):
    """The last standard deviation exceeds .1 by ten of its standard errors sqrt((m4 - s^4) / (4 s^2 n))."""
    x = spread_of(budget, apart)[-1]
    s, fourth = x.std(), ((x - x.mean()) ** 4).mean()
    error = np.sqrt(max(fourth - s**4, 0) / (4 * len(x))) / max(s, 1e-9)
    return float((s - 0.1) / max(error, 1e-9) - errors)


def observed(budget):
    """Over time the standard deviation is 2.42; in single steps it comes and goes around 2.46, as the rate does."""
    x = spread_of(budget)
    at_times, squares = x.std(axis=1), (x**2).mean(axis=0)
    over_time = np.sqrt(squares.mean())
    error = squares.std() / np.sqrt(len(squares)) / (2 * over_time)
    return {
        "2.42": close(over_time, 2.42, 5 * error + 0.005),
        "2.46 from below": float(2.46 - at_times.min()),
        "2.46 from above": float(at_times.max() - 2.46),
    }


budgets = lambda budget: [budget]

SLS_07 = Claim(
    id="SLS-07",
    title="Without interpolation SLS does not converge",
    source="dissertation, section 2.6.3",
    statement="On two parabolas whose minima lie apart the stochastic Armijo search keeps moving: its iterates keep a"
    " standard deviation of more than the distance of the minima.",
    formula=r"(x-1)^2,\ (x+1)^2: \quad \lim_t \mathrm{sd}(x_t) \approx 2.4",
    kind="montecarlo",
    verdict="holds",
    finding="2.42 over time; between 2.2 and 2.7 in single steps, because the learning rate grows and is cut again.",
    checks=[
        Check("standard deviation above .1", stays_spread, budgets),
        Check("its size", observed, budgets),
    ],
    controls=[Check("the same minimiser", lambda budget: stays_spread(budget, apart=0.0), budgets)],
)

CLAIMS = (SLS_05, SLS_06, SLS_07)
