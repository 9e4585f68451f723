"""Section A, continued: cross entropy and the loss of a batch (dissertation, eqs. 2.7, 2.10, sections 2.2, 6.3.2)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import losses, methods
from toybox.quotations import quote

from ..cases import EPS, positive, powers, rationals, seeds, vectors
from ..claim import Check, Claim, below, close, equal
from ..ours import Quadratics, moves, on_rule, walk

# --- ERM-04: cross entropy


class Labels(NamedTuple):
    """Two distributions over labels, and a direction in which the sum over q of them keeps 1: q (1 + t w)."""

    y: np.ndarray
    q: np.ndarray
    w: np.ndarray


@st.composite
def labels(draw):
    n, spread, rng = draw(st.integers(2, 8)), draw(powers(-1, 0)), np.random.default_rng(draw(seeds))
    y, q = (np.maximum(rng.dirichlet([spread] * n), 1e-12) for _ in range(2))
    return Labels(y / y.sum(), q / q.sum(), rng.standard_normal(n))


def cross_entropy(y, q):
    """In nats (2.7)."""
    return -(y * np.log(q)).sum()


def slack_for(y, q):
    """n (n + 2) / n eps per sum of n products: CE, H and KL add up to at most 4 CE, and n + 2 <= 2 n."""
    return 8 * len(y) * EPS * max(1.0, abs(cross_entropy(y, q)))


def decomposes(case):
    y, q, tol = case.y, case.q, slack_for(case.y, case.q)
    CE, H, KL = cross_entropy(y, q), cross_entropy(y, y), (y * np.log(y / q)).sum()
    return {
        "sum": close(CE, H + KL, tol),
        "equal for q = y": close(cross_entropy(y, y), H, tol),
        "more, unless q = y": below(np.abs(y - q).sum() ** 2 / 2, CE - H, tol),  # Pinsker's bound of KL
    }


def above_entropy(case, factor=1.0):
    y, q = case.y, factor * case.q
    return below(cross_entropy(y, y), cross_entropy(y, q), slack_for(y, q))


def falls(case):
    """Without normalisation, larger q make CE as small as one likes: by the logarithm of the factor."""
    logs = np.arange(0, 60, 10) * np.log(10)
    found = [cross_entropy(case.y, np.exp(log) * case.q) for log in logs]
    CE = cross_entropy(case.y, case.q)
    return close(found, CE - logs, 8 * len(case.y) * EPS * (max(1.0, CE) + logs))


def stationary(case, at=lambda case: case.y):
    """The gradient on the simplex is 0 at q = y: along a line in it, CE changes in the second order only.

    -log(1 + u) + u lies between 0 and u^2 / (2 (1 - t)^2) for |u| <= t.
    """
    y, q, t = case.y, at(case), 1e-3
    w = case.w - case.w @ q
    w = w / np.abs(w).max()
    change = cross_entropy(y, q * (1 + t * w)) - cross_entropy(y, q)
    return below(abs(change), (t / (1 - t)) ** 2 / 2 * (y @ w**2), slack_for(y, q))


def in_bits(case, unit=0.6931471805599453):
    bits = -(case.y * np.log2(case.q)).sum()
    return close(cross_entropy(case.y, case.q), unit * bits, slack_for(case.y, case.q))


def our_softmax(case):
    """The loss of our classifiers is the cross entropy for certain labels; logits z lose eps |z| in differences."""
    z, xp = np.log(case.q), tb.xp.namespace("numpy")
    certain = np.eye(len(z))
    found = losses.Softmax().value(xp, np.broadcast_to(z, certain.shape), certain)
    return close(found, -z, 8 * len(z) * EPS * max(1.0, np.abs(z).max()))


def entropies(case):
    return {
        **decomposes(case),
        "at least the entropy": above_entropy(case),
        "stationary on the simplex": stationary(case),
        "nats and bits": in_bits(case),
        "our loss of softmax": our_softmax(case),
        "unbounded without normalisation": falls(case),
    }


ERM_04 = Claim(
    id="ERM-04",
    title="Cross entropy decomposes and is minimised by the label distribution",
    source="dissertation, eq. 2.7",
    statement="Cross entropy is the entropy of the labels plus the divergence of the prediction from them; it is least,"
    " and equals the entropy, where the prediction is the distribution of the labels.",
    formula=r"-y^\top \log q = H(y) + \mathrm{KL}(y \| q) \ge H(y)",
    kind="property",
    verdict="holds",
    finding=f"With the natural logarithm the unit is nats; the {quote('number of bits')} takes the base 2, a factor"
    " log 2.",
    checks=[Check("sum, minimum, unit, our loss", entropies, labels())],
    controls=[
        Check("q without normalisation", lambda case: above_entropy(case, 100.0), labels(), examples=20),
        Check("stationary elsewhere", lambda case: stationary(case, lambda case: case.q), labels(), examples=20),
        Check("nats for bits", lambda case: in_bits(case, 1.0), labels(), examples=20),
    ],
)

# --- ERM-05: the loss of a batch, at fixed parameters


class Law(NamedTuple):
    """Samples L_i(x) = 1/2 q_i (x - m_i)^2 + o_i with probabilities p_i, and a point x."""

    p: tuple
    q: tuple
    m: tuple
    o: tuple
    x: F

    @property
    def plain(self):
        return Quadratics([((q,),) for q in self.q], [(m,) for m in self.m], self.o)

    @property
    def arrays(self):
        column = np.array(self.m, float)[:, None]
        return tb.problems.NoisyQuadratic(np.array(self.q, float)[:, None, None], column, np.array(self.o, float))

    def paths(self, n):
        """All samples of n, with their probabilities."""
        return [(path, prod(self.p[i] for i in path)) for path in product(range(len(self.p)), repeat=n)]


@st.composite
def laws(draw, size=st.integers(2, 3)):
    k = draw(size)
    weights = draw(st.tuples(*[st.integers(1, 5)] * k))
    q, others = draw(st.tuples(*[positive()] * k)), [draw(vectors(k)) for _ in range(2)]
    return Law(tuple(F(w, sum(weights)) for w in weights), q, *others, draw(rationals()))


def moments(pairs):
    """Mean and variance of (value, probability)."""
    pairs = list(pairs)
    centre = sum(v * p for v, p in pairs)
    return centre, sum((v - centre) ** 2 * p for v, p in pairs)


def of_batches(law, B, members=lambda path: path):
    """Mean sigma^2 / B, from all batches of B independent samples."""
    plain, x = law.plain, (law.x,)
    centre, variance = moments((plain.value(x, (i,)), p) for (i,), p in law.paths(1))
    found = moments((plain.value(x, members(path)), p) for path, p in law.paths(B))
    return {"mean": equal(found[0], centre), "variance": equal(found[1], variance / B)}


def batches_of_arrays(law, B):
    """The same of all batches as lanes.

    Each loss is a sum of B + 2 products of size at most M, the mean over batches one more sum; of the variance 2 M.
    """
    paths = law.paths(B)
    index, p = np.array([path for path, _ in paths]), np.array([p for _, p in paths], float)
    problem = law.arrays
    values = problem.at(np.full((len(index), 1), float(law.x)), index).value
    M = float(max(q * (abs(law.x) + abs(m)) ** 2 / 2 + abs(o) for q, m, o in zip(law.q, law.m, law.o, strict=True)))
    tol = (len(paths) + B + 10) * EPS * M
    exact = moments((law.plain.value((law.x,), path), p) for path, p in paths)
    centre = p @ values
    return {"mean": close(centre, float(exact[0]), tol), "variance": close(p @ (values - centre) ** 2,
            float(exact[1]), 4 * M * tol)}  # fmt: skip


SIZED = st.tuples(laws(), st.integers(1, 4))

ERM_05 = Claim(
    id="ERM-05",
    title="Mini-batch loss is unbiased with standard error sigma / sqrt(B)",
    source="dissertation, after eq. 2.10, and section 6.3.2",
    statement="The loss of a batch of B independent samples, at parameters that do not depend on them, has the true"
    " loss as its mean, and sigma over the root of B as its standard deviation.",
    formula=r"E\,\mathcal L_{\mathbb B} = \mathcal L, \qquad \mathrm{Var}\,\mathcal L_{\mathbb B} = \frac{\sigma^2}{B}",
    kind="enumeration",
    verdict="holds",
    checks=[
        Check("all samples, exact numbers", of_batches, SIZED, examples=150),
        Check("all samples, arrays", batches_of_arrays, SIZED, examples=150),
    ],
    controls=[
        Check(
            "the same sample B times", lambda law, B: of_batches(law, B, lambda path: path[:1] * B), SIZED, examples=20
        ),
    ],
)

# --- ERM-06: the loss of a batch, at parameters that were fitted to it


def squares(law):
    """L_i(x) = (x - m_i)^2."""
    return law._replace(q=(F(2),) * len(law.p), o=(F(0),) * len(law.p))


def fitted(law, path):
    """One gradient step of rate 1 / L'' leads to the minimiser of a parabola."""
    drawn = Quadratics([((law.q[i],),) for i in path], [(law.m[i],) for i in path])
    return moves("sgd", drawn, (law.x,), [tuple(range(len(path)))], rate=F(1, 2))[0].x


def fixed(law, path):
    return (law.x,)


def bias(law, n, fit=fitted, first=-1, second=1):
    """The mean loss on the training data and the true one: (1 + first / n) and (1 + second / n) times sigma^2."""
    law = squares(law)
    plain, population = law.plain, law.paths(1)
    trained = sum(p * plain.value(fit(law, path), path) for path, p in law.paths(n))
    true = lambda x: sum(p * plain.value(x, one) for one, p in population)
    variance = moments((law.m[i], p) for (i,), p in population)[1]
    return {
        "on the training data": equal(trained, (1 + F(first, n)) * variance),
        "true": equal(sum(p * true(fit(law, path)) for path, p in law.paths(n)), (1 + F(second, n)) * variance),
    }


def unbiased(law, n, fit=fixed):
    law = squares(law)
    plain, population = law.plain, law.paths(1)
    trained = sum(p * plain.value(fit(law, path), path) for path, p in law.paths(n))
    true = lambda x: sum(p * plain.value(x, one) for one, p in population)
    return equal(trained, sum(p * true(fit(law, path)) for path, p in law.paths(n)))


def fitted_arrays(law, n):
    """SGD on arrays fits each of all samples, one per lane, as a mean of batches of one; 16 roundings of numbers up to
    M and their squares."""
    law = squares(law)
    index = np.array([path for path, _ in law.paths(n)])
    found = walk(
        law.arrays,
        on_rule(methods.fixed.Fixed(0.5))._replace(batches=lambda steps: [n] * steps),
        [float(law.x)],
        sampler=lambda t, j: index[:, j, None],
        batch=1,
        seeds=range(len(index)),
    )
    wanted = [float(fitted(law, tuple(path))[0]) for path in index.tolist()]
    M = float(abs(law.x) + max(map(abs, law.m)))
    return close(found.theta[-1, :, 0], wanted, (n + 8) * EPS * M)


THREE = st.tuples(laws(st.just(3)), st.integers(1, 4))

ERM_06 = Claim(
    id="ERM-06",
    title="Unbiasedness is lost after fitting",
    source="dissertation, section 2.2",
    statement="The loss on a batch, the whole training set among them, estimates the true loss without bias as long as"
    " the parameters do not depend on the batch. Fitted to n samples, a mean has a training loss that is too small,"
    " and a true loss that is too large, by one n-th of the variance each.",
    formula=r"L_i = (y_i - \theta)^2,\ \hat\theta = \bar y: \quad E\,\mathcal L_{\mathbb D}(\hat\theta) ="
    r" (1 - \tfrac1n)\sigma^2, \quad E\,\mathcal L(\hat\theta) = (1 + \tfrac1n)\sigma^2",
    kind="enumeration",
    verdict="holds",
    finding="This is the qualification that the text needs: theta must not depend on the data.",
    checks=[
        Check("fitted to all samples of n", bias, THREE, examples=60),
        Check("fixed: no bias", unbiased, THREE, examples=60),
        Check("our SGD on arrays fits the same", fitted_arrays, THREE, examples=60),
    ],
    controls=[
        Check("the bias of fixed parameters", lambda law, n: bias(law, n, fixed), THREE, examples=20),
        Check("no bias of fitted ones", lambda law, n: unbiased(law, n, fitted), THREE, examples=20),
    ],
)


CLAIMS = (ERM_04, ERM_05, ERM_06)
