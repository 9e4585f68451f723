"""Section A, continued: gradients of losses and of batches, and the Hessian (dissertation, sections 2.2 and 2.4)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods, sampling

from ..cases import EPS, Smooth, batches, mean, populations, powers, seeds, smooth_functions, tol_dot
from ..claim import ERRORS, Check, Claim, Contrast, above, at_most, below, close, equal, only, sigmas
from ..ours import Quadratics, moves, on_rule, walk

# --- ERM-07: the gradient of a batch


def parabolas_of(gradients):
    """Parabolas 1/2 |x + g_i|^2, which have these gradients at 0."""
    n = len(gradients[0])
    eye = tuple(tuple(F(i == j) for j in range(n)) for i in range(n))
    return Quadratics([eye] * len(gradients), [tuple(-v for v in g) for g in gradients])


def every_batch(problem, B):
    """Without replacement; with it, where they are not too many."""
    D = len(problem.m)
    yield batches(D, B)
    if D**B <= 256:
        yield product(range(D), repeat=B)


def arrays_agree(gradients, B):
    """The batches without replacement as lanes: of each, B numbers of size at most M are added."""
    D, n = len(gradients), len(gradients[0])
    G, index = np.array(gradients, float), np.array(list(batches(D, min(B, D))))
    plain, problem = parabolas_of(gradients), tb.problems.NoisyQuadratic(np.eye(n), -G)
    found = problem.at(np.zeros((len(index), n)), index).gradient
    exact = [plain.gradient((F(0),) * n, tuple(batch)) for batch in index.tolist()]
    return close(found, np.array(exact, float), (B + 2) * EPS * np.abs(G).max() + 5e-324)


def largest_losses(problem, B):
    zero = (F(0),) * len(problem.m[0])
    yield [tuple(sorted(range(len(problem.m)), key=lambda i: -problem.value(zero, (i,)))[:B])]


def averaged(gradients, B, schemes=every_batch):
    """The mean of the gradients of all batches is that of all samples, for each scheme."""
    problem, B = parabolas_of(gradients), min(B, len(gradients))
    zero = (F(0),) * len(gradients[0])
    return {
        str(number): equal(mean(problem.gradient(zero, batch) for batch in scheme), mean(gradients))
        for number, scheme in enumerate(schemes(problem, B))
    }


def spread(G, B, how):
    """Standard deviations of the gradient of a batch: K / B, or S (1 / B - 1 / D) without replacement."""
    D = len(G)
    return G.std(axis=0) * np.sqrt(1 / B if how == "replacement" else (D - B) / (B * (D - 1)))


def our_batches(seed, how, limit=ERRORS, biased=False):
    """Our batches: the mean gradient over many seeds; of biased ones, of those above a third of the losses."""
    G, B = np.random.default_rng(seed).standard_normal((9, 2)), 3
    problem, many = tb.problems.NoisyQuadratic(np.eye(2), -G), np.arange(20_000)
    index = sampling.draw(how, many, 0, 0, B, len(G))
    if biased:
        losses = problem.at(np.zeros((len(many), 2)), index).value
        index = index[losses > np.quantile(losses, 1 / 3)]
    found = problem.at(np.zeros((len(index), 2)), index).gradient.mean(axis=0)
    return sigmas(found, G.mean(axis=0), spread(G, B, how) / np.sqrt(len(index)), limit)


def our_epoch(seed, batch, steps):
    """The batches of an epoch that they fill share out the samples: their mean gradient is exactly the full one."""
    D = batch * steps
    index = np.concatenate([sampling.draw("epochs", np.array([seed]), t, 0, batch, D)[0] for t in range(steps)])
    return equal(sorted(index.tolist()), list(range(D)))


HOW = lambda budget: [(seed, how) for seed in range(budget.many(2, 20)) for how in sampling.SAMPLERS]
POPULATIONS = st.tuples(populations(), st.integers(1, 7))

ERM_07 = Claim(
    id="ERM-07",
    title="Mini-batch gradient is an unbiased gradient estimate",
    source="dissertation, section 2.4",
    statement="The gradient of a random batch has the gradient of the full loss as its mean.",
    formula=r"E\, g_{\mathbb B} = \nabla \mathcal L",
    kind="enumeration",
    verdict="holds",
    checks=[
        Check("all batches, with and without replacement", averaged, POPULATIONS, examples=100),
        Check("gradients of these batches on arrays", arrays_agree, POPULATIONS, examples=50),
        Check("an epoch of ours", our_epoch, st.tuples(seeds, st.integers(1, 5), st.integers(1, 5)), examples=60),
        Check("our samplers", our_batches, HOW),
    ],
    controls=[
        Check("the sample of the largest loss", lambda g: averaged(g, 1, largest_losses), st.tuples(populations())),
        Check("batches of large losses among ours", lambda seed, how: our_batches(seed, how, 10, True), HOW),
    ],
)

# --- ERM-08: the memory that a Hessian takes

MB, GB = 10**6, 10**9


def hessian(width=4, gradient=150 * MB):
    """Bytes of all second derivatives of n = gradient / width parameters, and of half of them."""
    n = F(gradient, width)
    return n * n * width, n * (n + 1) / 2 * width


def memory():
    dense, half = hessian()
    return {
        "parameters": equal(F(150 * MB, 4), 37_500_000),
        "5.6 PB": F(1, 20) - abs(dense / 10**15 - F(28, 5)),
        "2.8 PB by symmetry": F(1, 20) - abs(half / 10**15 - F(14, 5)),
        "what was squared are megabytes": equal(F(150) ** 2 * MB, F(225, 10) * GB),
        "factor": equal(dense / (F(225, 10) * GB), 250_000),
    }


def on_a_device(width):
    """Numbers of one byte or of eight: more than 1000 devices of 100 GB hold."""
    return at_most(1000 * 100 * GB, hessian(width)[1])


ERM_08 = Claim(
    id="ERM-08",
    title="Memory of the Hessian",
    source="dissertation, section 2.4",
    statement="Where the gradient takes 150 MB, the Hessian takes 22.5 GB: too much for a GPU.",
    formula=r"150\,\mathrm{MB} \Rightarrow 22.5\,\mathrm{GB}",
    kind="exact",
    verdict="refuted",
    finding="Megabytes were squared. With 4 bytes per number there are 37.5 million parameters, and the Hessian takes"
    " 5.6 PB, or 2.8 PB if its symmetry is used: 250000 times as much. That it does not fit is all the more true.",
    corrected=r"4 n^2 = 4\,(3.75 \cdot 10^7)^2 = 5.6 \cdot 10^{15}",
    checks=[
        Check("bytes", memory),
        Check("numbers of other widths", on_a_device, lambda budget: [1, 2, 4, 8]),
    ],
    counterexamples=[
        Check(
            "bytes of the Hessian, from those of the gradient",
            lambda gradient: Contrast(F(225, 10) * GB, hessian(gradient=gradient)[0]),
            only(150 * MB),
        ),
    ],
)

# --- ERM-09: steepest descent


class Directions(NamedTuple):
    """A gradient and a unit direction."""

    g: np.ndarray
    d: np.ndarray


@st.composite
def pairs(draw):
    """Also directions that nearly descend most steeply."""
    n, rng, away = draw(st.integers(1, 20)), np.random.default_rng(draw(seeds)), draw(powers(-9, 3))
    g = draw(powers(-3, 3)) * rng.standard_normal(n)
    d = away * rng.standard_normal(n) - g / np.linalg.norm(g)
    return Directions(g, d / np.linalg.norm(d))


def steepest(case, ball=lambda d: d):
    """g'd >= -|g|, by the distance from the steepest direction: g'd + |g| = |g| |d + g / |g||^2 / 2.

    d, g / |g| and the inner product err by (n + 2) eps each.
    """
    g, d = case.g, ball(case.d)
    size, tol = np.linalg.norm(g), (len(g) + 2) * EPS * np.linalg.norm(g)
    return {
        "bound": below(-size, g @ d, tol),
        "attained": close(g @ -(g / size), -size, tol),
        "nowhere else": close(g @ d + size, size * np.sum((d + g / size) ** 2) / 2, 4 * tol),
    }


def largest(case):
    """In the cube, the steepest direction is minus the sign, of slope -|g|_1."""
    g, d = case.g, case.d / np.abs(case.d).max()
    return {
        "cube": below(-np.abs(g).sum(), g @ d, tol_dot(g, np.ones_like(g))),
        "corner": close(g @ -np.sign(g), -np.abs(g).sum(), tol_dot(g, np.ones_like(g))),
    }


def corner(case):
    """The steepest direction in the cube as the one in the ball."""
    assume(len(case.g) > 1)
    return {"bound": steepest(case, lambda d: -np.sign(case.g))["bound"]}


class Two(NamedTuple):
    """Two samples, each of which is a batch, and six places (6, n); batch 0 is seen at the first three."""

    parts: tuple[Smooth, Smooth]
    x: np.ndarray

    def full(self, x):
        return (self.parts[0].f(x) + self.parts[1].f(x)) / 2

    @property
    def index(self):
        return np.array([0, 0, 0, 1, 1, 1])[:, None]

    @property
    def problem(self):
        def both(theta, index):
            lanes = zip(theta, np.broadcast_to(index, (len(theta), np.shape(index)[-1])), strict=True)
            seen = [[(self.parts[i].f(x), self.parts[i].gradient(x)) for i in row] for x, row in lanes]
            values, gradients = ([[both[k] for both in row] for row in seen] for k in (0, 1))
            return np.mean(values, axis=1), np.mean(gradients, axis=1)

        return tb.problems.FromFunction(both, self.x.shape[-1], 2)


@st.composite
def twos(draw):
    n = st.just(draw(st.integers(1, 6)))
    parts = draw(smooth_functions(n)), draw(smooth_functions(n))
    return Two(parts, np.outer([1, -0.5, 0.25] * 2, parts[0].x))


def batch_steps(two, claimed=lambda g, batch: np.sum(batch * g, axis=-1)):
    """Steps of length 1e-6 along minus a batch gradient change the full loss as the inner product says.

    Taylor: by at most L h^2 / 2 more. The value of x'Hx and three cosines of at most 8 terms each loses 24 eps, and an
    argument a'x of a cosine 8 eps |a| |x|. Places with too small an inner product for that are left out.
    """
    h, a = 1e-6, np.abs(two.x)
    gradients = np.array([[part.gradient(x) for x in two.x] for part in two.parts])
    g, batch = gradients.mean(axis=0), gradients[two.index[:, 0], np.arange(6)]
    size, product = np.linalg.norm(batch, axis=-1), np.sum(batch * g, axis=-1)
    lost = sum(24 * (np.sum(a @ np.abs(p.H) * a, -1) + 3) + 8 * (a @ np.abs(p.A).T).sum(-1) for p in two.parts)
    tol = sum(p.L for p in two.parts) / 2 * h * h / 2 + lost * EPS
    clear = (np.abs(product) > 1e-3 * np.linalg.norm(g, axis=-1) * size) & (np.abs(product) / size * h > tol)
    assume(clear.any())
    unit = on_rule(methods.fixed.Fixed(h), methods.fixed.Unit())
    step = walk(two.problem, unit, two.x, sampler=lambda t, j: two.index, batch=1, seeds=range(6), every=None)
    change = np.array([two.full(y) - two.full(x) for x, y in zip(two.x, step.trace.theta, strict=True)])
    slope = claimed(g, batch) / size
    return {
        "first order": close(change[clear], -h * slope[clear], tol[clear]),
        "sign": float(np.min(-np.sign(slope) * change / (h * np.abs(slope)), where=clear, initial=np.inf)),
    }


def always_descends(two):
    """The slope -|g_B|, which is that of the batch's own loss."""
    return batch_steps(two, lambda g, batch: np.sum(batch**2, axis=-1))


def two_samples(index=1):
    """g_1 = 3 and g_2 = -1: the full loss, of slope 1, grows along -g_2."""
    plain = parabolas_of([(F(3),), (F(-1),)])
    move = moves("sgd", plain, (F(0),), [(index,)], rate=F(1, 1000))[0]
    full = (0, 1)
    return {
        "g": equal(plain.gradient((F(0),), full)[0], 1),
        "ascent": above(plain.value(move.x, full), plain.value((F(0),), full)),
    }


ERM_09 = Claim(
    id="ERM-09",
    title="Steepest descent direction; mini-batch direction may ascend",
    source="dissertation, sections 2.2 and 2.4",
    statement="Of all unit directions only that of minus the gradient has the least slope, minus the length of the"
    " gradient. A step along minus a batch gradient increases the full loss, to first order, if and only if the two"
    " gradients have a negative inner product.",
    formula=r"\min_{\|d\| = 1} \nabla f^\top d = -\|\nabla f\|, \qquad \frac{d}{ds} \mathcal L(\theta -"
    r" s\, g_{\mathbb B}) > 0 \iff g^\top g_{\mathbb B} < 0",
    kind="property",
    verdict="holds",
    checks=[
        Check("slopes in the ball and in the cube", lambda case: steepest(case) | largest(case), pairs()),
        Check("steps along the batch gradients", batch_steps, twos(), examples=90),
        Check("two samples, exactly", two_samples),
    ],
    controls=[
        Check("the steepest direction of the cube", corner, pairs(), examples=20),
        Check("it always descends", always_descends, twos(), examples=50),
        Check("the other of two samples", lambda: two_samples(0)),
    ],
)


CLAIMS = (ERM_07, ERM_08, ERM_09)
