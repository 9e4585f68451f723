"""The one registry: names of problems and methods -> constructor, citation, equation, file.

A method is a direction and a rule. Its constructor's signature holds the published defaults; every number may be an
array, whose elements then become lanes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from math import inf
from typing import Any, NamedTuple

from .directions import Adam, Coin, Gradient, Momentum, RMSProp, Unit
from .hyper import refuse_unknown
from .optimizer import Optimizer
from .problems import named
from .rules.accelerated import Extragradient, Nesterov, Polyak
from .rules.backtracking import Armijo, Goldstein
from .rules.bracketing import Exact
from .rules.closed import PAL, Fixed


class Entry(NamedTuple):
    """A named constructor with where it comes from."""

    make: Callable[..., Any]
    summary: str
    papers: tuple[str, ...]  # BibTeX keys of references.bib
    equation: str  # in the dissertation (D) or the paper
    file: str  # where the rule stands, relative to toybox/


def sgd(rate=0.1, schedule="constant"):
    return Optimizer(Gradient(), Fixed(rate, schedule))


def momentum(rate=0.01, beta=0.9, schedule="constant"):
    return Optimizer(Momentum(beta, nesterov=False), Fixed(rate, schedule))


def nsgd(rate=0.1, schedule="constant"):
    return Optimizer(Unit(Gradient()), Fixed(rate, schedule))


def adam(rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule="constant"):
    return Optimizer(Adam(beta1, beta2, eps), Fixed(rate, schedule))


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
    return Optimizer(
        Gradient(), Armijo(c, beta, gamma, first, reset, steps_per_epoch, max_step, tries, sample, variant)
    )


def pal(mu=0.1, alpha=1.0, beta=0.4, s_max=3.16, exact_slope=True):
    direction = Momentum(beta, nesterov=False)
    return Optimizer(Unit(direction) if exact_slope else direction, PAL(mu, alpha, s_max, exact_slope, "batch"))


def exact(s_max=1e6):
    return Optimizer(Gradient(), Exact(s_max, "batch"))


def exact_full(s_max=1e6):
    return Optimizer(Gradient(), Exact(s_max, "full"))


def rmsprop(rate=0.01, decay=0.9, eps=1e-8, schedule="constant"):
    return Optimizer(RMSProp(decay, eps), Fixed(rate, schedule))


def cocob(alpha=100.0, eps=1e-8):
    return Optimizer(Coin(alpha, eps), Fixed(1.0, "constant"))


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


METHODS = {
    "sgd": Entry(sgd, "fixed rate or schedule", ("robbins1951",), "D Algorithm 1", "rules/closed.py"),
    "momentum": Entry(momentum, "heavy-ball momentum", ("polyak1964",), "D Algorithm 6, eq. 2.39", "directions.py"),
    "nsgd": Entry(nsgd, "fixed arc length along the gradient", ("mutschler2022",), "D section 6.3", "directions.py"),
    "adam": Entry(adam, "bias-corrected moments", ("kingma2015",), "D Algorithm 7", "directions.py"),
    "backtracking": Entry(
        backtracking,
        "Armijo backtracking from the same first step",
        ("armijo1966",),
        "D Algorithm 2",
        "rules/backtracking.py",
    ),
    "sls": Entry(
        sls,
        "stochastic Armijo search with resets",
        ("vaswani2019",),
        "D Algorithm 3, eq. 2.17",
        "rules/backtracking.py",
    ),
    "pal": Entry(
        pal, "parabola through two values and a slope", ("mutschler2020",), "D Algorithm 8, eq. 4.2", "rules/closed.py"
    ),
    "rmsprop": Entry(rmsprop, "root of squared gradients", ("tieleman2012",), "D eq. 2.47", "directions.py"),
    "cocob": Entry(cocob, "coin betting, no rate", ("orabona2017",), "D section 2.8", "directions.py"),
    "sls-goldstein": Entry(
        sls_goldstein, "between the two Goldstein lines", ("vaswani2019",), "released code", "rules/backtracking.py"
    ),
    "sls-polyak": Entry(
        sls_polyak, "Armijo step plus momentum", ("vaswani2019",), "released code", "rules/accelerated.py"
    ),
    "sls-nesterov": Entry(
        sls_nesterov, "Armijo steps with Nesterov's mixing", ("vaswani2019",), "released code", "rules/accelerated.py"
    ),
    "seg": Entry(seg, "extragradient, Lipschitz search", ("vaswani2019",), "Vaswani section 5", "rules/accelerated.py"),
    "exact": Entry(exact, "minimum of the batch's line", ("mutschler2022",), "D section 4.6", "rules/bracketing.py"),
    "exact-full": Entry(
        exact_full, "minimum of the full-batch line", ("mutschler2021",), "D section 5.2", "rules/bracketing.py"
    ),
}

PROBLEMS = {
    "quadratic": Entry(
        named.quadratic,
        "noisy quadratics with chosen spectrum and spread",
        ("mutschler2022",),
        "D section 2.7",
        "problems/quadratic.py",
    ),
    "paths": Entry(
        named.paths, "100 random two-dimensional quadratics", ("mutschler2022",), "D fig. 2.6", "problems/quadratic.py"
    ),
    "nqm": Entry(
        named.noisy_quadratic_model,
        "noisy quadratic model, spectrum 1/i",
        ("zhang2019",),
        "Zhang et al. section 3",
        "problems/quadratic.py",
    ),
    "alternating": Entry(
        named.alternating, "two shifted parabolas", ("mutschler2020",), "D section 4.4.4", "problems/quadratic.py"
    ),
    "factorization": Entry(
        named.factorization,
        "W2 W1 x against A x; ranks 1, 4, 10, true model",
        ("vaswani2019",),
        "D fig. 4.14",
        "problems/factorization.py",
    ),
    "mushrooms": Entry(
        named.mushrooms,
        "RBF kernel, 6499 training rows, embedded",
        ("vaswani2019", "schlimmer1987"),
        "D fig. 4.15",
        "problems/kernel.py",
    ),
    "ijcnn1": Entry(
        named.ijcnn1,
        "RBF kernel, 28,000 or 39,992 training rows, loaded",
        ("vaswani2019", "prokhorov2001"),
        "D fig. 4.15",
        "problems/kernel.py",
    ),
    "misfire": Entry(named.misfire, "RBF kernel, synthetic stand-in for ijcnn1", (), "-", "problems/misfire.py"),
    "logistic": Entry(named.logistic, "RBF kernel, two Gaussian clouds", (), "-", "problems/kernel.py"),
}

SHARED = {"backend": "numpy", "dtype": "float64", "line": "closed"}  # options of every named problem


def problem(name: str, **options: Any) -> Any:
    """A named problem. Raises ``ValueError`` for an unknown name or option, with a near miss."""
    return _make("problem", PROBLEMS, name, options, SHARED)


def method(name: str, **hyper: Any) -> Optimizer:
    """A named method; arrays of hyper-parameters become lanes. Raises ``ValueError`` for an unknown name, an unknown
    hyper-parameter or a bad value, with what would be accepted."""
    return _make("method", METHODS, name, hyper)._replace(name=name)


def _make(what: str, registry: dict[str, Entry], name: str, options: dict[str, Any], shared: Iterable[str] = ()) -> Any:
    refuse_unknown(what, name, registry)
    accepted = [*defaults(registry[name]), *shared]
    for given in options:
        refuse_unknown(f"{name}'s option", given, accepted)
    return registry[name].make(**options)


def defaults(entry: Entry) -> dict[str, Any]:
    """The options of a constructor with their defaults."""
    parameters = inspect.signature(entry.make).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD}
