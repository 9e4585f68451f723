"""Section A: risks, and what a predictor that was chosen by a sample misses (dissertation, eqs. 2.1 to 2.5)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ..claim import Check, Claim, Contrast, above, at_most, equal, only

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
        Check("least risk on the pairs T of input and label",
              lambda T: Contrast(0, min(risk(h, T) for h in PREDICTORS)), only(((0, 0), (0, 1)))),
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
    counterexamples=[
        Check("estimation error of the memoriser", lambda m, N: Contrast(0, shadow(m, N)[1]), only(1000, 10**6)),
    ],
)


CLAIMS = (ERM_01, ERM_02, ERM_03)
