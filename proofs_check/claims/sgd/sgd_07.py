r"""SGD-07  The locally optimal rate is half of the rate of training

Where: dissertation, section 5.5, core result 2; Mutschler & Zell 2021 (ICANN), section 5
Claim: On a quadratic, whatever the step -lambda u, the mean fall of the loss is lambda E g'u minus lambda^2/2 E u'Hu.
    So while the loss changes slowly, alpha_eff is about 2 for every constant rate, with momentum or without: the rate
    that is locally optimal on a trajectory is half of the rate that made it, 0.05 for 0.1.
Formula: \alpha_{\mathrm{eff}} := \frac{\lambda\,\mathbf{E}[u^\top H u]}{\mathbf{E}[g^\top u]} = 2 -
    \frac{2\,\mathbf{E}[\mathcal{L}_t - \mathcal{L}_{t+1}]}{\lambda\,\mathbf{E}[g^\top u]}
Verdict: holds
Kind: highprec
Found: On a network, where no step's loss is a parabola, alpha_eff is 2 less the drift up to the change of the curvature
    along the steps. That <<a learning rate exists>> follows from this balance for any rate, once the loss is
    stationary: trained with 0.05 instead of 0.1, the optimal rate moves to 0.025.
"""

from __future__ import annotations

from fractions import Fraction as F
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

import toybox as tb

from ...cases import EPS
from ...claim import ERRORS, close, sigmas, told
from ...ours import on_rule
from ...proof import Theorem, implies

claim = told(__doc__)


@claim.proof(
    "2 less the drift, and half of the rate",
    broken={"without the half": {"half": 1}, "while the loss falls": {"slowly": lambda before, after: before >= after}},
)
def balance(rate, gu, uHu, before, half=F(1, 2), slowly=lambda before, after: before == after):
    """Means over steps -rate u of any kind from losses ``before``; gu / uHu is the rate that would have been best."""
    after = before - rate * gu + half * rate**2 * uHu
    effective, drift = rate * uHu / gu, 2 * (before - after) / (rate * gu)
    return Theorem(
        (rate > 0, gu > 0, uHu > 0),
        {
            "2 less the drift": effective == 2 - drift,
            "half of the rate": implies(slowly(before, after), gu / uHu == rate / 2),
        },
    )


@claim.proof("the stationary covariance of SGD is balanced", broken={"tr H Sigma for tr H^2 Sigma": {"order": 1}})
def stationary(h, C, rate, sigma, order=2):
    """rate (tr H^3 Sigma + tr H C) = 2 tr H^2 Sigma: what each eigenvalue of H adds to both sides."""
    settled = sigma == (1 - rate * h) ** 2 * sigma + rate**2 * C
    return Theorem(
        (h > 0, rate > 0, C >= 0, settled), {"balance": rate * (h**3 * sigma + h * C) == 2 * h**order * sigma}
    )


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


def effective(training):
    """alpha_eff = rate E u'Hu / E g'u over all runs, and its standard error."""
    gu, uHu, _ = training.energies()
    ratio = training.rate * uHu.mean() / gu.mean()
    error = (training.rate * uHu - ratio * gu).std() / gu.mean() / np.sqrt(training.many)
    return ratio, error


GD = Training(0.1, batch=24, steps=60, skip=50, far=3.0)  # batches are the whole data set
EARLY = Training(0.1, steps=5, skip=0, far=30.0)
STATIONARY = Training(0.1), Training(0.05), Training(0.05, beta=0.9)


def seeded(*trainings):
    return lambda budget: [training._replace(seed=budget.seed) for training in trainings]


@claim.check("alpha_eff = 2 for our SGD, with momentum, too", seeded(*STATIONARY), degree="simulated")
@claim.control("gradient descent is not stationary", seeded(GD), limit=10)
@claim.control("the early phase", seeded(EARLY), limit=10)
@claim.control("an exact search by the rate .05 on its own trajectory", seeded(STATIONARY[1]), expected=1.0, limit=10)
def effectively(training, expected=2.0, limit=ERRORS):
    """alpha_eff = 2: the ratio of averages, as a rate, is half of the rate of training."""
    ratio, error = effective(training)
    return sigmas(ratio, expected, error, limit)


PHASES = seeded(Training(0.05, 0.9, steps=100, skip=0, far=3.0), EARLY, GD)


@claim.check("the balance in every run and phase", PHASES, degree="sampled")
@claim.control("the balance without the half", PHASES, half=1)
def books_balance(training, half=0.5):
    """The loss falls by the sum of rate g'u - rate^2/2 u'Hu, in every run and phase; ``steps`` losses are rounded."""
    gu, uHu, loss = training.energies()
    gained, lost = training.rate * gu, half * training.rate**2 * uHu
    size = np.abs(gained).max() + lost.max() + loss.max()
    return close(loss[0] - loss[-1], gained - lost, 10 * (training.steps + 24) * EPS * size)


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


networks = lambda budget: [(budget.seed, budget.many(32, 128))]


@claim.check("alpha_eff = 2 less the drift on a network", networks, degree="simulated")
@claim.control("a network, its drift forgotten", networks, drifting=0)
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
