r"""HD-01  Hypergradient

Where: dissertation, eqs. 2.48 and 2.49
Claim: The derivative of the newest batch's loss in the rate of the last step is minus the product of the newest and the
    last gradient, so that adding a multiple of this product to the rate is a gradient step.
Formula: \frac{\partial}{\partial\lambda} \mathcal L_{\mathbb B,t}(\theta_{t-1} - \lambda g_{t-1}) = -g_t^\top g_{t-1},
    \qquad \lambda_{t+1} = \lambda_t + \alpha\, g_t^\top g_{t-1}
Verdict: holds
Kind: symbolic
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import sympy as sp

import toybox as tb
from toybox import methods

from ...claim import equal, holds, told
from ...ours import Plain, moves, on_rule, walk

claim = told(__doc__)

X = sp.symbols("x y z")
RATE = sp.Symbol("lambda")


def gradient(f):
    return [sp.diff(f, x) for x in X]


def at(expression, place):
    return expression.subs(dict(zip(X, place, strict=True)), simultaneous=True)


def losses(budget):
    """Pairs of a polynomial with whole coefficients and one plus exponentials: the losses of two batches."""
    random = budget.random()
    whole = lambda: random.randint(-2, 2)
    for k in range(budget.many(16, 100)):
        terms = [whole() * sp.prod(random.choices(X, k=random.randint(1, 3))) for _ in range(8)]
        waves = [whole() * sp.exp(whole() * random.choice(X) + random.choice(X)) for _ in range(k % 3)]
        yield sum(terms[:4]) + X[0] ** 2, sum(terms[4:]) + sum(waves) + X[1] * X[2]


@claim.check("the derivative", losses)
@claim.control("the other sign", losses, sign=1)
@claim.control("the new gradient at the old place", losses, new=False)
def hypergradient(first, second, sign=-1, new=True):
    """d/d lambda of the second loss at theta - lambda g is -g_t' g, with g_t there (or, not new, at theta)."""
    g = gradient(first)
    there = [x - RATE * d for x, d in zip(X, g, strict=True)]
    slope = sp.diff(at(second, there), RATE)
    product = sum(at(a, there if new else X) * b for a, b in zip(gradient(second), g, strict=True))
    return holds(sp.expand(slope - sign * product) == 0)


def polynomials(budget):
    """Two polynomials, a place and rates of few binary digits, for which floats are exact. There the second gradient is
    not 0: where it is, no rate is used."""
    random = budget.random()
    for first, second in losses(budget):
        if not second.has(sp.exp):
            place = tuple(F(random.randint(-2, 2)) for _ in X)
            rate, hyper_rate = F(random.randint(1, 8), 8), F(random.randint(1, 8), 16)
            step = [sp.Rational(rate.numerator, rate.denominator) * at(d, place) for d in gradient(first)]
            if any(at(d, [x - s for x, s in zip(place, step, strict=True)]) for d in gradient(second)):
                yield first, second, place, rate, hyper_rate


@claim.check("the update of our rule", polynomials)
@claim.control("an ascent", polynomials, sign=1)
def descends(first, second, place, rate, hyper_rate, sign=-1):
    """Our second rate is the first after a gradient step on the loss of the second batch."""
    g = gradient(first)
    line = at(second, [x - RATE * d for x, d in zip(X, g, strict=True)])
    slope = at(sp.diff(line, RATE), place).subs(RATE, sp.Rational(rate.numerator, rate.denominator))
    wanted = rate + sign * hyper_rate * F(int(slope.p), int(slope.q))
    return {kind: equal(found, wanted) for kind, found in second_rates(first, second, place, rate, hyper_rate).items()}


def second_rates(first, second, place, rate, hyper_rate):
    parts = [(sp.lambdify(X, f, modules=[]), sp.lambdify(X, gradient(f), modules=[])) for f in (first, second)]
    plain = Plain(parts=[(lambda x, f=f: f(*x), lambda x, g=g: g(*x)) for f, g in parts])
    exactly = moves("sgd-hd", plain, place, [(0,), (1,)], rate=rate, hyper_rate=hyper_rate)

    def both(theta, index):
        f, g = parts[np.ravel(index)[0]]
        columns = np.moveaxis(theta, -1, 0)
        return f(*columns) + 0 * columns[0], np.stack([c + 0 * columns[0] for c in g(*columns)], axis=-1)

    problem = tb.problems.FromFunction(both, len(X), 2)
    rule = methods.hypergradient.Hypergradient(float(rate), float(hyper_rate))
    run = walk(problem, on_rule(rule), np.array(place, float), 2, lambda t, j: np.array([[t]]), batch=1)
    return {"exact": exactly[1].step, "arrays": F(float(run.trace.size[1, 0]))}
