"""Every method of the documents: a direction and a rule, with where it comes from.

A constructor's signature holds the published defaults; every number may be an array, whose elements then become lanes.
What the statuses of a method's steps mean, and what each guarantees, stands in ``rays.Status``.
"""

from __future__ import annotations

from math import inf

from .directions import Adam, Coin, Conjugate, Gradient, Momentum, RMSProp, Unit
from .entry import Entry
from .hyper import refuse_unknown
from .optimizer import Optimizer
from .rules.accelerated import Extragradient, Nesterov, Polyak
from .rules.backtracking import Armijo, Goldstein
from .rules.bracketing import GOLSI, Exact, StrongWolfe
from .rules.closed import ALIG, PAL, Fixed, Hypergradient
from .rules.measured import LABPAL, BatchSchedule
from .rules.probabilistic import PLS

# --- fixed rates


def sgd(rate=0.1, schedule="constant"):
    return Optimizer(Gradient(), Fixed(rate, schedule))


def momentum(rate=0.01, beta=0.9, schedule="constant"):
    return Optimizer(Momentum(beta, nesterov=False), Fixed(rate, schedule))


def nsgd(rate=0.1, schedule="constant"):
    return Optimizer(Unit(Gradient()), Fixed(rate, schedule))


def adam(rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule="constant"):
    return Optimizer(Adam(beta1, beta2, eps), Fixed(rate, schedule))


def rmsprop(rate=0.01, decay=0.9, eps=1e-8, schedule="constant"):
    return Optimizer(RMSProp(decay, eps), Fixed(rate, schedule))


# --- rates that adapt without a search


def sgd_hd(rate=0.01, hyper_rate=1e-6, form="gradient", momentum=0.9, variant="paper"):
    refuse_unknown("form", form, ("gradient", "momentum", "nesterov"))
    direction = Gradient() if form == "gradient" else Momentum(momentum, nesterov=form == "nesterov")
    return Optimizer(direction, Hypergradient(rate, hyper_rate, variant))


def ali_g(max_rate=inf, eps=1e-5, momentum=0.0, adjusted=False):
    return Optimizer(Gradient(), ALIG(max_rate, eps, momentum, adjusted))


def cocob(alpha=100.0, eps=1e-8):
    return Optimizer(Coin(alpha, eps), Fixed(1.0, "constant"))


# --- backtracking


def backtracking(c=1e-4, beta=0.9, first=1.0, tries=1000):
    return Optimizer(Gradient(), Armijo(c, beta, first=first, reset=2, tries=tries))  # type: ignore[call-arg]


def sls(
    c=0.1,
    beta=0.9,
    gamma=2.0,
    first=1.0,
    reset=1,
    steps_per_epoch=None,
    max_step=inf,
    tries=100,
    sample=0,
    variant="paper",
):
    search = Armijo(c, beta, gamma, first, reset, steps_per_epoch, max_step, tries, sample, variant)
    return Optimizer(Gradient(), search)


def sls_goldstein(
    c=0.1, beta=0.9, grow=2.0, first=1.0, max_step=10.0, reset=0, gamma=2.0, steps_per_epoch=None, tries=100
):
    return Optimizer(Gradient(), Goldstein(c, beta, grow, first, max_step, reset, gamma, steps_per_epoch, tries))


def _search(c, beta, gamma, first, reset, steps_per_epoch, tries):
    return Armijo(c, beta, gamma, first, reset, steps_per_epoch, inf, tries, 0, "paper")


def sls_polyak(c=0.1, beta=0.9, momentum=0.6, reset=0, gamma=2.0, first=1.0, steps_per_epoch=None, tries=100):
    return Optimizer(Gradient(), Polyak(momentum, _search(c, beta, gamma, first, reset, steps_per_epoch, tries)))


def sls_nesterov(c=0.1, beta=0.9, reset=0, gamma=2.0, first=1.0, steps_per_epoch=None, tries=100):
    return Optimizer(Gradient(), Nesterov(_search(c, beta, gamma, first, reset, steps_per_epoch, tries)))


def seg(c=0.9, beta=0.9, reset=1, gamma=2.0, first=1.0, steps_per_epoch=None, max_step=inf, tries=100):
    return Optimizer(Gradient(), Extragradient(c, beta, gamma, first, reset, steps_per_epoch, max_step, tries))


def strong_wolfe(c1=1e-4, c2=0.9, first=1.0, max_step=1e10, tries=100):
    return Optimizer(Gradient(), StrongWolfe(c1, c2, first, max_step, tries))


# --- slopes of fresh batches, beliefs


def golsi(c2=0.9, factor=2.0, first=1e-8, smallest=1e-8, tries=1000, variant="paper"):
    return Optimizer(Gradient(), GOLSI(c2, factor, first, smallest, tries, variant))


def pls(c1=0.05, c2=0.8, threshold=0.3, evaluations=10, first=1.0):
    return Optimizer(Gradient(), PLS(c1, c2, threshold, evaluations, first))


# --- parabolas


def pal(mu=0.1, alpha=1.0, beta=0.4, s_max=3.16, exact_slope=True):
    direction = Momentum(beta, nesterov=False)
    return Optimizer(Unit(direction) if exact_slope else direction, PAL(mu, alpha, s_max, exact_slope, "batch"))


def _pal_conjugate(formula, mu, alpha, s_max, restart, old):
    return Optimizer(Unit(Conjugate(formula, restart, old)), PAL(mu, alpha, s_max, True, "batch"))


def pal_fr(mu=0.1, alpha=1.0, s_max=3.16, restart=10, old="kept"):
    return _pal_conjugate("FR", mu, alpha, s_max, restart, old)


def pal_pr(mu=0.1, alpha=1.0, s_max=3.16, restart=10, old="kept"):
    return _pal_conjugate("PR", mu, alpha, s_max, restart, old)


def pal_hs(mu=0.1, alpha=1.0, s_max=3.16, restart=10, old="kept"):
    return _pal_conjugate("HS", mu, alpha, s_max, restart, old)


def pal_dy(mu=0.1, alpha=1.0, s_max=3.16, restart=10, old="kept"):
    return _pal_conjugate("DY", mu, alpha, s_max, restart, old)


def fbpal(mu=0.1, alpha=1.0, s_max=3.16):
    return Optimizer(Unit(Gradient()), PAL(mu, alpha, s_max, True, "full"))


def labpal_sgd(
    alpha=1.8,
    approximation_batches=10,
    reuse=1000,
    schedule="doubling",
    noise_factor=1,
    s_max=1.0,
    momentum=0.0,
    variant="paper",
    untrustworthy=400,
    average=25,
):
    rule = LABPAL(alpha, approximation_batches, reuse, s_max, "rate", variant, untrustworthy, average)
    return Optimizer(Momentum(momentum, nesterov=False), rule, batches=BatchSchedule(rule, schedule, noise_factor))


def labpal_nsgd(
    alpha=1.8,
    approximation_batches=10,
    reuse=1000,
    schedule="doubling",
    noise_factor=1,
    s_max=1.0,
    momentum=0.0,
    variant="paper",
    untrustworthy=400,
    average=25,
):
    along = Momentum(momentum, nesterov=False)  # the released code searches along it, whatever it keeps
    rule = LABPAL(alpha, approximation_batches, reuse, s_max, "length", variant, untrustworthy, average)
    direction = along if variant == "released" else Unit(along)
    return Optimizer(direction, rule, batches=BatchSchedule(rule, schedule, noise_factor))


# --- exact searches


def exact(s_max=1e6):
    return Optimizer(Gradient(), Exact(s_max, "batch"))


def exact_full(s_max=1e6):
    return Optimizer(Gradient(), Exact(s_max, "full"))


METHODS = {
    "sgd": Entry(sgd, "fixed rate or schedule", ("robbins1951",), "D Algorithm 1", "rules/closed.py"),
    "momentum": Entry(momentum, "heavy-ball momentum", ("polyak1964",), "D Algorithm 6, eq. 2.39", "directions.py"),
    "nsgd": Entry(
        nsgd,
        "fixed arc length along the gradient",
        ("mutschler2022",),
        "D section 6.3",
        "directions.py",
        "step 0 where the gradient is 0",
    ),
    "adam": Entry(adam, "bias-corrected moments", ("kingma2015",), "D Algorithm 7", "directions.py"),
    "rmsprop": Entry(rmsprop, "root of squared gradients", ("tieleman2012",), "D eq. 2.47", "directions.py"),
    "sgd-hd": Entry(
        sgd_hd,
        "the rate itself descends",
        ("baydin2018",),
        "D eqs. 2.48, 2.49",
        "rules/closed.py",
        "the rate moves before it is used",
    ),
    "ali-g": Entry(
        ali_g,
        "loss over squared gradient, clipped",
        ("berrada2020",),
        "D eq. 2.50",
        "rules/closed.py",
        "the sign of eq. 2.50",
    ),
    "cocob": Entry(
        cocob,
        "coin betting, no rate",
        ("orabona2017",),
        "D section 2.8",
        "directions.py",
        "the fraction bet is linear, not a tanh",
    ),
    "backtracking": Entry(
        backtracking,
        "Armijo backtracking from the same first step",
        ("armijo1966",),
        "D Algorithm 2",
        "rules/backtracking.py",
        'accepts on "<="; step 0 where all tries fail',
    ),
    "sls": Entry(
        sls,
        "stochastic Armijo search with resets",
        ("vaswani2019",),
        "D Algorithm 3, eq. 2.17",
        "rules/backtracking.py",
        "step 0 where all tries fail",
    ),
    "sls-goldstein": Entry(
        sls_goldstein,
        "between the two Goldstein lines",
        ("vaswani2019", "nocedal2006"),
        "D section 6.2, Nocedal & Wright eq. 3.11",
        "rules/backtracking.py",
        "the released search: the paper gives none",
    ),
    "sls-polyak": Entry(
        sls_polyak,
        "Armijo step plus momentum",
        ("vaswani2019",),
        "Vaswani section 6, released code",
        "rules/accelerated.py",
    ),
    "sls-nesterov": Entry(
        sls_nesterov,
        "Armijo steps with Nesterov's mixing",
        ("vaswani2019",),
        "Vaswani section 6, released code",
        "rules/accelerated.py",
        "the released recursion: its first step counts for nothing",
    ),
    "seg": Entry(
        seg,
        "extragradient, Lipschitz search",
        ("vaswani2019",),
        "Vaswani section 5",
        "rules/accelerated.py",
        "both gradients on one batch",
    ),
    "strong-wolfe": Entry(
        strong_wolfe,
        "strong Wolfe conditions, the deterministic reference",
        ("nocedal2006",),
        "D eqs. 2.17, 2.18",
        "rules/bracketing.py",
        "bisects where the book interpolates",
    ),
    "golsi": Entry(
        golsi,
        "sign change of slopes on fresh batches",
        ("kafka2019",),
        "D Algorithm 4, eq. 2.24",
        "rules/bracketing.py",
        "the upper limit wins where limits contradict each other; step 0 where all tries fail",
    ),
    "pls": Entry(
        pls,
        "Gaussian process belief, probability of Wolfe",
        ("mahsereci2015",),
        "D Algorithm 5, eqs. 2.26-2.38",
        "rules/probabilistic.py",
        "eqs. 2.34-2.36 corrected; noise of slopes from directional derivatives, of a batch of one sample from two",
    ),
    "pal": Entry(
        pal,
        "parabola through two values and a slope",
        ("mutschler2020",),
        "D Algorithm 8, eq. 4.2",
        "rules/closed.py",
        "tests for a stationary point before it normalises",
    ),
    "pal-fr": Entry(
        pal_fr,
        "PAL along Fletcher-Reeves directions",
        ("mutschler2020", "fletcher1964"),
        "D section 4.4.3",
        "directions.py",
        "restarts every 10 steps and where d does not descend; keeps the gradient of the batch before",
    ),
    "pal-pr": Entry(
        pal_pr,
        "PAL along Polak-Ribiere directions, cut at 0",
        ("mutschler2020", "polak1969"),
        "D section 4.4.3",
        "directions.py",
        "as pal-fr",
    ),
    "pal-hs": Entry(
        pal_hs,
        "PAL along Hestenes-Stiefel directions, cut at 0",
        ("mutschler2020", "hestenes1952"),
        "D section 4.4.3",
        "directions.py",
        "as pal-fr",
    ),
    "pal-dy": Entry(
        pal_dy,
        "PAL along Dai-Yuan directions",
        ("mutschler2020", "dai1999"),
        "D section 4.4.3",
        "directions.py",
        "as pal-fr",
    ),
    "fbpal": Entry(fbpal, "PAL measured on all data", ("mutschler2021",), "D section 5.2", "rules/closed.py", "as pal"),
    "labpal-sgd": Entry(
        labpal_sgd,
        "a rate from a parabola on many batches, reused",
        ("mutschler2022",),
        "D Algorithm 9, eqs. 6.6, 6.8",
        "rules/measured.py",
        "a search is part of an update",
    ),
    "labpal-nsgd": Entry(
        labpal_nsgd,
        "an arc length from a parabola on many batches, reused",
        ("mutschler2022",),
        "D Algorithm 9, eqs. 6.6, 6.8",
        "rules/measured.py",
        "as labpal-sgd",
    ),
    "exact": Entry(
        exact,
        "minimum of the batch's line",
        ("mutschler2022",),
        "D section 4.6",
        "rules/bracketing.py",
        "the root of the slope, not the lowest of a grid",
    ),
    "exact-full": Entry(
        exact_full,
        "minimum of the full-batch line",
        ("mutschler2021",),
        "D section 5.2",
        "rules/bracketing.py",
        "as exact",
    ),
}
