"""Section I, second part: how far Adam and RMSprop go, and whether they arrive (dissertation, sections 2.7 and 2.8)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.xp import namespace

from ..cases import EPS, powers, rationals, seeds
from ..claim import Check, Claim, Contrast, at_most, below, close, equal, holds, only
from ..ours import walk
from .i_directions import BETAS, NO_EPS, exactly, fed, walked

# --- ADAM-03: how large a step can be


def bound(beta1, beta2, t):
    """The largest |m^| / sqrt(v^) after t steps, by Cauchy and Schwarz, for t (T,)."""
    t = np.asarray(t)
    ages = np.cumsum((beta1 * beta1 / beta2) ** np.arange(t.max()))[t - 1]
    return (1 - beta1) / (1 - beta1**t) * np.sqrt((1 - beta2**t) / (1 - beta2) * ages)


def limit(beta1, beta2):
    return (1 - beta1) / np.sqrt((1 - beta2) * (1 - beta1**2 / beta2))


def rounding(beta1, beta2, t):
    """Of |m^| / sqrt(v^): ten roundings a step, and those of the powers in 1 - beta^t; below 1e-11 for our betas."""
    return (10 * t + 4 / (1 - beta1) + 4 / (1 - beta2)) * EPS


def extremal(beta1, beta2, t):
    """The gradients for which the bound is attained after t steps: (beta1 / beta2)^(t-i)."""
    return (beta1 / beta2) ** np.arange(t - 1.0, -1, -1)


def ratios(beta1, beta2, g):
    """|d| of our Adam (T, lanes) on gradients (T, lanes)."""
    return np.abs(fed(methods.adam.Adam(beta1, beta2, NO_EPS), g[..., None])[0][..., 0])


@st.composite
def tails(draw):
    """beta1, beta2 and heavy-tailed gradients (T, 8), those of the last column extremal.

    beta1 is 0 or [.05, .99] (so that no square overflows), beta2 between its square and .9999.
    """
    beta1 = draw(st.one_of(st.just(0.0), st.floats(0.05, 0.99)))
    low = max(beta1**2, 1e-3)
    beta2 = low + draw(st.floats(0.001, 1)) * (0.9999 - low)
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 60))
    g = rng.standard_cauchy((T, 8)) * np.exp(draw(st.floats(0, 10)) * rng.standard_normal((T, 8)))
    g[:, -1] = extremal(beta1, beta2, T)
    return beta1, beta2, g


def bounded(beta1, beta2, g):
    """At every step below its bound, and that below the limit; the extremal gradients attain it at the last."""
    t = np.arange(1, len(g) + 1)
    found, most, slack = ratios(beta1, beta2, g), bound(beta1, beta2, t), rounding(beta1, beta2, t)
    return {
        "below": below(found, most[:, None], (most * slack)[:, None]),
        "attained": close(found[-1, -1], most[-1], most[-1] * slack[-1]),
        "limit": below(most, limit(beta1, beta2), limit(beta1, beta2) * slack.max()),
    }


def largest(t, beta1=0.9, beta2=0.999):
    """|d_t| of our Adam on the extremal gradients."""
    return ratios(beta1, beta2, extremal(beta1, beta2, t)[:, None])[-1, 0]


def bounded_by_one(t, beta1, beta2):
    return Contrast(1, largest(t, beta1, beta2), "at most", rounding(beta1, beta2, t))


def printed_numbers():
    return {
        "t = 2": close(largest(2), 1.0014, 5e-5),
        "t = 50": close(largest(50), 1.61, 5e-3),
        "t = 200": close(largest(200), 3.10, 5e-3),
        "limit": close(limit(0.9, 0.999), 7.27, 5e-3),
        "long": close(largest(3000) / limit(0.9, 0.999), 1, 0.05),
        "usual": close((1 - 0.9) / np.sqrt(1 - 0.999), 3.16, 5e-3),
    }


def constant_gradients(g, T, beta1, beta2):
    """d is exactly -1 or 1 without eps, on exact numbers; and in a run on arrays."""
    d = exactly("adam", [(g,)] * T, beta1=beta1, beta2=beta2, eps=F(0))
    arcs = walked(methods.adam.Adam(float(beta1), float(beta2), NO_EPS), np.full((T, 1), float(g))).trace.arc[:, 0]
    slack = [rounding(float(beta1), float(beta2), t) for t in range(1, T + 1)]
    return {"exact": equal(d, [(F(-1 if g > 0 else 1),)] * T), "arrays": close(arcs, 1.0, slack)}


def same_as_arrays(t):
    """On extremal gradients exact numbers make the directions of the arrays, up to their rounding."""
    g = extremal(0.9, 0.999, t)
    found = exactly("adam", [(a,) for a in g.tolist()], beta1=F(0.9), beta2=F(0.999), eps=NO_EPS)
    wanted = ratios(0.9, 0.999, g[:, None])
    return close(np.abs(found), wanted, rounding(0.9, 0.999, t) * wanted.max())


ADAM_03 = Claim(
    id="ADAM-03",
    title="Size of Adam's direction",
    source="dissertation, the text after eq. 2.46",
    statement="Adam's direction estimates a ratio of moments that is at most 1, so its coordinates are bounded by about"
    " 1 in size.",
    formula=r"\left|\frac{\hat m_t}{\sqrt{\hat v_t}}\right| \lesssim 1",
    kind="property",
    verdict="refuted",
    finding="1 is the bound for expectations and for constant gradients. For beta1^2 < beta2 the largest ratio on any"
    " gradients follows from the inequality of Cauchy and Schwarz and is attained; for the defaults .9 and .999 it is"
    " 1.0014 at t = 2, 1.61 at 50, 3.10 at 200 and in the limit 7.27, more than the usually quoted 3.16 ="
    " (1 - beta1) / sqrt(1 - beta2).",
    corrected=r"\left|\frac{\hat m_t}{\sqrt{\hat v_t}}\right| \le \frac{1-\beta_1}{1-\beta_1^t}"
    r" \sqrt{\frac{1-\beta_2^t}{1-\beta_2} \sum_{j<t} \left(\frac{\beta_1^2}{\beta_2}\right)^j}"
    r" \le \frac{1-\beta_1}{\sqrt{(1-\beta_2)(1-\beta_1^2/\beta_2)}}",
    checks=[
        Check("heavy tails and the extremal gradients", bounded, tails()),
        Check("the numbers for .9 and .999", printed_numbers),
        Check(
            "constant gradients",
            constant_gradients,
            st.tuples(rationals(nonzero=True), st.integers(1, 10), BETAS, BETAS),
            examples=100,
        ),
        Check("on exact numbers", same_as_arrays, lambda budget: [2, 50]),
    ],
    controls=[
        Check("the bound usually quoted", lambda t: at_most(largest(t), 0.1 / 0.001**0.5), lambda budget: [1000]),
        Check("beta1^2 > beta2: unbounded", lambda: at_most(largest(60, 0.9, 0.5), 100 * limit(0.9, 0.999))),
    ],
    counterexamples=[
        Check("largest |d| after two gradients", bounded_by_one, only(2, 0.9, 0.999)),
        Check("largest |d| after two hundred", bounded_by_one, only(200, 0.9, 0.999)),
    ],
)

# --- ADAM-04: invariance under scaling


@st.composite
def scaled(draw):
    """beta1, beta2, gradients (T, 4), gamma (4,).

    At most 12 steps: twice 12 steps of 3 roundings for m and, under the root, 4 for v, and a few, make 64 eps.
    """
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 12))
    gamma = 10.0 ** rng.uniform(-6, 6, 4)
    return draw(st.floats(0, 0.99)), draw(st.floats(0, 0.9999)), rng.standard_normal((T, 4)), gamma


def invariant(beta1, beta2, g, gamma, eps=NO_EPS):
    """d of gamma g is d of g, coordinate by coordinate; an error is relative to what does not cancel in m."""
    adam = methods.adam.Adam(beta1, beta2, eps)
    plain, other = fed(adam, g)[0], fed(adam, gamma * g)[0]
    sizes = np.abs(fed(methods.adam.Adam(beta1, beta2, NO_EPS), np.abs(g))[0])
    return close(other, plain, 64 * EPS * sizes)


def same_path(seed, k):
    """A run on 2^k f takes the path of that on f, bit by bit."""
    rng = np.random.default_rng(seed)
    M = rng.standard_normal((3, 3))
    runs = []
    for scale in (1.0, 2.0**k):
        problem = tb.problems.NoisyQuadratic(scale * M @ M.T, np.zeros((1, 3)))
        runs.append(
            walk(problem, tb.Optimizer(methods.adam.Adam(eps=NO_EPS), methods.fixed.Fixed(0.1)), np.ones(3), 20).theta
        )
    return holds(runs[0] == runs[1])


def invariant_exactly(c, signs, beta1, beta2, gamma):
    """On exact numbers gradients c and -c, whose roots are exact."""
    directions_of = lambda c: exactly("adam", [(c * s,) for s in signs], beta1=beta1, beta2=beta2, eps=F(0))
    return equal(directions_of(gamma * c), directions_of(c))


ADAM_04 = Claim(
    id="ADAM-04",
    title="Scale invariance",
    source="dissertation, eq. 2.46",
    statement="Adam's step does not change if the gradient, or a coordinate of it, is multiplied by a positive number.",
    formula=r"g \to \gamma g,\ \gamma > 0:\quad \frac{\hat m_t}{\sqrt{\hat v_t}} \to \frac{\hat m_t}{\sqrt{\hat v_t}}",
    kind="property",
    verdict="holds",
    finding="Without eps; with it only where the gradients are large compared with it.",
    checks=[
        Check("every coordinate by its own factor", invariant, scaled()),
        Check("runs, factors 2^k", same_path, st.tuples(seeds, st.integers(-20, 20)), examples=30),
        Check(
            "on exact numbers",
            invariant_exactly,
            st.tuples(
                rationals(1, 9),
                st.lists(st.sampled_from((-1, 1)), min_size=1, max_size=8),
                BETAS,
                BETAS,
                rationals(1, 9),
            ),
            examples=100,
        ),
    ],
    controls=[Check("eps = 1e-3", partial(invariant, eps=1e-3), scaled(), examples=20)],
)

# --- ADAM-05: convergence on convex losses


def play(steps, C, rate, start):
    """Four methods on f_t(x) = C x at every third step, else -x, over [-1, 1], with the rate / sqrt(t).

    C, rate, start (lanes,). Adam with beta1 = 0 and beta2 = 1 / (1 + C^2), the same without its correction, AMSGrad
    (Reddi et al. 2018: the largest v so far), and the projected gradient; the gradients do not depend on x. Returns the
    smallest x in the last third, and the average regret (4, lanes).
    """
    xp, adam = namespace("numpy"), methods.adam.Adam(0.0, 1 / (1 + C * C), NO_EPS)
    uphill, downhill, most = C[:, None], -np.ones((len(C), 1)), np.zeros((len(C), 1))
    x, state = np.tile(start, (4, 1)), adam.init(xp, SimpleNamespace(theta=downhill))
    paid, lowest, d = np.zeros_like(x), np.full_like(x, np.inf), np.zeros_like(x)
    for t in range(steps):
        g = downhill if t % 3 else uphill
        paid += g[:, 0] * x
        corrected, state = adam.step(xp, SimpleNamespace(gradient=g), state)
        most = np.maximum(most, state.v)
        d[0], d[1] = corrected[:, 0], (-state.m / np.sqrt(state.v))[:, 0]
        d[2], d[3] = (-state.m / np.sqrt(most))[:, 0], -g[:, 0]
        x = np.clip(x + rate / np.sqrt(t + 1) * d, -1, 1)
        if 3 * t >= 2 * steps:
            lowest = np.minimum(lowest, x)
    best = -(C - 2) * steps / 3  # of all fixed x: -1
    return lowest, (paid - best) / steps


def lanes():
    """C in 2.5 .. 10, three rates below sqrt(1 - beta2), from the middle and from the worst point."""
    grid = np.meshgrid([2.5, 3.0, 5.0, 10.0], [0.1, 0.5, 0.9], [0.0, 1.0])
    C, share, start = (part.ravel() for part in grid)
    return C, share * C / np.sqrt(1 + C * C), start


def stays_at_worst(steps, who=(0, 1)):
    """x > .99 in the last third, which costs 2 (C - 2) / 3 per step more than the best point -1.

    From 1 a slope C takes x away by less than 1 / sqrt(t), and the next two bring it back: off by less than
    2 / sqrt(steps) on average, which counts C + 2 times at most; the way from 0 to 1, some 600 steps, counts less.
    """
    C, rate, start = lanes()
    lowest, regret = (part[list(who)] for part in play(steps, C, rate, start))
    return {
        "worst point": above_by(lowest, 0.99),
        "regret": above_by(regret, 0.3),
        "limit": close(regret, 2 * (C - 2) / 3 + 0 * regret, 2 * (C + 2) / np.sqrt(steps) + 0 * regret),
    }


def others_arrive(steps):
    """AMSGrad and the projected gradient come to -.998."""
    lowest, regret = play(steps, *lanes())
    return {"best point": at_most(lowest[2:].max(), -0.998), "regret": at_most(regret[2:].max(), 0.1)}


def above_by(found, least):
    return float(np.min(found) - least)


def vanishing(C, rate, start, steps):
    """Printed: Adam converges. Then four times the steps have a smaller average regret, by a quarter at least."""
    lane = [np.array([number]) for number in (C, rate, start)]
    few, many = (play(n, *lane)[1][0].item() for n in (steps, 4 * steps))
    return Contrast(0.75 * few, many, "at most")


ADAM_05 = Claim(
    id="ADAM-05",
    title="Convergence of Adam on convex losses",
    source="dissertation, the text after Algorithm 7",
    statement="Adam converges on sums of convex mini-batch losses with bounded gradients and bounded steps, if the"
    " learning rate falls like 1 / sqrt(t).",
    formula=r"\frac{1}{T}\sum_{t=1}^{T}\left(f_t(x_t) - f_t(x^*)\right) \to 0 \text{ for } \lambda_t ="
    r" \frac{\lambda}{\sqrt{t}}",
    kind="highprec",
    verdict="refuted",
    finding="Reddi et al. (2018) found the error in the proof. On [-1, 1] with the slopes C, -1, -1, C, ..., beta1 = 0"
    " and beta2 = 1 / (1 + C^2), Adam stays at or goes to 1, the worst point, with or without bias correction, and pays"
    " 2 (C - 2) / 3 per step too much. The projected gradient and AMSGrad find the best point, -1.",
    corrected=r"C > 2: \quad x_t \to 1, \qquad \frac{1}{T}\sum_{t=1}^{T}\left(f_t(x_t) - f_t(-1)\right) \to"
    r" \frac{2(C-2)}{3}",
    checks=[
        Check("Adam at the worst point", stays_at_worst, lambda budget: [budget.many(30_000, 300_000)]),
        Check("the others at the best", others_arrive, lambda budget: [budget.many(30_000, 300_000)]),
    ],
    controls=[
        Check("AMSGrad", lambda: stays_at_worst(9000, [2])["worst point"]),
        Check("projected gradient", lambda: stays_at_worst(3000, [3])["worst point"]),
    ],
    counterexamples=[
        Check("Adam's average regret after four times the steps", vanishing, only(5.0, 0.5, 0.0, 1000)),
    ],
)

# --- RMS-01: the largest step of RMSprop


@st.composite
def signals_of_any_size(draw):
    """decay and gradients (T, 4) of very different sizes."""
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 30))
    g = rng.standard_normal((T, 4)) * 10.0 ** (draw(st.floats(0, 8)) * rng.standard_normal((T, 4)))
    return draw(st.floats(0, 0.999)), draw(powers(-4, 2)), g


def step_bound(decay, rate, g, most=lambda decay: 1 / np.sqrt(1 - decay)):
    """|rate d| <= rate / sqrt(1 - decay), with equality at the first step; v, root and quotient round a few times."""
    steps = rate * np.abs(fed(methods.rmsprop.RMSProp(decay, NO_EPS), g)[0])
    largest = rate * most(decay)
    return {
        "below": below(steps, largest, 64 * EPS * largest),
        "first": close(steps[0], largest, 64 * EPS * largest),
    }


def run_bound(decay, rate, g):
    """The same of the ways in a run on arrays, in one dimension."""
    largest = rate / np.sqrt(1 - decay)
    arcs = walked(methods.rmsprop.RMSProp(decay, NO_EPS), g[:, :1], rate).trace.arc
    return below(arcs, largest, 64 * EPS * largest)


def first_exactly(g, root):
    """The first step on exact numbers, for 1 - decay = root^2."""
    d = exactly("rmsprop", [(g,)], decay=1 - root**2, eps=F(0))[0][0]
    return equal(d, (-1 if g > 0 else 1) / root)


RMS_01 = Claim(
    id="RMS-01",
    title="RMSprop step bound",
    source="dissertation, eq. 2.47",
    statement="No coordinate moves farther in a step than the rate divided by sqrt(1 - beta2), because v is never below"
    " the newest gradient's share of it; the first step from v = 0 goes as far.",
    formula=r"|\Delta\theta_i| \le \frac{\lambda}{\sqrt{1-\beta_2}}",
    kind="property",
    verdict="holds",
    checks=[
        Check("our direction", step_bound, signals_of_any_size()),
        Check("our optimizer", run_bound, signals_of_any_size(), examples=50),
        Check(
            "the first step on exact numbers",
            first_exactly,
            st.tuples(rationals(nonzero=True), st.integers(1, 9).map(lambda k: F(k, 9))),
            examples=100,
        ),
    ],
    controls=[
        Check(
            "the rate alone",
            lambda decay, rate, g: step_bound(decay, rate, g, lambda decay: 1)["below"],
            signals_of_any_size(),
            examples=20,
        )
    ],
)

CLAIMS = (ADAM_03, ADAM_04, ADAM_05, RMS_01)
