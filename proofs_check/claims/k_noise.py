"""Section K, first half: what a mini-batch gradient misses, its mean and covariance (dissertation, section 2.10)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations, pairwise, product
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ..cases import EPS, add, batches, dot, mean, populations, scale, seeds, vectors
from ..claim import ERRORS, Check, Claim, Contrast, above, below, close, equal, only, sigmas
from ..ours import Quadratics

# --- populations of gradients, and their batches

POPULATIONS = st.tuples(populations())  # a case is the tuple of its margin's arguments


@st.composite
def many_populations(draw):
    """The same by seed, which costs less, as floats (D, n)."""
    D, n, rng = draw(st.integers(2, 7)), draw(st.integers(1, 3)), np.random.default_rng(draw(seeds))
    return rng.integers(-9, 10, (D, n)) / rng.integers(1, 5, (D, n))


subsets = batches  # of B distinct samples, all equally likely


def tuples(D, B):
    """Batches drawn with replacement, all equally likely."""
    return product(range(D), repeat=B)


def exactly(g):
    """L_i(x) = |x + g_i|^2 / 2 on exact numbers: sample i has the gradient g_i at 0."""
    n = len(g[0])
    eye = tuple(tuple(F(i == j) for j in range(n)) for i in range(n))
    return Quadratics([eye] * len(g), [scale(-1, v) for v in g])


def gradients(g, drawn):
    """The gradients at 0 of batches, on exact numbers."""
    problem, origin = exactly(g), (F(0),) * len(g[0])
    return [problem.gradient(origin, batch) for batch in drawn]


def errors(g, drawn):
    """alpha = g_B - g of eq. 2.53."""
    centre = mean(g)
    return [add(v, -1, centre) for v in gradients(g, drawn)]


def outer(u, v):
    return tuple(tuple(a * b for b in v) for a in u)


def scaled(s, M):
    return tuple(scale(s, row) for row in M)


def covariance(g, divisor):
    """K for the divisor D, S for D - 1."""
    away = [add(v, -1, mean(g)) for v in g]
    return scaled(F(len(g), divisor), mean([outer(v, v) for v in away]))


def S(g):
    return covariance(g, len(g) - 1)


def K(g):
    return covariance(g, len(g))


def trace(M):
    return sum(M[i][i] for i in range(len(M)))


def apart(D, B):
    """1/B - 1/D."""
    return F(1, B) - F(1, D)


# --- our samplers: many seeds, one batch each


class Drawn(NamedTuple):
    """Batches of one step, drawn by a sampler of ours for ``many`` seeds from D samples with skewed gradients."""

    how: str
    D: int
    B: int
    many: int
    seed: int

    @property
    def g(self):
        return np.random.default_rng(self.seed).standard_exponential((self.D, 2)) * [1.0, 3.0]

    def errors(self, t=0, j=0):
        """alpha of every seed (many, 2), by our problem on arrays."""
        problem = tb.problems.NoisyQuadratic(np.eye(2), -self.g)
        lanes = self.seed * self.many + np.arange(self.many)
        index = problem.draw(lanes, t, j, self.B, self.how)
        return problem.at(np.zeros((self.many, 2)), index).gradient - self.g.mean(axis=0)

    @property
    def S(self):
        return np.cov(self.g.T)

    @property
    def K(self):
        return self.S * (self.D - 1) / self.D


def samplings(*cases, few=20_000):
    """Cases (how, D, B). The rows of distinct samples are made in two ways: 4 B <= D, and larger batches."""
    return lambda budget: [Drawn(*case, budget.many(few, 25 * few), budget.seed) for case in cases]


SMALL, LARGE = (8, 2), (5, 4)  # (D, B): a row without its repetitions, the head of a permutation


def in_the_mean(found, expected, limit=ERRORS):
    """The mean over seeds of numbers (many, ...) against an exact expectation, in standard errors."""
    return sigmas(found.mean(axis=0), expected, found.std(axis=0) / np.sqrt(len(found)), limit)


def squares(alpha, beta=None):
    """alpha beta' of every seed."""
    beta = alpha if beta is None else beta
    return alpha[:, :, None] * beta[:, None, :]


# --- NOISE-01: the error has mean 0


def third_line(g, B, divisor, batches_of=subsets):
    """Of eq. 2.56: the mean of g_B minus the sum of all gradients over the divisor."""
    return add(mean(gradients(g, batches_of(len(g), B))), -F(len(g), divisor), mean(g))


def zero_mean(g, batches_of=subsets, largest=7):
    """It is 0 for the divisor D, for every size of batch."""
    D = len(g)
    return {B: equal(third_line(g, B, D, batches_of), (F(0),) * len(g[0])) for B in range(1, min(D, largest) + 1)}


def printed_line(g, B):
    """Of its only coordinate."""
    return Contrast(third_line(g, B, divisor=B)[0], third_line(g, B, divisor=len(g))[0])


FOUR = ((F(1),), (F(2),), (F(3),), (F(6),))  # D = 4 gradients
TEN = tuple((F(i), F(i * i, 3)) for i in range(1, 11))  # D = 10 gradients


def literal_line():
    """The third line of 2.56 as printed, D = 10 and B = 2: (1 - D/B) g = -4 g."""
    return equal(third_line(TEN, 2, divisor=2), scale(-4, mean(TEN)))


NOISE_01 = Claim(
    id="NOISE-01",
    title="The error of a mini-batch gradient has mean zero",
    source="dissertation, eqs. 2.53 to 2.56",
    statement="The mini-batch gradient minus the full gradient is zero in the mean; the derivation passes through the"
    " full gradient times one minus |D|/|B|.",
    formula=r"\mathbf{E}[\alpha] = \frac{|\mathbb{B}|}{|\mathbb{B}|}\nabla\mathcal{L} -"
    r" \frac{|\mathbb{D}|}{|\mathbb{B}|}\nabla\mathcal{L} = 0",
    kind="enumeration",
    verdict="corrected",
    finding="The mean is zero, with and without replacement; the second fraction of the third line must be |D|/|D|. As"
    " printed the line is (1 - D/B) times the gradient: for D = 10 and B = 2 minus four times the gradient.",
    corrected=r"\mathbf{E}[\alpha] = \frac{|\mathbb{B}|}{|\mathbb{B}|}\nabla\mathcal{L} -"
    r" \frac{|\mathbb{D}|}{|\mathbb{D}|}\nabla\mathcal{L} = 0",
    checks=[
        Check("without replacement, every batch of every size", zero_mean, POPULATIONS, examples=60),
        Check(
            "with replacement",
            lambda g: zero_mean(g, tuples, 3),
            st.tuples(populations(st.integers(2, 5))),
            examples=60,
        ),
        Check("the printed line for D = 10, B = 2", literal_line),
        Check(
            "our samplers",
            lambda drawn: in_the_mean(drawn.errors(), 0),
            samplings(*[(how, *size) for how in ("fresh", "epochs", "replacement") for size in (SMALL, LARGE)]),
        ),
    ],
    controls=[
        Check(
            "batches that always hold the first sample",
            lambda g: zero_mean(g, lambda D, B: (b for b in combinations(range(D), B) if 0 in b)),
            only(TEN[:4]),
        ),
    ],
    counterexamples=[
        Check("third line of 2.56, with the gradients g of all samples", printed_line, only(FOUR, 2)),
    ],
)

# --- NOISE-02 and NOISE-03: the covariance of the error


def covariance_of_errors(g, expected, batches_of=subsets, largest=7):
    """E alpha alpha' against ``expected(g, B)``, for every size of batch."""
    found = {}
    for B in range(1, min(len(g), largest) + 1):
        alpha = errors(g, batches_of(len(g), B))
        found[B] = equal(mean([outer(v, v) for v in alpha]), expected(g, B))
    return found


def without(g, B):
    return scaled(apart(len(g), B), S(g))


def printed_with_K(g, B):
    """Eq. 2.60 where K is the covariance of a gradient drawn from the data, divisor D."""
    return scaled(F(1, len(g)) * (F(len(g), B) - 1), K(g))


def printed_variance(g, B):
    """Of one coordinate: by 2.60, and over all batches."""
    return Contrast(printed_with_K(g, B)[0][0], mean([v[0] ** 2 for v in errors(g, subsets(len(g), B))]))


def three_forms(g):
    """(1/B - 1/D) S, (1/D)(D/B - 1) S and (D - B) / (B (D - 1)) K are one matrix, D / (D - 1) times the printed one."""
    D, found = len(g), {}
    for B in range(1, D + 1):
        wanted = without(g, B)
        found[f"with S, B = {B}"] = equal(scaled(F(1, D) * (F(D, B) - 1), S(g)), wanted)
        found[f"with K, B = {B}"] = equal(scaled(F(D - B, B * (D - 1)), K(g)), wanted)
        found[f"off by, B = {B}"] = equal(scaled(F(D, D - 1), printed_with_K(g, B)), wanted)
    return found


def drawn_without(drawn):
    return in_the_mean(squares(drawn.errors()), (1 / drawn.B - 1 / drawn.D) * drawn.S)


def drawn_with(drawn):
    return in_the_mean(squares(drawn.errors()), drawn.K / drawn.B)


def one_step_risk(g, sampler, factor):
    """Our exact risk after one SGD step of rate 1 from the minimiser is that of the full loss plus tr(C) / 2.

    Rounding: sums of D n products twice, an eigenvalue problem of an identity: 10 (D n + 10) dependent operations.
    """
    from toybox.problems import quadratic

    D, n = len(g), len(g[0])
    problem = tb.problems.NoisyQuadratic(np.eye(n), -np.array(g, float))
    found = {}
    for B in range(1, D + 1):
        risk = quadratic.expected_risk(problem, 1.0, B, 1, problem.solution, sampler)
        wanted, size = float(factor(g, B)) / 2, float(dot_all(g))
        tolerance = 10 * (D * n + 10) * EPS * size
        found[B] = close(risk[1] - risk[0], wanted, tolerance)
    return found


def dot_all(g):
    return sum(dot(v, v) for v in g)


NOISE_02 = Claim(
    id="NOISE-02",
    title="Covariance of the error, sampling without replacement",
    source="dissertation, eqs. 2.57 to 2.60; A Walk with SGD, section 3",
    statement="The error of a batch of |B| of the |D| samples has the covariance K (|D|/|B| - 1) / |D|, K being the"
    " covariance matrix of a sample's gradient.",
    formula=r"\mathbf{E}[\alpha\alpha^\top] = \frac{1}{|\mathbb{D}|}"
    r"\left(\frac{|\mathbb{D}|}{|\mathbb{B}|} - 1\right)\mathbf{K}",
    kind="enumeration",
    verdict="corrected",
    finding="For batches of distinct samples the matrix is S, with divisor |D| - 1. With the covariance K of one"
    " sample drawn from the data, divisor |D|, the printed right-hand side is too small by (|D| - 1) / |D|, for every"
    " batch smaller than the data.",
    corrected=r"\mathbf{E}[\alpha\alpha^\top] = \left(\frac1B - \frac1D\right)\mathbf{S} ="
    r" \frac{D - B}{B\,(D - 1)}\,\mathbf{K}",
    checks=[
        Check("every batch of every size", lambda g: covariance_of_errors(g, without), POPULATIONS, examples=60),
        Check("the three forms", three_forms, POPULATIONS, examples=60),
        Check("our sampler of distinct samples", drawn_without, samplings(("fresh", *SMALL), ("fresh", *LARGE))),
        Check("batches of our epochs, one at a time", drawn_without, samplings(("epochs", *SMALL), ("epochs", *LARGE))),
        Check(
            "our exact risk",
            lambda g: one_step_risk(g, "fresh", lambda g, B: trace(without(g, B))),
            POPULATIONS,
            examples=60,
        ),
    ],
    controls=[
        Check("our sampler with replacement", drawn_without, samplings(("replacement", *SMALL))),
        Check(
            "batches with replacement",
            lambda g: covariance_of_errors(g, without, tuples, 3),
            only(TEN[:4]),
        ),
    ],
    counterexamples=[
        Check("variance of the error, with the gradients g of all samples", printed_variance, only(FOUR, 2)),
    ],
)


NOISE_03 = Claim(
    id="NOISE-03",
    title="Covariance of the error, sampling with replacement",
    source="dissertation, eqs. 2.57 to 2.60",
    statement="Batches drawn with replacement have errors of covariance K / B, whatever the size of the data set, also"
    " for B = D: eq. 2.60, which is then zero, does not hold for them.",
    formula=r"\mathbf{E}[\alpha\alpha^\top] = \frac1B\,\mathbf{K}",
    kind="enumeration",
    verdict="holds",
    checks=[
        Check(
            "all tuples",
            lambda g: covariance_of_errors(g, lambda g, B: scaled(F(1, B), K(g)), tuples, 4),
            st.tuples(populations(st.integers(2, 5), st.integers(1, 2))),
            examples=25,
        ),
        Check(
            "our sampler, also for B = D",
            drawn_with,
            samplings(("replacement", *SMALL), ("replacement", *LARGE), ("replacement", 4, 4)),
        ),
        Check(
            "our exact risk",
            lambda g: one_step_risk(g, "replacement", lambda g, B: trace(K(g)) / B),
            POPULATIONS,
            examples=60,
        ),
    ],
    controls=[
        Check(
            "eq. 2.60",
            lambda g: covariance_of_errors(g, printed_with_K, tuples, 4),
            only(TEN[:4]),
        ),
        Check("distinct samples", drawn_with, samplings(("fresh", *SMALL))),
    ],
)

# --- NOISE-04: data that are drawn themselves


class Law(NamedTuple):
    """A sample's gradient is one of three vectors, with these weights."""

    values: tuple
    weights: tuple

    @property
    def K(self):
        centre = self.expect(self.data(1), lambda data: data[0])
        return self.expect(self.data(1), lambda data: outer(add(data[0], -1, centre), add(data[0], -1, centre)))

    def data(self, D):
        """All data sets of D independent samples and their probabilities."""
        for chosen in product(range(3), repeat=D):
            weight = F(1)
            for i in chosen:
                weight *= self.weights[i]
            yield tuple(self.values[i] for i in chosen), weight

    def expect(self, cases, f):
        return total([weighted(p, f(data)) for data, p in cases])


def weighted(p, value):
    return tuple(weighted(p, v) for v in value) if isinstance(value, tuple) else p * value


def total(values):
    return tuple(map(total, zip(*values, strict=True))) if isinstance(values[0], tuple) else sum(values)


@st.composite
def laws(draw):
    n, weights = draw(st.integers(1, 2)), draw(st.tuples(*[st.integers(1, 5)] * 3))
    return Law(draw(st.tuples(*[vectors(n)] * 3)), tuple(F(w, sum(weights)) for w in weights))


def inside(law, D, B):
    """E alpha alpha' over all data sets and their batches."""
    return law.expect(law.data(D), lambda g: mean([outer(v, v) for v in errors(g, subsets(D, B))]))


def outside(law, D, B):
    """The same for a batch that is not of the data set: a row of B + D independent samples."""

    def square(row):
        alpha = add(gradients(row, [range(B)])[0], -1, mean(row[B:]))
        return outer(alpha, alpha)

    return law.expect(law.data(B + D), square)


def superpopulation(law, D, second=inside, sign=-1):
    """E alpha alpha' = (1/B + sign/D) K."""
    return {B: equal(second(law, D, B), scaled(F(1, B) + F(sign, D), law.K)) for B in range(1, D + 1)}


NOISE_04 = Claim(
    id="NOISE-04",
    title="The printed derivation is about data drawn from a distribution",
    source="dissertation, eqs. 2.57 to 2.60",
    statement="Where the data set itself consists of independent draws and the batch is a part of it, the mean over"
    " both gives 2.60 with the covariance of the distribution; the gradients need not be normal.",
    formula=r"\mathbf{E}[\alpha\alpha^\top] = \left(\frac1B - \frac1D\right)\mathbf{K}_{\mathrm{pop}}",
    kind="enumeration",
    verdict="holds",
    finding="Normality is not needed: three-point laws satisfy it exactly.",
    checks=[
        Check("all data sets and batches", superpopulation, st.tuples(laws(), st.integers(2, 4)), examples=12),
        Check(
            "a batch outside of the data set has 1/B + 1/D",
            lambda law: superpopulation(law, 2, outside, 1),
            laws(),
            examples=12,
        ),
    ],
    controls=[
        Check("a batch outside of the data set", lambda law: superpopulation(law, 2, outside), laws(), examples=20)
    ],
)

# --- NOISE-05: the second moment of the norm


def square_norms(g, batches_of=subsets, largest=7):
    """E |g_B|^2 by the size of the batch."""
    sizes = range(1, min(len(g), largest) + 1)
    return [mean([dot(v, v) for v in gradients(g, batches_of(len(g), B))]) for B in sizes]


def predicted(g, replace=False):
    """|g|^2 + (1/B - 1/D) tr S, or + tr K / B with replacement, for B = 1 .. D."""
    D, centre = len(g), mean(g)
    noise = [trace(K(g)) / B if replace else apart(D, B) * trace(S(g)) for B in range(1, D + 1)]
    return [dot(centre, centre) + v for v in noise]


def strictly_falling(g):
    found = square_norms(g)
    alike = all(v == g[0] for v in g)
    compare = equal if alike else above
    return min(compare(a, b) for a, b in pairwise(found))


def drawn_square_norm(drawn, replace=False):
    centre = drawn.g.mean(axis=0)
    noise = np.trace(drawn.K) / drawn.B if replace else (1 / drawn.B - 1 / drawn.D) * np.trace(drawn.S)
    return in_the_mean(((drawn.errors() + centre) ** 2).sum(-1), centre @ centre + noise)


NOISE_05 = Claim(
    id="NOISE-05",
    title="Second moment of the norm of a mini-batch gradient",
    source="dissertation, section 5.6 with eq. 2.60",
    statement="The mean squared norm exceeds that of the full gradient by (1/B - 1/D) times the trace of S, and falls"
    " strictly as the batch grows unless all samples have one gradient.",
    formula=r"\mathbf{E}\|g_{\mathbb{B}}\|^2 = \|g\|^2 + \left(\frac1B - \frac1D\right)\mathrm{tr}\,\mathbf{S}",
    kind="enumeration",
    verdict="holds",
    checks=[
        Check("every batch", lambda g: equal(square_norms(g), predicted(g)), POPULATIONS, examples=60),
        Check("strictly falling", strictly_falling, POPULATIONS, examples=60),
        Check("all gradients alike", strictly_falling, only((TEN[3],) * 5)),
        Check(
            "with replacement tr K / B remains",
            lambda g: equal(square_norms(g, tuples, 3), predicted(g, replace=True)[:3]),
            st.tuples(populations(st.integers(2, 5))),
            examples=60,
        ),
        Check("our sampler of distinct samples", drawn_square_norm, samplings(("fresh", *SMALL), ("fresh", *LARGE))),
        Check(
            "our sampler with replacement",
            lambda drawn: drawn_square_norm(drawn, replace=True),
            samplings(("replacement", *SMALL), ("replacement", *LARGE)),
        ),
    ],
    controls=[
        Check(
            "with replacement",
            lambda g: equal(square_norms(g, tuples, 3), predicted(g)[:3]),
            only(TEN[:4]),
        ),
        Check("our sampler with replacement", drawn_square_norm, samplings(("replacement", *LARGE))),
    ],
)

# --- NOISE-06: the norm itself


def norms_fall(g, each=False):
    """E |g_B| does not rise with B; ``each``: neither does the norm of any batch that gets one more sample.

    Norms by our problem on arrays. A mean of B <= D gradients, n squares and a mean over the batches: D + n + batches
    dependent operations on numbers of at most the largest norm.
    """
    (D, n), found = g.shape, {}
    problem = tb.problems.NoisyQuadratic(np.eye(n), -g)
    norm = lambda index: np.linalg.norm(problem.at(np.zeros((len(index), n)), index).gradient, axis=-1)
    for B in range(1, D):
        larger = np.array(list(subsets(D, B + 1)))
        one_less = np.array([np.delete(larger, k, axis=1) for k in range(B + 1)])  # (B + 1, batches, B)
        before = norm(one_less.reshape(-1, B)).reshape(B + 1, -1)
        smaller = before if each else norm(np.array(list(subsets(D, B)))).mean()
        after = norm(larger) if each else norm(larger).mean()
        tolerance = 10 * (D + n + len(larger)) * EPS * np.linalg.norm(g, axis=1).max() + 5e-324
        found[B] = below(after, smaller, tolerance)
    return found


def leave_one_out(g):
    """The reason: g_B' is the mean of the gradients of its batches with one sample less; norms are convex."""
    D, found = len(g), {}
    for B in range(2, D + 1):
        for batch in subsets(D, B):
            less = gradients(g, combinations(batch, B - 1))
            found[batch] = equal(gradients(g, [batch])[0], mean(less))
    return found


NOISE_06 = Claim(
    id="NOISE-06",
    title="The norm of a mini-batch gradient falls with the batch size",
    source="dissertation, section 5.6",
    statement="The mean norm of the gradient of a batch of distinct samples does not rise with the size of the batch.",
    formula=r"\mathbf{E}\|g_{\mathbb{B}'}\| \le \mathbf{E}\|g_{\mathbb{B}}\|, \quad |\mathbb{B}'| = |\mathbb{B}| + 1",
    kind="enumeration",
    verdict="holds",
    checks=[
        Check("every batch", norms_fall, many_populations()),
        Check("a batch is the mean of those with one sample less", leave_one_out, POPULATIONS, examples=20),
    ],
    controls=[
        Check("a batch that grows by one sample", lambda g: norms_fall(g, each=True), many_populations(), examples=20)
    ],
)

CLAIMS = (NOISE_01, NOISE_02, NOISE_03, NOISE_04, NOISE_05, NOISE_06)
