"""Section L, continued: growing batches, and what a constant rate makes of its own trajectory (dissertation, ch. 5)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from scipy.special import stdtrit

import toybox as tb
from toybox.quotations import quote

from ..cases import EPS, dot, mean, populations, positive, scale
from ..claim import ERRORS, Check, Claim, Contrast, at_most, close, equal, only, sigmas
from ..ours import Quadratics, line, on_rule
from .k_noise import apart, gradients, subsets
from .k_scale import discrete, places

# --- SGD-05: a batch that grows on a fixed line


def grown(g, B, k, own_direction=False):
    """Batches B with all (k - 1) B others: the mean slope is l_B'/k + (1 - 1/k) times that of the rest of the data.

    Slopes along -g_B on exact numbers, |g_B| times those along the unit direction; own_direction: along that of the
    grown batch, scaled alike (one dimension).
    """
    D, problem, origin, found = len(g), Quadratics(*unit_curvature(g)), (F(0),) * len(g[0]), {}
    for batch in combinations(range(D), B):
        d = scale(-1, problem.gradient(origin, batch))
        slope = lambda samples, d=d: line(problem, origin, d, samples)[1](F(0))
        rest = tuple(i for i in range(D) if i not in batch)
        larger = [batch + more for more in combinations(rest, (k - 1) * B)]
        along_own = lambda samples, d=d: -abs(problem.gradient(origin, samples)[0] * d[0])
        mean_slope = mean([(along_own if own_direction else slope)(samples) for samples in larger])
        found[batch] = equal(mean_slope, slope(batch) / k + (1 - F(1, k)) * slope(rest))
        if slope(batch):
            rho = slope(rest) / slope(batch)
            found[batch, "factor"] = equal(mean_slope * k, slope(batch) * (1 + (k - 1) * rho))
    return found


def unit_curvature(g):
    n = len(g[0])
    return [tuple(tuple(F(i == j) for j in range(n)) for i in range(n))] * len(g), [scale(-1, v) for v in g]


def shrinks_by(others, k):
    """How much the mean slope of the first sample's batch shrinks where the others have this slope, D = 7, B = 1."""
    g = ((F(1),),) + ((F(others),),) * 6
    problem = Quadratics(*unit_curvature(g))
    slope = lambda samples: line(problem, (F(0),), (F(-1),), samples)[1](F(0))
    return slope((0,)) / mean([slope((0, *more)) for more in combinations(range(1, 7), k - 1)])


def selected(g, B):
    """Smaller batches by removing the samples with the highest slopes: steeper, for any data and any direction."""
    slopes = sorted(v[0] for v in g)
    return at_most(mean(slopes[:B]), mean(slopes))


@st.composite
def growing(draw):
    B, k = draw(st.sampled_from([(1, 2), (1, 3), (2, 2), (1, 4), (2, 3)]))
    return draw(populations(st.integers(k * B, 7), st.integers(1, 2))), B, k


SGD_05 = Claim(
    id="SGD-05",
    title="Enlarging a batch on a fixed line",
    source="dissertation, section 5.6 and core result 3; Mutschler & Zell 2021 (ICANN), section 6",
    statement="If the direction of a batch is kept and the batch grows by random samples to k times its size, the slope"
    " at the origin falls in the mean by k / (1 + (k - 1) rho), rho being the slope of the rest of the data over that"
    " of the batch: by k where the rest is flat along the line, not at all where it is as steep.",
    formula=r"\mathbf{E}\,l'_{\mathbb{B}\cup\mathbb{A}}(0) = \frac1k\,l'_{\mathbb{B}}(0) +"
    r" \left(1 - \frac1k\right) l'_{\mathbb{D}\setminus\mathbb{B}}(0)",
    kind="enumeration",
    verdict="holds",
    finding="This is what the factor k of the text means, for its protocol of fixed lines only (SGD-06). Smaller"
    " batches are made there by removing the samples with the highest slopes, which makes any batch steeper.",
    checks=[
        Check("every batch and every extension", grown, growing(), examples=60),
        Check("a flat rest: k", lambda k: equal(shrinks_by(0, k), k), lambda budget: [2, 3, 4, 7]),
        Check("a rest as steep: 1", lambda k: equal(shrinks_by(1, k), 1), lambda budget: [2, 3, 4, 7]),
        Check(
            "removing the highest slopes",
            selected,
            st.tuples(populations(st.integers(2, 7), st.just(1)), st.integers(1, 7)).filter(
                lambda c: c[1] <= len(c[0])
            ),
            examples=60,
        ),
    ],
    controls=[
        Check(
            "directions of the larger batches",
            lambda g: grown(g, 1, 2, own_direction=True),
            only(((F(1),), (F(-3),), (F(2),))),
        ),
        Check("the factor k where the rest is as steep", lambda: equal(shrinks_by(1, 2), 2)),
    ],
)

# --- SGD-06: a batch that grows and defines its own direction


def at_most_root(square, noise, B, k, D):
    """E |g_B|^2 / E |g_kB|^2 <= k (D - B) / (D - k B), with equality for g = 0."""
    ratio = (square + apart(D, B) * noise) / (square + apart(D, k * B) * noise)
    return at_most(ratio, F(k * (D - B), D - k * B))


def enumerated_bound(g, k):
    """The same for all batches of a population."""
    found: dict[Any, Any] = {}
    D = len(g)
    second = lambda B: mean([dot(v, v) for v in gradients(g, subsets(D, B))])
    for B in range(1, (D - 1) // k + 1):
        found[B] = at_most(second(B) * (D - k * B), k * (D - B) * second(k * B))
    return found or {"too few samples": 0}


@st.composite
def bounded(draw):
    B, k = draw(st.integers(1, 40)), draw(st.integers(2, 8))
    return draw(positive()) * draw(st.integers(0, 1)), draw(positive()), B, k, k * B + draw(st.integers(1, 1000))


def fixed_line_bound():
    """The fixed-line protocol where the rest is flat, k = 4 and D = 7: the square of 4 is beyond k (D - 1)/(D - 4)."""
    return at_most(shrinks_by(0, 4) ** 2, F(4 * 6, 3))


class Doubling(NamedTuple):
    """Lengths of our SGD's first steps with batches B and k B. noise: tr S / (B |g|^2), None for g = 0."""

    noise: float | None
    k: int
    many: int
    B: int = 2
    D: int = 200
    n: int = 20
    seed: int = 0

    def lengths(self, B, first):
        from toybox import methods

        g = np.random.default_rng(3).standard_normal((self.D, self.n))
        g -= g.mean(axis=0)
        if self.noise is not None:
            g[:, 0] += np.sqrt(np.trace(np.cov(g.T)) / (self.B * self.noise))
        problem = tb.problems.NoisyQuadratic(np.eye(self.n), -g)
        options = {"batch": B, "seeds": first + np.arange(self.many), "sampler": "fresh", "every": None}
        return tb.run(problem, on_rule(methods.fixed.Fixed(0.1)), steps=1, theta=np.zeros(self.n), **options).arc[0]

    @property
    def ratio(self):
        """Of the mean lengths, and its standard error."""
        first = 2 * self.many * self.seed
        small, large = self.lengths(self.B, first), self.lengths(self.k * self.B, first + self.many)
        ratio = small.mean() / large.mean()
        spread = [x.std() / x.mean() / np.sqrt(self.many) for x in (small, large)]
        return ratio, ratio * np.hypot(*spread)


def below_root(doubling):
    """By so many standard errors; the roots of second moments have a ratio of at most sqrt(k (D - B)/(D - k B))."""
    ratio, error = doubling.ratio
    return float((doubling.k**0.75 - ratio) / (ERRORS * error) - 1)


def as_quoted(doubling, quoted):
    ratio, error = doubling.ratio
    return {"quoted": close(ratio, quoted, 0.005 + ERRORS * error), "k^.75": below_root(doubling)}


def divided_by_k(k, B, D, many):
    """For g = 0; up to ten standard errors."""
    ratio, error = Doubling(None, k, many, B, D).ratio
    return Contrast(k, ratio, rounding=10 * error)


def doublings(*cases):
    made = lambda budget, noise, k: Doubling(noise, k, budget.many(1_000, 4_000), seed=budget.seed)
    return lambda budget: [(made(budget, noise, k), *rest) for noise, k, *rest in cases]


SGD_06 = Claim(
    id="SGD-06",
    title="A batch k times as large, an update step k times shorter",
    source="dissertation, section 5.6 and core result 3; Mutschler & Zell 2021 (ICANN), section 6",
    statement="If the batch size is increased by a factor, the length of SGD's update step falls by the same factor.",
    formula=r"\|\lambda g_{k\mathbb{B}}\| = \frac1k\,\|\lambda g_{\mathbb{B}}\|",
    kind="exact",
    verdict="refuted",
    finding="Where every batch defines its own direction, as in SGD as it is run, the factor is at most the square root"
    " of k for large data sets, and near 1 where the signal dominates: for a doubled batch 1.42 where g = 0, 1.02 to"
    " 1.07 where the noise is a tenth to a third of the signal.",
    corrected=r"\frac{\mathbf{E}\|g_{\mathbb{B}}\|^2}{\mathbf{E}\|g_{k\mathbb{B}}\|^2} ="
    r" \frac{\|g\|^2 + (\frac1B - \frac1D)\mathrm{tr}\,\mathbf{S}}{\|g\|^2 + (\frac{1}{kB} -"
    r" \frac1D)\mathrm{tr}\,\mathbf{S}} \le \frac{k(D - B)}{D - kB}",
    checks=[
        Check("the bound", at_most_root, bounded(), examples=200),
        Check("equality for g = 0", lambda: equal(at_most_root(0, F(3), 5, 2, 100), 0)),
        Check("all batches", enumerated_bound, st.tuples(populations(), st.integers(2, 3)), examples=60),
        Check("our SGD, a fourfold batch below k^.75", below_root, doublings((None, 4))),
        Check("our SGD, a doubled batch", as_quoted, doublings((None, 2, 1.42), (0.1, 2, 1.02), (0.35, 2, 1.07))),
    ],
    controls=[Check("fixed lines", fixed_line_bound)],
    counterexamples=[
        Check(
            "mean length of our SGD's steps, over that with a batch k times as large",
            divided_by_k,
            only(2, 2, 200, 1000),
        ),
    ],
)

# --- SGD-07: the energy balance


def balanced(place, order=2):
    """rate (tr H^3 Sigma + tr H C) = 2 tr H^2 Sigma at stationarity; order: another exponent on the right.

    It is the trace of H times the discrete equation, so it fails by no more than |H| = 1 times that residual (T-solve)
    over the rate, and the rounding of the three traces.
    """
    H, C, rate = place.H, place.C, place.rate
    sigma, residual = discrete(H, C, rate)
    tr = lambda power, M: np.trace(np.linalg.matrix_power(H, power) @ M)
    n, size = len(H), np.abs(sigma).max() + np.abs(C).max()
    return close(rate * (tr(3, sigma) + tr(1, C)), 2 * tr(order, sigma), n * residual / rate + 10 * n**2 * EPS * size)


HESSIAN = np.array([[2.0, 0.5, 0.3], [0.5, 1.5, -0.4], [0.3, -0.4, 1.0]])


class Training(NamedTuple):
    """Many runs of our SGD on quadratics of one Hessian, from a distance of the minimiser.

    At every step t from ``skip`` on: g'u and u'Hu with the full gradient g, where the step is minus rate times u.
    """

    rate: float
    beta: float = 0.0
    batch: int = 4
    steps: int = 300
    skip: int = 150
    far: float = 0.0
    many: int = 200
    seed: int = 0

    @property
    def seeds(self):
        return range(self.many * self.seed, self.many * (self.seed + 1))

    @property
    def problem(self):
        return tb.problems.NoisyQuadratic(HESSIAN, np.random.default_rng(2).standard_normal((24, 3)))

    def energies(self):
        """Sums over the steps of g'u and u'Hu, and the full losses, by run."""
        from toybox import methods

        problem, gradient = self.problem, methods.fixed.Gradient()
        start = problem.solution + self.far * np.random.default_rng(self.seed).standard_normal((self.many, 3))
        run = tb.run(
            problem,
            on_rule(methods.fixed.Fixed(self.rate), methods.momentum.Momentum(self.beta) if self.beta else gradient),
            steps=self.steps,
            batch=self.batch,
            seeds=self.seeds,
            theta=start,
            sampler="fresh",
            probes=[tb.Probe("energy", energy)],
        )
        gu, uHu = np.moveaxis(run.probes["energy"][self.skip : -1].sum(axis=0), -1, 0)
        return gu, uHu, run.full_loss[self.skip :]


def energy(look):
    """g'u and u'Hu (*lanes, 2) along this step's direction -u."""
    if look.ray is None:
        return np.full((*look.theta.shape[:-1], 2), np.nan)
    d, whole = look.ray.d, look.whole
    return np.stack([-np.vecdot(whole.gradient, d), np.vecdot(whole.hvp(d), d)], axis=-1)


def books_balance(training):
    """The loss falls by the sum of rate g'u - rate^2/2 u'Hu, in every run and phase; ``steps`` losses are rounded."""
    gu, uHu, loss = training.energies()
    gained, lost = training.rate * gu, training.rate**2 / 2 * uHu
    size = np.abs(gained).max() + lost.max() + loss.max()
    return close(loss[0] - loss[-1], gained - lost, 10 * (training.steps + 24) * EPS * size)


def effective(training):
    """alpha_eff = rate E u'Hu / E g'u over all runs, and its standard error."""
    gu, uHu, _ = training.energies()
    ratio = training.rate * uHu.mean() / gu.mean()
    error = (training.rate * uHu - ratio * gu).std() / gu.mean() / np.sqrt(training.many)
    return ratio, error


def effectively(training, expected=2.0, limit=ERRORS):
    """alpha_eff = 2: the ratio of averages, as a rate, is half of the rate of training."""
    ratio, error = effective(training)
    return sigmas(ratio, expected, error, limit)


def without_noise(training):
    """Gradient descent: alpha_eff = rate R(g), which tends to rate lambda_min. The other parts of g have fallen by
    (1 - rate l_2) / (1 - rate l_min) at every step: in the squares to 1e-4 of their share at the start."""
    slowest = np.linalg.eigvalsh(HESSIAN)[0]
    return close(effective(training)[0], training.rate * slowest, 1e-2 * training.rate * slowest)


GD = Training(0.1, batch=24, steps=60, skip=50, far=3.0)  # batches are the whole data set
EARLY = Training(0.1, steps=5, skip=0, far=30.0)
STATIONARY = Training(0.1), Training(0.05), Training(0.05, beta=0.9)


def seeded(*trainings):
    return lambda budget: [training._replace(seed=budget.seed) for training in trainings]


# a network of one hidden layer

RATES = np.array([0.01, 0.025, 0.05])


def network(D=100, features=5):
    """Mean square error of y from a smaller network with noise of variance 1."""
    rng = np.random.default_rng(0)
    X, teacher = rng.standard_normal((D, features)), rng.standard_normal((4, features)) / features**0.5
    y = np.tanh(2 * X @ teacher.T) @ rng.standard_normal(4) + rng.standard_normal(D)
    return tb.problems.Network(X, y, hidden=8, loss="square")


def bends(look):
    """The full loss along a step: its slope at 0, its curvature at 0, half way and at the end (*lanes, 4)."""
    if look.ray is None:
        return np.full((*look.theta.shape[:-1], 4), np.nan)
    line = look.whole.along(look.ray.d)
    curvature = line.curvature(np.multiply.outer(RATES, [0, 0.5, 1]) + 0 * line.slope0[..., None])
    return np.concatenate([line.slope0[..., None], curvature], axis=-1)


@cache
def on_network(seed, many, settle=500, steps=100):
    """Sums over steps, by run and rate: rate g'u, rate^2 u'Hu, 2 times the fall of the loss, rate^2 times the largest
    change of the curvature along the step."""
    from toybox import methods

    problem, optimizer, options = network(), on_rule(methods.fixed.Fixed(RATES)), {"batch": 8, "sampler": "fresh"}
    first, then = np.arange(2 * many * seed, 2 * many * (seed + 1)).reshape(2, many)
    settled = tb.run(problem, optimizer, steps=settle, seeds=first, every=None, **options).theta
    probes = [tb.Probe("bends", bends)]
    run = tb.run(problem, optimizer, steps=steps, seeds=then, theta=settled, probes=probes, **options)
    slope, bend, half_way, end = np.moveaxis(run.probes["bends"][:-1], -1, 0)
    change = np.maximum(np.abs(half_way - bend), np.abs(end - bend))
    fall = 2 * (run.full_loss[0] - run.full_loss[-1])
    return (-RATES * slope).sum(axis=0), (RATES**2 * bend).sum(axis=0), fall, (RATES**2 * change).sum(axis=0)


def balanced_network(seed, many, drifting=1, miss=1e-9):
    """alpha_eff + drift is 2 up to the change of the curvature along the steps: so is its whole interval over the runs.

    The loss falls by rate g'u - rate^2 times the mean of (1 - s) phi''(s): with phi''(0) in its place, twice the fall
    changes by no more than the largest change of phi''. The interval of the ratio misses with this probability, by
    Student's t over independent runs.
    """
    gain, bend, fall, change = on_network(seed, many)
    ratio = (bend + drifting * fall).mean(axis=0) / gain.mean(axis=0)
    error = (bend + drifting * fall - ratio * gain).std(axis=0, ddof=1) / gain.mean(axis=0) / many**0.5
    room = change.mean(axis=0) / gain.mean(axis=0)
    return float(np.min(1 - (np.abs(ratio - 2) + stdtrit(many - 1, 1 - miss / 2) * error) / room))


networks = lambda budget: [(budget.seed, budget.many(32, 128))]

SGD_07 = Claim(
    id="SGD-07",
    title="The locally optimal rate is half of the rate of training",
    source="dissertation, section 5.5, core result 2; Mutschler & Zell 2021 (ICANN), section 5",
    statement="On a quadratic, whatever the step -lambda u, the mean fall of the loss is lambda E g'u minus lambda^2/2"
    " E u'Hu. So while the loss changes slowly, alpha_eff is about 2 for every constant rate, with momentum or without:"
    " the rate that is locally optimal on a trajectory is half of the rate that made it, 0.05 for 0.1.",
    formula=r"\alpha_{\mathrm{eff}} := \frac{\lambda\,\mathbf{E}[u^\top H u]}{\mathbf{E}[g^\top u]} ="
    r" 2 - \frac{2\,\mathbf{E}[\mathcal{L}_t - \mathcal{L}_{t+1}]}{\lambda\,\mathbf{E}[g^\top u]}",
    kind="highprec",
    verdict="holds",
    finding="On a network, where no step's loss is a parabola, alpha_eff is 2 less the drift up to the change of the"
    f" curvature along the steps. That {quote('a learning rate exists')} follows from this balance for any rate, once"
    " the loss is stationary: trained with 0.05 instead of 0.1, the optimal rate moves to 0.025.",
    checks=[
        Check("identity of the stationary covariance", balanced, places()),
        Check(
            "the balance in every run and phase",
            books_balance,
            seeded(Training(0.05, 0.9, steps=100, skip=0, far=3.0), EARLY, GD),
        ),
        Check("alpha_eff = 2 for our SGD, with momentum, too", effectively, seeded(*STATIONARY)),
        Check("gradient descent", without_noise, seeded(GD)),
        Check("alpha_eff = 2 less the drift on a network", balanced_network, networks),
    ],
    controls=[
        Check("tr H Sigma for tr H^2 Sigma", lambda place: balanced(place, 1), places(), examples=20),
        Check("gradient descent", lambda t: effectively(t, limit=10), seeded(GD)),
        Check("the early phase", lambda t: effectively(t, limit=10), seeded(EARLY)),
        Check("a network, its drift forgotten", lambda seed, many: balanced_network(seed, many, drifting=0), networks),
        Check(
            "an exact search by the rate .05 on its own trajectory",
            lambda t: effectively(t, 1.0, 10),
            seeded(Training(0.05, many=100)),
        ),
    ],
)

CLAIMS = (SGD_05, SGD_06, SGD_07)
