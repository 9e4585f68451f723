"""Section L, concluded: exact steps, the best rate, and what was measured (dissertation, chapter 5)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb

from ..cases import EPS, dot, mean, populations, positive, scale, seeds, solve, times
from ..claim import Check, Claim, Contrast, above, at_most, close, equal, only
from ..ours import Quadratics, ends, moves, on_rule, walk
from .k_exchange import stationary_variance
from .k_noise import S, apart, in_the_mean, squares, subsets, trace
from .l_sgd import minibatches, pairs

# --- SGD-08: twice the optimal step


def twice(batch):
    """PAL's step for alpha = 2 leads to a point of the same loss, on exact numbers."""
    loss = lambda x: batch.exactly.value(x, (0,))
    hyper = {"alpha": 2, "beta": 0, "mu": F(1, 3), "s_max": F(10**9)}
    move = moves("pal", batch.exactly, batch.origin, [(0,)], **hyper)[0]
    along = dot(batch.g, times(batch.Q, batch.g))
    return {
        "loss": equal(loss(move.x), loss(batch.origin)),
        "step": equal(move.step, 2 * batch.length**3 / along),  # |g| over the curvature along the unit direction
    }


def twice_on_full(pair):
    """SGD with twice the locally optimal rate leaves the full loss where it was."""
    rate = dot(pair.g, pair.g_B) / dot(pair.g_B, times(pair.H, pair.g_B))
    assume(rate > 0)  # else -g_B leads uphill
    origin, loss = (F(0),) * len(pair.g), lambda x: pair.exactly.value(x, (0, 1))
    return equal(loss(moves("sgd", pair.exactly, origin, [(0,)], rate=2 * rate)[0].x), loss(origin))


def twice_on_arrays(batch):
    """The same on arrays. A relative error e of a step 2 s_opt changes the loss by 2 |g| s_opt e; e as in SGD-01."""
    from toybox import methods

    n, mu = len(batch.g), 0.5
    problem = tb.problems.NoisyQuadratic(np.array(batch.Q, float), np.array([batch.m], float))
    found = walk(problem, on_rule(methods.pal.PAL(mu=mu, alpha=2.0, s_max=np.inf)), np.zeros(n))
    s = found.trace.size[0, 0] * float(batch.length) / 2
    before, after = found.trace.full_loss[:, 0]
    m, Q = np.abs(problem.m[0]), np.abs(problem.Q)
    far = m + np.abs(found.theta[1, 0])
    rounding = 10 * (2 * n + 10) * EPS * (1 + 2 * s / mu)
    return close(after, before, rounding * (float(far @ Q @ far) + 2 * float(batch.length) * s))


def cubic(c):
    """l'(s) = (s - 1)(1 + c (s + 1)): s_opt = 1 and l(2) - l(0) = 2 c / 3."""
    coefficients = [-(1 + c), F(1, 2), c / 3]  # of s, s^2, s^3
    l = lambda s: sum(a * s ** (p + 1) for p, a in enumerate(coefficients))  # noqa: E741
    return equal(l(2), 0)


SGD_08 = Claim(
    id="SGD-08",
    title="Twice the optimal step improves nothing",
    source="dissertation, section 5.5",
    statement="On a parabola the point at twice the optimal step has the loss of the origin. If the rate 0.05 is"
    " exactly optimal, 0.1 improves nothing locally.",
    formula=r"l(2\,s_{\mathrm{opt}}) = l(0)",
    kind="exact",
    verdict="holds",
    checks=[
        Check("PAL with alpha = 2", twice, minibatches(), examples=60),
        Check("SGD with twice the optimal rate", twice_on_full, pairs(), examples=60),
        Check("PAL on arrays", twice_on_arrays, minibatches(), examples=60),
        Check("no cubic term", lambda: cubic(F(0))),
    ],
    controls=[Check("a cubic term", lambda: cubic(F(1, 10)))],
)

# --- SGD-09: exact searches on mini-batches


class Bowls(NamedTuple):
    """D = 6 parabolas of curvature h with minimisers c, batches of 2."""

    c: tuple
    h: F

    def variance(self, method, **hyper):
        problem = Quadratics([((self.h,),)] * 6, self.c)
        return stationary_variance(method, problem, list(subsets(6, 2)), mean(self.c)[0], **hyper)

    def pal(self, alpha):
        return self.variance("pal", alpha=alpha, beta=0, mu=F(1, 3), s_max=F(10**9))

    def sgd(self, share):
        """``share``: rate times h."""
        return self.variance("sgd", rate=share / self.h)

    @property
    def of_batches(self):
        """Var of the minimiser of a batch."""
        return apart(6, 2) * S(self.c)[0][0]


def settled(bowls, alpha, share):
    """PAL is the batch minimiser, relaxed PAL alpha/(2 - alpha) of its variance, SGD share/(2 - share)."""
    pal, sgd = bowls.pal(F(1)), bowls.sgd(share)
    compare = above(pal, sgd) if share < 1 else above(sgd, pal) if share > 1 else equal(pal, sgd)
    return {
        "PAL": equal(pal, bowls.of_batches),
        "relaxed PAL": equal(bowls.pal(alpha), alpha / (2 - alpha) * pal),
        "SGD": equal(sgd, share / (2 - share) * pal),
        "smaller just below 1": compare,
    }


@st.composite
def bowls(draw):
    c = draw(populations(st.just(6), st.just(1)).filter(lambda c: len(set(c)) > 1))
    return Bowls(c, draw(positive()))


SHARES = positive(19, 10).filter(lambda s: s < 2)


def runs(many, seed, method):
    """Our runs settle at these variances: exact batch search after one step, SGD with rate times h = .2 after 60."""
    from toybox import methods

    c, h = np.random.default_rng(4).standard_exponential((6, 1)), 2.0
    problem = tb.problems.NoisyQuadratic(np.array([[h]]), c)
    rule, steps, share = {
        "pal": (methods.pal.PAL(s_max=np.inf), 1, 1.0),
        "relaxed": (methods.pal.PAL(alpha=0.5, s_max=np.inf), 25, 0.5),
        "exact": (methods.exact.Exact(), 1, 1.0),
        "sgd": (methods.fixed.Fixed(0.2 / h), 60, 0.2),
    }[method]
    options = {
        "batch": 2,
        "seeds": range(many * seed, many * (seed + 1)),
        "theta": problem.solution,
        "sampler": "fresh",
        "every": None,
    }
    away = tb.run(problem, on_rule(rule), steps=steps, **options).theta - problem.solution
    return in_the_mean(squares(away), share / (2 - share) * (1 / 2 - 1 / 6) * np.var(c, ddof=1))


SGD_09 = Claim(
    id="SGD-09",
    title="An exact search on a mini-batch jumps to its minimiser",
    source="dissertation, sections 4.6 and 5.5",
    statement="With one common curvature, in one dimension, PAL settles at the variance of the batch minimisers; SGD's"
    " variance is lambda h / (2 - lambda h) times that, which is smaller for lambda h < 1, and that of PAL with the"
    " factor alpha is alpha / (2 - alpha) times it. The excess loss is h/2 times the variance.",
    formula=r"\Sigma_{\mathrm{PAL}} = \mathrm{Var}(\bar c_{\mathbb{B}}), \qquad \Sigma_{\mathrm{SGD}} ="
    r" \frac{\lambda h}{2 - \lambda h}\,\Sigma_{\mathrm{PAL}}, \qquad \Sigma_\alpha ="
    r" \frac{\alpha}{2 - \alpha}\,\Sigma_{\mathrm{PAL}}",
    kind="exact",
    verdict="holds",
    finding="So exact searches on mini-batch losses perform poorly without any network: for lambda h = .2 SGD has .111"
    " of their excess.",
    checks=[
        Check("stationary variances on exact numbers", settled, st.tuples(bowls(), SHARES, SHARES), examples=40),
        Check("the quoted share", lambda: close(float(F(1, 5) / (2 - F(1, 5))), 0.111, 5e-4)),
        Check(
            "our runs",
            runs,
            lambda budget: [
                (budget.many(8_000, 80_000), budget.seed, method) for method in ("pal", "relaxed", "exact", "sgd")
            ],
        ),
    ],
    controls=[
        Check(
            "interpolation: no excess, none smaller",
            settled,
            lambda budget: [(Bowls(((F(1),),) * 6, F(2)), F(1, 2), F(1, 5))],
        ),
    ],
)

# --- SGD-10: the rate for the expected loss


class Sum(NamedTuple):
    """L_i = 1/2 (x - m_i)'H(x - m_i) at x = 0, with the gradients g_i."""

    g: tuple
    H: tuple

    @property
    def exactly(self):
        return Quadratics([self.H] * len(self.g), [scale(-1, solve(self.H, v)) for v in self.g])

    @property
    def along(self):
        """|g|^2, g'Hg and tr HS."""
        centre = mean(self.g)
        HS = [[dot(row, column) for column in zip(*S(self.g), strict=True)] for row in self.H]
        return dot(centre, centre), dot(centre, times(self.H, centre)), trace(HS)

    def best(self, B):
        """The vertex of the mean full loss after our SGD's step, a parabola in the rate, from rates 0, 1 and 2."""
        origin, whole, drawn = (F(0),) * len(self.H), tuple(range(len(self.g))), list(subsets(len(self.g), B))
        ways = lambda rate: ends("sgd", self.exactly, [origin] * len(drawn), drawn, rate=F(rate))
        after = lambda rate: mean([self.exactly.value(x, whole) for x in ways(rate)])
        zero, one, two = map(after, range(3))
        bend = (two - 2 * one + zero) / 2
        return -(one - zero - bend) / (2 * bend)

    def mean_of_ratios(self, B):
        """E lambda_opt."""
        drawn, centre = [self.exactly.gradient((F(0),) * len(self.H), b) for b in subsets(len(self.g), B)], mean(self.g)
        return mean([dot(centre, v) / dot(v, times(self.H, v)) for v in drawn])


@st.composite
def sums(draw):
    g = draw(populations(st.integers(2, 5), st.just(2)))
    assume(any(mean(g)))
    a, b, c = draw(st.tuples(positive(), positive(), positive()))
    return Sum(g, ((a + c, c), (c, b + c)))


def best_rates(case, noise=1):
    """|g|^2 / (g'Hg + (1/B - 1/D) tr HS), rising with B; and in terms of the noise scale. noise = 0: with S = 0."""
    D, (square, curved, spread), before = len(case.g), case.along, F(0)
    found: dict[Any, Any] = {}
    for B in range(1, D + 1):
        rate = case.best(B)
        found[B] = equal(rate, square / (curved + noise * apart(D, B) * spread))
        found[B, "noise scale"] = equal(rate, square / curved / (1 + noise * spread / curved * apart(D, B)))
        found[B, "rising"] = at_most(before, rate)
        before = rate
    return found


EXAMPLE = Sum(((F(1), F(0)), (F(2), F(1)), (F(0), F(2))), ((F(2), F(1)), (F(1), F(3))))

SGD_10 = Claim(
    id="SGD-10",
    title="The rate that is best for the expected loss",
    source="dissertation, section 5.5",
    statement="On quadratics of one Hessian the learning rate with the smallest expected full loss after a step is the"
    " squared norm of the gradient over the curvature along it plus (1/B - 1/D) tr HS; it rises with the batch size.",
    formula=r"\lambda^* = \frac{\|g\|^2}{g^\top H g + (\frac1B - \frac1D)\,\mathrm{tr}(H\mathbf{S})} ="
    r" \frac{\lambda_{\max}}{1 + B_{\mathrm{noise}}(\frac1B - \frac1D)}, \quad B_{\mathrm{noise}} ="
    r" \frac{\mathrm{tr}\,H\mathbf{S}}{g^\top H g}, \quad \lambda_{\max} = \frac{\|g\|^2}{g^\top H g}",
    kind="enumeration",
    verdict="holds",
    finding="It is a ratio of means, not the mean of the ratios lambda_opt.",
    checks=[
        Check("all batches", best_rates, sums(), examples=30),
        Check("not the mean of ratios", lambda: above(abs(EXAMPLE.best(1) - EXAMPLE.mean_of_ratios(1)), 0)),
        Check("the mean of ratios for B = D", lambda: equal(EXAMPLE.best(3), EXAMPLE.mean_of_ratios(3))),
    ],
    controls=[
        Check("S = 0", lambda case: best_rates(case, noise=0), lambda budget: [EXAMPLE]),
        Check("the mean of ratios", lambda: equal(EXAMPLE.best(1), EXAMPLE.mean_of_ratios(1))),
    ],
)

# --- SGD-11: what the measurement cost


def points():
    return len(np.arange(-0.5, 0.5, 0.006))


def inferences(size):
    """Of batches of this size: 10000 lines, all points, 8 % of 50000 samples."""
    return F(10_000 * points() * 4000, size)


def printed_counts():
    from toybox import methods

    return {
        "points": equal(points(), 167),
        "data set": equal(F(8, 100) * 50_000, 4000),
        "evaluations": equal(10_000 * points(), 1_670_000),
        "inferences": close(float(inferences(128)) / 1e6, 52.19, 0.005),
        "10^-1.3": close(10**-1.3, 0.0501, 5e-5),
        "10^0.5": close(10**0.5, 3.162, 5e-4),
        "our largest step": close(methods.pal.PAL().s_max, 10**0.5, 0.005),
    }


SGD_11 = Claim(
    id="SGD-11",
    title="Bookkeeping of the measurement",
    source="dissertation, sections 5.2 and 5.3; Mutschler & Zell 2021 (ICANN), section 3",
    statement="10000 lines of 167 points are 1.67 million evaluations of the whole data set, which are more than 52"
    " million inferences of batches of 128 for 4000 samples, 8 per cent of CIFAR-10. The grids' 10^-1.3 and 10^0.5 are"
    " .0501 and 3.162.",
    formula=r"10^4\cdot 167 = 1.67\cdot 10^6, \qquad 1.67\cdot 10^6\cdot\frac{4000}{128} = 52.19\cdot 10^6",
    kind="exact",
    verdict="holds",
    checks=[Check("the printed numbers", printed_counts)],
    controls=[
        Check("inferences of single samples, 6.7e9", lambda: close(float(inferences(1)) / 1e6, 52.19, 0.005)),
    ],
)

# --- SGD-12: errors of fits


def powers(x, degree):
    return np.vander(x, degree + 1, increasing=True)


def least_squares(x, y, degree):
    """Residuals, by an orthonormal basis."""
    Q, _ = np.linalg.qr(powers(x, degree))
    return y - Q @ (Q.T @ y)


def least_absolute(x, y, degree):
    """Residuals of the best fit in the mean absolute error: one of them passes through degree + 1 points."""
    chosen = np.array(list(combinations(range(len(x)), degree + 1)))
    V = powers(x, degree)
    fits = np.linalg.solve(V[chosen], y[chosen][..., None])[..., 0]
    residuals = y - fits @ V.T
    return residuals[np.abs(residuals).sum(axis=1).argmin()]


def root_mean_square(residuals):
    return np.sqrt((residuals**2).mean())


def mean_absolute(residuals):
    return np.abs(residuals).mean()


@st.composite
def losses(draw):
    """7 points of a line on [-1, 1], at least a tenth apart, and losses of about 1."""
    rng = np.random.default_rng(draw(seeds))
    gaps = 0.1 + rng.uniform(0, 1, 6)
    x = np.concatenate([[0], gaps.cumsum()])
    return 2 * x / x[-1] - 1, rng.standard_normal(7) + rng.uniform(-2, 2) * x


def falling(x, y, fit=least_squares, error=root_mean_square):
    """The error does not rise with the degree, 0 to 3; slack in units of the largest loss.

    Residuals are y minus sums of at most 7 products; the condition of the interpolating systems is below 1e5 for these
    gaps (Vandermonde, degree 3).
    """
    errors = [error(fit(x, y, degree)) for degree in range(4)]
    size, rough = np.abs(y).max(), 1 if fit is least_squares else 1e5
    return min((a - b) / size + 200 * EPS * rough for a, b in pairwise(errors))


GRID = np.linspace(-1, 1, 7)
RISING = np.array([1.0, 3.0, 1.0, -3.0, 1.0, 3.0, 1.0])


def line_and_parabola(y):
    """Their mean absolute errors on the grid."""
    return [mean_absolute(least_squares(GRID, y, degree)) for degree in (1, 2)]


def largest_rise():
    """The parabola through these 7 points has 9/7 of the straight line's mean absolute error."""
    line, parabola = line_and_parabola(RISING)
    return close(parabola / line, 9 / 7, 200 * EPS)


def falls(y):
    line, parabola = line_and_parabola(y)
    return Contrast(line, parabola, "at most", rounding=1e-9)


SGD_12 = Claim(
    id="SGD-12",
    title="Errors of polynomial fits",
    source="dissertation, fig. 5.5; Mutschler & Zell 2021 (ICANN), fig. 4",
    statement="Polynomials of higher degree, fitted to the losses along a line, have a lower mean absolute error.",
    formula=r"\mathrm{MAE}_{p+1} \le \mathrm{MAE}_p",
    kind="property",
    verdict="corrected",
    finding="Of least-squares fits it is the root mean square error that does not rise with the degree; their mean"
    " absolute error may rise, on 7 equidistant points by 9/7 from degree 1 to 2. Of fits in the mean absolute error it"
    " is that error. A report must say which of both was fitted.",
    corrected=r"\mathrm{RMSE}_{p+1} \le \mathrm{RMSE}_p \text{ (least squares)}",
    checks=[
        Check("least squares, root mean square", falling, losses()),
        Check("least absolute, mean absolute", lambda x, y: falling(x, y, least_absolute, mean_absolute), losses()),
        Check("least squares, mean absolute: a rise", largest_rise),
    ],
    controls=[
        Check(
            "least absolute, root mean square",
            lambda x, y: falling(x, y, least_absolute, root_mean_square),
            losses(),
            examples=50,
        ),
        Check(
            "least squares, mean absolute",
            lambda x, y: falling(x, y, error=mean_absolute),
            losses(),
            examples=200,
        ),
    ],
    counterexamples=[
        Check("mean absolute error of the parabola for losses y on [-1, 1], against the line's", falls, only(RISING)),
    ],
)

CLAIMS = (SGD_08, SGD_09, SGD_10, SGD_11, SGD_12)
