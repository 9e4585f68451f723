"""Section I, first part: what momentum and Adam average (dissertation, section 2.7)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.hyper import hyperparameters, number
from toybox.xp import namespace

from ..cases import EPS, add, dot, rationals, vectors
from ..claim import Check, Claim, Contrast, above, at_most, close, equal, holds, only
from ..ours import Plain, moves, walk

NO_EPS = 1e-300  # a smaller eps than any root of squares here

# --- what our directions make of given gradients


def fed(direction, g):
    """Directions (T, *lanes, n) of the gradients g (T, *lanes, n), and the last state."""
    xp, made, state = namespace("numpy"), [], None
    for each in g:
        point = SimpleNamespace(theta=np.zeros_like(each), gradient=each)
        state = direction.init(xp, point) if state is None else state
        d, state = direction.step(xp, point, state)
        made.append(d)
    return np.stack(made), state


def walked(direction, g, rate=1.0):
    """A run from 0 on linear losses with the gradients g (T, n), one a step."""
    there = lambda index: g[np.ravel(index)[0]]
    f = lambda theta, index: (theta @ there(index), 0 * theta + there(index))
    problem, optimizer = (
        tb.problems.FromFunction(f, g.shape[1], len(g)),
        tb.Optimizer(direction, methods.fixed.Fixed(rate)),
    )
    return walk(problem, optimizer, np.zeros(g.shape[1]), len(g), lambda t, j: np.array([[t]]), batch=1)


def unbounded(direction, **numbers):
    """The same with numbers that its record might refuse: eps = 0, beta = 1."""
    kind: Any = type(direction)
    free = {name: number(0, "(-inf, inf)") for name in numbers}
    extended: Any = type(kind.__name__, (kind,), {"__annotations__": dict.fromkeys(numbers, Any), **free})
    return hyperparameters(extended)(**tb.hyper.fields(direction) | numbers)


def exactly(name, g, **numbers):
    """The directions of a method on exact numbers, by its moves of rate 1 on linear losses with the gradients g."""
    plain = Plain(parts=[(lambda x, g=each: dot(g, x), lambda x, g=each: g) for each in g])
    start = tuple(0 * a for a in g[0])
    method = tb.method(name, rate=1)
    method = method._replace(direction=unbounded(method.direction, **numbers))
    path = moves(method, plain, start, [(t,) for t in range(len(g))])
    return [add(b, -1, a) for a, b in pairwise([start, *(move.x for move in path)])]


def signals(n, high=12):
    """Sequences of gradients in n dimensions."""
    return st.lists(vectors(n), min_size=1, max_size=high)


BETAS = rationals(0, 19, 20).filter(lambda beta: beta < 1)
EIGHTHS = st.integers(0, 7).map(lambda k: F(k, 8))  # with these and small whole numbers floats are exact
WHOLE = st.lists(st.tuples(*[st.integers(-9, 9).map(F)] * 2), min_size=1, max_size=12)

# --- MOM-01: momentum is a weighted sum


def momenta(g, beta):
    """m_0 .. m_T on exact numbers."""
    return [tuple(-a for a in d) for d in exactly("momentum", g, beta=beta)]


def weighted(g, beta, weight=lambda beta, age: beta**age):
    """m_T is the sum of beta^(T-t) g_t."""
    T, m = len(g) - 1, momenta(g, beta)[-1]
    return equal(m, tuple(sum(weight(beta, T - t) * each[i] for t, each in enumerate(g)) for i in range(2)))


def weights(beta, T):
    """On gradients that are all 1, m_T is the sum of the weights."""
    return equal(momenta([(F(1),)] * (T + 1), beta)[-1][0] * (1 - beta), 1 - beta ** (T + 1))


def drag(g, beta):
    """A step adds g and takes (1 - beta) of the old m away."""
    m = momenta(g, beta)
    return equal(
        [add(new, -1, old) for old, new in pairwise(m)],
        [add(now, beta - 1, old) for old, now in zip(m, g[1:], strict=False)],
    )


def momentum_on_arrays(g, beta):
    """The optimizer on arrays makes the moves of exact numbers, digit by digit where floats are exact."""
    path = walked(methods.momentum.Momentum(float(beta)), np.array(g, float)).theta[:, 0]
    return equal([tuple(map(F, d)) for d in np.diff(path, axis=0).tolist()], exactly("momentum", g, beta=beta))


def literally(g, beta):
    """The printed sum over i, in which nothing depends on i, taken at t = T."""
    return Contrast(tuple(len(g) * a for a in g[-1]), momenta(g, beta)[-1])


MOM_01 = Claim(
    id="MOM-01",
    title="Momentum as a weighted sum",
    source="dissertation, eq. 2.39 and the text after eq. 2.40",
    statement="The momentum vector is an exponential moving average of all gradients so far, written as a sum over i of"
    " terms with the index t.",
    formula=r"m_t = \sum_{i=0}^{T} \beta^{T-t} g_t",
    kind="exact",
    verdict="corrected",
    finding="The index of the sum is the index of its terms. The weights add up to (1 - beta^(T+1)) / (1 - beta), not"
    " to 1: a moving average up to the factor 1 / (1 - beta). The printed drag -(1 - beta) m is right.",
    corrected=r"m_T = \sum_{t=0}^{T} \beta^{T-t} g_t",
    checks=[
        Check("the sum", weighted, st.tuples(signals(2), BETAS), examples=150),
        Check("sum of the weights", weights, st.tuples(BETAS, st.integers(0, 30)), examples=100),
        Check("acceleration and drag", drag, st.tuples(signals(2), BETAS), examples=100),
        Check("our optimizer on arrays", momentum_on_arrays, st.tuples(WHOLE, EIGHTHS), examples=100),
    ],
    controls=[
        Check(
            "weights of an average",
            lambda g, beta: weighted(g, beta, lambda beta, age: (1 - beta) * beta**age),
            lambda budget: [([(F(1), F(2)), (F(-3), F(1, 2))], F(1, 2))],
        )
    ],
    counterexamples=[Check("m_T", literally, only(((F(1), F(2)), (F(-3), F(1, 2))), F(1, 2)))],
)

# --- MOM-02: a constant gradient


def constant(g, beta, T):
    """m_0 .. m_T for the gradient g in every step."""
    return [m[0] for m in momenta([(g,)] * (T + 1), beta)]


def geometric(g, beta):
    return equal(constant(g, beta, 20), [g * (1 - beta ** (t + 1)) / (1 - beta) for t in range(21)])


def settles(g, beta, T=80, factor=lambda beta: 1 - beta):
    """(1 - beta) m_T comes as close to g as a 200th, for beta up to .9 (.9^81 < 1/200), and closer with every step."""
    gaps = [abs(factor(beta) * m - g) for m in constant(g, beta, T)]
    return {
        "near": at_most(gaps[-1], abs(g) / 200),
        "nearer": min(at_most(b, a) for a, b in pairwise(gaps)),
    }


MOM_02 = Claim(
    id="MOM-02",
    title="Constant gradient",
    source="dissertation, the text after eq. 2.40",
    statement="If the gradient stays the same, the momentum vector tends to the gradient divided by 1 - beta.",
    formula=r"m_T = \frac{g}{1-\beta}\left(1 - \beta^{T+1}\right) \to \frac{g}{1-\beta}",
    kind="exact",
    verdict="holds",
    checks=[
        Check("at every step", geometric, st.tuples(rationals(), BETAS), examples=150),
        Check(
            "the limit",
            settles,
            st.tuples(rationals(nonzero=True), rationals(0, 9, 1).map(lambda k: k / 10)),
            examples=50,
        ),
        Check(
            "without drag it grows for ever",
            lambda g: equal(constant(g, F(1), 20), [(t + 1) * g for t in range(21)]),
            rationals(),
            examples=50,
        ),
    ],
    controls=[
        Check("beta = 1", settles, lambda budget: [(F(3, 7), F(1))]),
        Check("not divided by 1 - beta", lambda: settles(F(3, 7), F(1, 2), factor=lambda beta: 1)["near"]),
    ],
)

# --- MOM-03: random gradients


class Law(NamedTuple):
    """A gradient that is b with probability p, else a."""

    a: F
    b: F
    p: F

    def mean(self, f=lambda g: g):
        return (1 - self.p) * f(self.a) + self.p * f(self.b)

    @property
    def variance(self):
        return self.mean(lambda g: g * g) - self.mean() ** 2

    def paths(self, T):
        """All sequences of T gradients (T, 2^T) as choices 0 and 1, and their probabilities."""
        choice = np.arange(2**T) >> np.arange(T)[:, None] & 1
        return choice, [self.p**k * (1 - self.p) ** (T - k) for k in choice.sum(axis=0).tolist()]


def laws(values=None):
    values = rationals() if values is None else values
    return st.builds(
        Law,
        values,
        values,
        st.integers(1, 5).map(lambda k: F(k, 6)),
    )


def average(values, probabilities):
    return sum((p * v for v, p in zip(values, probabilities, strict=True)), F(0))


def last_on_arrays(law, beta, T):
    """m_T on every path of gradients 0 .. T, from the rule on arrays, and the probabilities."""
    choice, probabilities = law.paths(T + 1)
    g = np.where(choice, float(law.b), float(law.a))[..., None]
    return [F(-d) for d in fed(methods.momentum.Momentum(float(beta)), g)[0][-1, :, 0].tolist()], probabilities


def last_exactly(law, beta, T):
    choice, probabilities = law.paths(T + 1)
    paths = [[(law.b if k else law.a,) for k in path] for path in choice.T.tolist()]
    return [momenta(path, beta)[-1][0] for path in paths], probabilities


def spread(law, beta, T, last):
    """Mean and variance of m_T over all paths."""
    m, probabilities = last(law, beta, T)
    mean, variance = average(m, probabilities), average([x * x for x in m], probabilities)
    return mean, variance - mean**2


def noise(law, beta, T, last=last_on_arrays):
    """E m_T, Var m_T and their ratio are as computed; Var m_T is never below that of one gradient."""
    mean, variance = spread(law, beta, T, last)
    sum_of = lambda q: (1 - q ** (T + 1)) / (1 - q)
    return {
        "mean": equal(mean, law.mean() * sum_of(beta)),
        "variance": equal(variance, law.variance * sum_of(beta**2)),
        "relative": equal(
            variance * law.mean() ** 2 * (1 + beta) * (1 - beta ** (T + 1)),
            law.variance * mean**2 * (1 - beta) * (1 + beta ** (T + 1)),
        ),
    }


def stays_noisy(law, beta, T):
    """m_T keeps at least the variance of one gradient, which is not 0."""
    variance = spread(law, beta, T, last_on_arrays)[1]
    return {"no less": at_most(law.variance, variance), "some": above(variance, F(0))}


def limits():
    """The variance by its recursion V <- beta^2 V + sigma^2, whose limit at .9 is 5.26 sigma^2, and printed factors."""
    beta, V = F(9, 10), F(0)
    gaps = []
    for T in range(40):
        V = beta**2 * V + 1
        gaps.append(1 / (1 - beta**2) - V)
        assert V == (1 - beta ** (2 * (T + 1))) / (1 - beta**2)
    return {
        "geometric": equal(gaps, [beta ** (2 * (T + 1)) / (1 - beta**2) for T in range(40)]),
        "5.26": equal(round(1 / (1 - beta**2), 2), F(526, 100)),
    }


def settles_in_square(law, beta, T):
    """Printed: m_T tends to E g / (1 - beta). Then its mean square distance from there falls below any fraction."""
    mean, variance = spread(law, beta, T, last_on_arrays)
    return Contrast(law.variance / 10, variance + (mean - law.mean() / (1 - beta)) ** 2, "at most")


COINS = laws(st.integers(-9, 9).map(F)).filter(lambda law: law.a != law.b)

MOM_03 = Claim(
    id="MOM-03",
    title="Momentum of random gradients",
    source="dissertation, the text after eq. 2.40",
    statement="If the gradients are random, the momentum vector tends to their expectation divided by 1 - beta.",
    formula=r"m_t \to \frac{\mathrm{E}[g]}{1-\beta}",
    kind="exact",
    verdict="refuted",
    finding="Only its expectation does. For independent gradients of variance sigma^2 its variance grows from sigma^2"
    " to sigma^2 / (1 - beta^2), which is 5.26 sigma^2 for beta = .9. What falls is the noise relative to the mean, by"
    " the factor sqrt((1 - beta) / (1 + beta)).",
    corrected=r"\mathrm{Var}\, m_T = \sigma^2 \frac{1-\beta^{2(T+1)}}{1-\beta^2} \to \frac{\sigma^2}{1-\beta^2}",
    checks=[
        Check("all paths, on arrays", noise, st.tuples(COINS, EIGHTHS, st.integers(0, 9)), examples=40),
        Check("all paths of 11 gradients", noise, st.tuples(COINS, EIGHTHS, st.just(10)), examples=5),
        Check(
            "all paths on exact numbers",
            lambda law, beta, T: noise(law, beta, T, last_exactly),
            st.tuples(laws(), BETAS, st.integers(0, 4)),
            examples=40,
        ),
        Check("the noise stays", stays_noisy, st.tuples(COINS, EIGHTHS, st.integers(0, 8)), examples=30),
        Check("the limit of the variance", limits),
    ],
    controls=[
        Check("gradients that are not random", stays_noisy, lambda budget: [(Law(F(2), F(2), F(1, 2)), F(1, 2), 8)])
    ],
    counterexamples=[
        Check(
            "E (m_T - E g / (1 - beta))^2 where g is b with probability p, else a; against a tenth of a variance",
            settles_in_square,
            only(Law(F(-1), F(1), F(1, 2)), F(1, 2), 10),
        )
    ],
)

# --- ADAM-01: bias correction


def read(beta1, beta2, g):
    """Adam's m^ and v^ after its last step on g (T, lanes), read off its directions.

    Beside an eps of 2^200 the root vanishes, and d = -m^ / 2^200; with beta1 = 0, d = -g / sqrt(v^).
    """
    large = 2.0**200
    m = -large * fed(methods.adam.Adam(beta1, beta2, large), g[..., None])[0][-1, :, 0]
    v = (g[-1] / fed(methods.adam.Adam(0.0, beta2, NO_EPS), g[..., None])[0][-1, :, 0]) ** 2
    return m, v


def unbiased(law, beta1, beta2, T):
    """E m^ = E g and E v^ = E g^2 over all paths; a step of the recursions, a power and a root round ten times."""
    choice, probabilities = law.paths(T)
    m, v = read(float(beta1), float(beta2), np.where(choice, float(law.b), float(law.a)))
    p, largest = np.array(probabilities, float), float(max(abs(law.a), abs(law.b)))
    condition = T + 2 / (1 - float(max(beta1, beta2)))  # of 1 - beta^t, too
    return {
        "m": close(p @ m, float(law.mean()), 10 * condition * EPS * largest),
        "v": close(p @ v, float(law.mean(lambda g: g * g)), 10 * condition * EPS * largest**2),
    }


def uncorrected(law, beta, T, corrected=True, shift=0):
    """E v_T = (1 - beta^T) E g^2 and the same of m, exactly, in the state of our Adam."""
    choice, probabilities = law.paths(T)
    g = np.where(choice, float(law.b), float(law.a))[..., None]
    state = fed(methods.adam.Adam(float(beta), float(beta)), g)[1]
    total = 1 - beta ** (T + shift) if corrected else 1
    exact = lambda moment: average(map(F, moment[:, 0].tolist()), probabilities)
    return {
        "m": equal(exact(state.m), total * law.mean()),
        "v": equal(exact(state.v), total * law.mean(lambda g: g * g)),
    }


def same_size(c, signs, beta1, beta2, eps):
    """For gradients c and -c, v^ = c^2, so that d (c + eps) = -m^, on exact numbers."""
    g, T = [(c * sign,) for sign in signs], len(signs)
    d = exactly("adam", g, beta1=beta1, beta2=beta2, eps=eps)[-1][0]
    m = (1 - beta1) * sum(beta1 ** (T - t) * each[0] for t, each in enumerate(g, 1)) / (1 - beta1**T)
    return equal(-d * (c + eps), m)


def signs_in_the_mean(c, p, beta1, eps, T):
    """The same over all paths of signs: E m^ is E g."""
    choice, probabilities = Law(-c, c, p).paths(T)
    d = [
        exactly("adam", [(c if k else -c,) for k in path], beta1=beta1, beta2=F(1, 2), eps=eps)[-1][0]
        for path in choice.T.tolist()
    ]
    return equal(-average(d, probabilities) * (c + eps), (2 * p - 1) * c)


def derivation(t):
    """(1 - b) times the sum of b^(t-i) is the difference of two sums over b^i, which is 1 - b^t: as polynomials."""
    b = sp.Symbol("b")
    sums = difference(t, lambda i: b**i)
    start = (1 - b) * sum(b ** (t - i) for i in range(1, t + 1))
    return {"first": holds(sp.expand(start - sums) == 0), "last": holds(sp.expand(sums - (1 - b**t)) == 0)}


def difference(t, power):
    """Of the sums of power(i) over i = 0 .. t - 1 and over i = 1 .. t."""
    return sum(power(i) for i in range(t)) - sum(power(i) for i in range(1, t + 1))


def same_exponents(beta, t):
    return Contrast(difference(t, lambda i: beta**t), difference(t, lambda i: beta**i))


def growing(t=8):
    """v^_t / E g_t^2 for E g_i^2 = i and beta2 = .9."""
    g = np.sqrt(np.arange(1.0, t + 1))[:, None]
    return read(0.0, 0.9, g)[1][0] / t


SMALL = laws(st.integers(-9, 9).filter(bool).map(F))
STEADY = st.tuples(
    rationals(1, 9), st.lists(st.sampled_from((-1, 1)), min_size=1, max_size=40), BETAS, BETAS, rationals(0, 9)
)

ADAM_01 = Claim(
    id="ADAM-01",
    title="Bias correction",
    source="dissertation, eqs. 2.43-2.45 and Algorithm 7",
    statement="Dividing the averages by 1 - beta^t removes the bias of their start at 0, if the moments of the gradient"
    " do not change; the derivation splits the geometric sum into a difference of two sums.",
    formula=r"\mathrm{E}[v_t] = \mathrm{E}[g^2]\left(\sum_{i=0}^{t-1}\beta_2^t - \sum_{i=1}^{t}\beta_2^t\right) + \zeta"
    r" = \mathrm{E}[g^2](1-\beta_2^t) + \zeta",
    kind="exact",
    verdict="corrected",
    finding="The result holds exactly, also with Algorithm 7's exponent t + 1 for t from 0. In the middle the exponents"
    " must be i: as printed the difference is 0. If the second moment changes, the rest is not small: where it grows"
    " like i, the corrected average at beta2 = .9 is 63 per cent of it after 8 steps.",
    corrected=r"\sum_{i=0}^{t-1}\beta_2^i - \sum_{i=1}^{t}\beta_2^i = 1-\beta_2^t, \qquad \mathrm{E}[\hat v_t] ="
    r" \mathrm{E}[g^2]",
    checks=[
        Check("averages in our Adam's state", uncorrected, st.tuples(SMALL, EIGHTHS, st.integers(1, 8)), examples=60),
        Check("its directions", unbiased, st.tuples(SMALL, BETAS, BETAS, st.integers(1, 9)), examples=200),
        Check("gradients of one size, exactly", same_size, STEADY, examples=150),
        Check(
            "all paths of signs, exactly",
            signs_in_the_mean,
            st.tuples(
                rationals(1, 9), rationals(1, 4, 1).map(lambda p: p / 5), BETAS, rationals(0, 9), st.integers(1, 5)
            ),
            examples=20,
        ),
        Check("the sums", derivation, lambda budget: range(1, 41)),
        Check("63 per cent of a growing moment", lambda: close(growing(), 0.63, 0.005)),
    ],
    controls=[
        Check("no correction", lambda: uncorrected(Law(F(1), F(3), F(1, 2)), F(7, 8), 5, corrected=False)),
        Check("the exponent t for t from 0", lambda: uncorrected(Law(F(1), F(3), F(1, 2)), F(7, 8), 5, shift=-1)),
        Check("a moment that changes", lambda: close(growing(), 1, 0.005)),
    ],
    counterexamples=[Check("difference of the two sums", same_exponents, only(F(1, 2), 3))],
)

# --- ADAM-02: the ratio of the moments


def jensen(law, centred=False):
    """(E g)^2 <= E g^2; the difference is p (1 - p) (a - b)^2, which is 0 for constants only."""
    second = law.variance if centred else law.mean(lambda g: g * g)
    gap = second - law.mean() ** 2
    return {
        "at most 1": at_most(law.mean() ** 2, second),
        "gap": equal(gap, law.p * (1 - law.p) * (law.a - law.b) ** 2),
    }


def ratio_of_averages(g, beta):
    """With beta1 = beta2 our Adam averages over one law: m^2 <= v (1 - beta^t), with equality for constants."""
    state = fed(methods.adam.Adam(float(beta), float(beta)), np.array(g, float))[1]
    m, v, total = state.m.tolist(), state.v.tolist(), 1 - beta ** len(g)
    gaps = [F(b) * total - F(a) ** 2 for a, b in zip(m, v, strict=True)]
    differ = [len(set(column)) > 1 for column in zip(*g, strict=True)]
    return min(above(gap, F(0)) if d and beta else equal(gap, F(0)) for gap, d in zip(gaps, differ, strict=True))


ADAM_02 = Claim(
    id="ADAM-02",
    title="Ratio of moments is at most 1",
    source="dissertation, the text after eq. 2.46",
    statement="The size of an expectation is at most the root of the expected square.",
    formula=r"\left|\frac{\mathrm{E}[g]}{\sqrt{\mathrm{E}[g^2]}}\right| \le 1",
    kind="exact",
    verdict="holds",
    finding="With equality for constants only.",
    checks=[
        Check("laws with two values", jensen, laws(), examples=200),
        Check("averages in our Adam's state", ratio_of_averages, st.tuples(WHOLE, EIGHTHS), examples=200),
    ],
    controls=[
        Check(
            "the variance instead of the square",
            lambda law: jensen(law, centred=True)["at most 1"],
            laws(),
            examples=20,
        )
    ],
)

CLAIMS = (MOM_01, MOM_02, MOM_03, ADAM_01, ADAM_02)
