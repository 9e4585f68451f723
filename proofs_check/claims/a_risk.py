"""Section A: risks, surrogate losses and their gradients (dissertation, sections 2.1 to 2.4)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations_with_replacement, product
from math import prod
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import losses
from toybox.rules import closed

from ..cases import (
    EPS,
    positive,
    powers,
    rationals,
    seeds,
    vectors,
)
from ..claim import Check, Claim, above, at_most, below, close, equal
from ..ours import moves, on_rule, walk

# --- ERM-01: three inputs, two labels, all eight predictors

PAIRS = [*product(range(3), range(2))]
PREDICTORS = [*product(range(2), repeat=3)]


def risk(h, T):
    """The share of wrong answers on T (2.3)."""
    return F(sum(h[x] != y for x, y in T), len(T))


def accuracy(h, T):
    return F(sum(h[x] == y for x, y in T), len(T))


def memoriser(T):
    """Answers what it saw, the last of it if that differs, and 0 elsewhere."""
    seen = dict(T)
    return tuple(seen.get(x, 0) for x in range(3))


def consistent(T):
    return len(dict(T)) == len(set(T))


def multisets(wanted=lambda T: True):
    """All multisets of 1 to 4 examples."""
    every = [T for size in range(1, 5) for T in combinations_with_replacement(PAIRS, size)]
    return lambda budget: [(T,) for T in every if wanted(T)]


def rarer_labels(T):
    """Per input, whatever is answered, at least the rarer label is wrong."""
    return 1 - F(sum(max(T.count((x, y)) for y in range(2)) for x in range(3)), len(T))


def risks(T):
    return {
        "risk and accuracy": min(equal(risk(h, T) + accuracy(h, T), F(1)) for h in PREDICTORS),
        "least risk": equal(min(risk(h, T) for h in PREDICTORS), rarer_labels(T)),
    }


def memorises(T):
    """The order of the examples does not matter, and no answer is wrong."""
    return {
        "order": equal(memoriser(T), memoriser(T[::-1])),
        "risk": equal(risk(memoriser(T), T), F(0)),
    }


def ours_counts(T):
    """The accuracy of our classifier, for all predictors and the memoriser: 1 - risk.

    Its inputs are so far apart that the kernel is 1 or 0, its logits are theta, and 0 means the label 0.
    """
    x, y = (np.array(column) for column in zip(*T, strict=True))
    inputs = 100.0 * np.arange(3)[:, None]
    problem = tb.problems.KernelClassifier(inputs, [0, 1, 0], 1.0, test=(inputs[x], y))
    blank = [0 if i not in x else 2 * label - 1 for i, label in enumerate(memoriser(T))]
    theta = np.array([*(2 * np.array(PREDICTORS) - 1), blank], float)
    wanted = [1 - risk(h, T) for h in (*PREDICTORS, memoriser(T))]
    return equal(problem.accuracy(theta).tolist(), list(map(float, wanted)))


CONTRADICTORY = multisets(lambda T: not consistent(T))

ERM_01 = Claim(
    id="ERM-01",
    title="Empirical 0-1 loss and the memoriser",
    source="dissertation, eqs. 2.1 and 2.3",
    statement="The empirical risk is one minus the accuracy, and a predictor that has learnt its training set by heart,"
    " whatever it answers elsewhere, has the empirical risk 0.",
    formula=r"L_{\mathbb T}(h) = 1 - \mathrm{acc}_{\mathbb T}(h), \qquad L_{\mathbb T}(h_{\mathrm{mem}}) = 0",
    kind="enumeration",
    verdict="corrected",
    finding="The risk is 0 if and only if no input occurs with two labels. Otherwise there is no such predictor, and"
    " the best of all predictors errs on the rarer label of every input.",
    corrected=r"\min_h L_{\mathbb T}(h) = 1 - \frac1m \sum_x \max_y \#\{(x, y) \in \mathbb T\}",
    checks=[
        Check("risk, accuracy, least risk", risks, multisets()),
        Check("the memoriser of a consistent set", memorises, multisets(consistent)),
        Check("0 is out of reach of the others", lambda T: above(rarer_labels(T), 0), CONTRADICTORY),
        Check("the accuracy of our classifier", ours_counts, multisets()),
    ],
    controls=[
        Check("a contradictory pair", memorises, lambda budget: [(((0, 0), (0, 1)),)]),
        Check("the commoner label wrong", lambda T: equal(1 - rarer_labels(T), min(risk(h, T) for h in PREDICTORS)),
              multisets()),
    ],
    counterexamples=[
        Check("least risk of a contradictory pair", lambda T: equal(min(risk(h, T) for h in PREDICTORS), F(0)),
              lambda budget: [(((0, 0), (0, 1)),)]),
    ],
)  # fmt: skip

# --- ERM-02: approximation and estimation


class World(NamedTuple):
    """A distribution over the pairs, by integer weights, a class of predictors and a training set."""

    weights: tuple[int, ...]
    H: tuple
    T: tuple

    def risk(self, h):
        """The true risk (2.1)."""
        wrong = sum(w for (x, y), w in zip(PAIRS, self.weights, strict=True) if h[x] != y)
        return F(wrong, sum(self.weights))

    def best(self, H):
        return min(H, key=self.risk)

    def minimiser(self):
        """Of the empirical risk in the class."""
        return min(self.H, key=lambda h: risk(h, self.T))


distributions = st.tuples(*[st.integers(0, 5)] * 6).filter(any)
alone = distributions.map(lambda weights: (weights,))
classes = st.integers(1, 255).map(lambda mask: tuple(h for i, h in enumerate(PREDICTORS) if mask >> i & 1))


@st.composite
def worlds(draw):
    weights = draw(distributions)
    support = [pair for pair, w in zip(PAIRS, weights, strict=True) if w]
    return World(weights, draw(classes), tuple(draw(st.lists(st.sampled_from(support), min_size=1, max_size=5))))


def split(world, choose=World.minimiser, bayes=lambda world: world.best(PREDICTORS)):
    """The excess risk as the sum of the two errors, none of them negative."""
    h, h_class, h_all = choose(world), world.best(world.H), bayes(world)
    approximation = world.risk(h_class) - world.risk(h_all)
    estimation = world.risk(h) - world.risk(h_class)
    return {
        "sum": equal(world.risk(h) - world.risk(h_all), approximation + estimation),
        "approximation": at_most(0, approximation),
        "estimation": at_most(0, estimation),
    }


def outside(world):
    """The best predictor, where it is not in the class."""
    world = world._replace(H=(PREDICTORS[0],))
    return split(world, choose=lambda world: world.best(PREDICTORS))


ERM_02 = Claim(
    id="ERM-02",
    title="True error = approximation error + estimation error",
    source="dissertation, eq. 2.5",
    statement="How much a trained predictor is worse than the best of all is what its class costs, plus what choosing"
    " from the class by a sample costs. Both are at least 0.",
    formula=r"L_{\mathcal D}(h) - L_{\mathcal D}(h^*) = [L_{\mathcal D}(h^*_{\mathbb H}) - L_{\mathcal D}(h^*)]"
    r" + [L_{\mathcal D}(h) - L_{\mathcal D}(h^*_{\mathbb H})]",
    kind="exact",
    verdict="holds",
    checks=[Check("sum and signs", split, worlds(), examples=300)],
    controls=[
        Check("a predictor that is not in the class", outside, worlds(), examples=20),
        Check(
            "a constant for the best of all", lambda w: split(w, bayes=lambda w: PREDICTORS[0]), worlds(), examples=20
        ),
    ],
)

# --- ERM-03: an infinite sample


def listed(weights):
    """Every pair as often as the distribution has it."""
    return tuple(pair for pair, w in zip(PAIRS, weights, strict=True) for _ in range(w))


def without_last(weights):
    """All but the last pair of the support, unless it is the only one."""
    T = listed(weights)
    return tuple(pair for pair in T if pair != T[-1]) or T


def exact_sample(weights, sample=listed):
    """In each of the 255 classes, every minimiser of the risk on the sample has the least true risk."""
    true, found = World(weights, (), ()).risk, [risk(h, sample(weights)) for h in PREDICTORS]
    true_risks, worst = [true(h) for h in PREDICTORS], F(0)
    for mask in range(1, 256):
        members = [i for i in range(8) if mask >> i & 1]
        least = min(found[i] for i in members)
        chosen = max(true_risks[i] for i in members if found[i] == least)
        worst = max(worst, chosen - min(true_risks[i] for i in members))
    return equal(worst, F(0))


def shadow(m, N):
    """N inputs, equally likely, all of label 1; the memoriser of m of them, 0 elsewhere. Its two risks."""
    answers = [1] * m + [0] * (N - m)
    return F(answers[:m].count(0), m), F(answers.count(0), N)


def memoriser_learns(m, share=10):
    """The estimation error of the memoriser, among all predictors of share * m inputs, is 0: the best one's risk is."""
    return equal(shadow(m, share * m)[1], F(0))


SIZES = lambda budget: [1, 10, 100, 1000]

ERM_03 = Claim(
    id="ERM-03",
    title="Estimation error vanishes for an infinite sample",
    source="dissertation, section 2.1",
    statement="The estimation error becomes 0 for an infinite training set with the distribution of the data.",
    formula=r"|\mathbb T| \to \infty \Rightarrow L_{\mathcal D}(h_{\mathbb T}) \to L_{\mathcal D}(h^*_{\mathbb H})",
    kind="enumeration",
    verdict="corrected",
    finding="If the relative frequencies in the training set are the probabilities, no minimiser of its risk has an"
    " estimation error. An infinite independent sample alone does not suffice for every class: a predictor that"
    " memorises m of N inputs and errs elsewhere has the empirical risk 0, the true risk 1 - m/N and, among all"
    " predictors, the same estimation error, however large m is at a fixed m/N; for a continuous input, m/N is 0.",
    corrected=r"\mathbb T \sim \mathcal D \text{ exactly} \Rightarrow L_{\mathcal D}(h_{\mathbb T}) ="
    r" L_{\mathcal D}(h^*_{\mathbb H})",
    checks=[
        Check("all minimisers in all classes", exact_sample, alone, examples=150),
        Check("risks of the memoriser", lambda m: equal(shadow(m, 7 * m + 1), (F(0), 1 - F(m, 7 * m + 1))), SIZES),
    ],
    controls=[
        Check("a sample that lacks a pair", lambda w: exact_sample(w, without_last), alone, examples=20),
        Check("the memoriser of a tenth of the inputs", memoriser_learns, SIZES),
    ],
    counterexamples=[Check("a large sample from the distribution", lambda: memoriser_learns(1000, share=1000))],
)

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
    finding='With the natural logarithm the unit is nats; the "number of bits" takes the base 2, a factor log 2.',
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
    def tiny(self):
        return tb.tiny.Quadratics([((q,),) for q in self.q], [(m,) for m in self.m], self.o)

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
    tiny, x = law.tiny, (law.x,)
    centre, variance = moments((tiny.value(x, (i,)), p) for (i,), p in law.paths(1))
    found = moments((tiny.value(x, members(path)), p) for path, p in law.paths(B))
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
    exact = moments((law.tiny.value((law.x,), path), p) for path, p in paths)
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
    return moves(tb.tiny.sgd, law.tiny, (law.x,), [path], rate=F(1, 2))[0].x


def fixed(law, path):
    return (law.x,)


def bias(law, n, fit=fitted, first=-1, second=1):
    """The mean loss on the training data and the true one: (1 + first / n) and (1 + second / n) times sigma^2."""
    law = squares(law)
    tiny, population = law.tiny, law.paths(1)
    trained = sum(p * tiny.value(fit(law, path), path) for path, p in law.paths(n))
    true = lambda x: sum(p * tiny.value(x, one) for one, p in population)
    variance = moments((law.m[i], p) for (i,), p in population)[1]
    return {
        "on the training data": equal(trained, (1 + F(first, n)) * variance),
        "true": equal(sum(p * true(fit(law, path)) for path, p in law.paths(n)), (1 + F(second, n)) * variance),
    }


def unbiased(law, n, fit=fixed):
    law = squares(law)
    tiny, population = law.tiny, law.paths(1)
    trained = sum(p * tiny.value(fit(law, path), path) for path, p in law.paths(n))
    true = lambda x: sum(p * tiny.value(x, one) for one, p in population)
    return equal(trained, sum(p * true(fit(law, path)) for path, p in law.paths(n)))


def fitted_arrays(law, n):
    """SGD on arrays fits each of all samples, one per lane; 16 roundings of numbers up to M and their squares."""
    law = squares(law)
    index = np.array([path for path, _ in law.paths(n)])
    found = walk(
        law.arrays,
        on_rule(closed.Fixed(0.5)),
        [float(law.x)],
        sampler=lambda t, j: index,
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

CLAIMS = (ERM_01, ERM_02, ERM_03, ERM_04, ERM_05, ERM_06)
