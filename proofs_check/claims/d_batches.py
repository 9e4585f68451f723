"""Section D, fifth part: PAL on batches that differ: averages of minimisers, interpolation.

Dissertation, sections 4.4.4 and 4.7, appendix A.17 to A.20.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import (
    EPS,
    Interpolating,
    RationalQuadratic,
    add,
    interpolating_sums,
    mean,
    positive,
    rational_quadratics,
    rationals,
    solve,
    times,
    tol_solve,
    vectors,
)
from ..claim import Check, Claim, above, below, close, equal
from ..ours import Plain, moves, on_rule, walk
from .d_pal import black_box, spectra
from .d_quadratics import ZERO
from .d_steps import exact_pal

# --- PAL-ALT: two parabolas in turn

PARABOLAS = st.tuples(positive(), rationals(), rationals(), rationals(nonzero=True))  # a, b, c, delta
STEPS = 5


def in_turn(a, b, c, delta, x, mu, s_max=inf):
    """PAL's iterates on f and on f(x + delta) in turn."""
    parts = [
        (lambda x, o=o: a * (x[0] + o) ** 2 + b * (x[0] + o) + c, lambda x, o=o: (2 * a * (x[0] + o) + b,))
        for o in (ZERO, delta)
    ]
    batches = [(t % 2,) for t in range(STEPS)]
    return [move.x[0] for move in moves("pal", Plain(parts=parts), (x,), batches, mu=mu, beta=0, s_max=s_max)]


def two_cycle(parabola, x, mu, s_max=inf):
    """The presented minimum after every step, from the first one; never that of the average."""
    a, b, _, delta = parabola
    xs, best = in_turn(*parabola, x, mu, s_max), -b / (2 * a)
    return {
        "presented": equal(xs, [best - delta * (t % 2) for t in range(STEPS)]),
        "never the average": min(above(abs(x - (best - delta / 2)), 0) for x in xs),
    }


def two_cycle_on_arrays(parabola, x, mu):
    """Our rule on floats; rounding of a is T-s, of a line that knows differences without cancellation."""
    a, b, _, delta = map(float, parabola)
    problem = tb.problems.NoisyQuadratic([[2 * a]], [[-b / (2 * a)], [-b / (2 * a) - delta]])
    rule = on_rule(methods.pal.PAL(float(mu), s_max=inf))
    found = walk(problem, rule, [float(x)], STEPS, lambda t, j: np.array([[t % 2]]), 1).theta[1:, 0, 0]
    exact = np.array([float(v) for v in in_turn(*parabola, x, mu)])
    reach = abs(float(x)) + np.abs(exact).max() + abs(delta)
    return close(found, exact, 16 * EPS * reach * (1 + 2 * reach / float(mu)))


PAL_ALT = Claim(
    id="PAL-ALT",
    title="No convergence on alternating parabolas",
    source="dissertation, section 4.4.4",
    statement="If a parabola and the same shifted are presented in turn, PAL jumps from the minimum of the one to that"
    " of the other and never reaches that of their average.",
    formula=r"f_2(x) = f_1(x + \delta),\ \delta \ne 0 \ \Rightarrow\ x_n \in \left\{-\tfrac{b}{2a},"
    r" -\tfrac{b}{2a} - \delta\right\}, \quad \mathrm{arg}\min \tfrac12 (f_1 + f_2) ="
    r" -\tfrac{b}{2a} - \tfrac{\delta}{2}",
    kind="exact",
    verdict="holds",
    finding="Of PAL without a largest step: with s_max < |delta| it need not reach either minimum.",
    checks=[
        Check("exact numbers", two_cycle, st.tuples(PARABOLAS, rationals(), positive()), examples=200),
        Check("our rule on arrays", two_cycle_on_arrays, st.tuples(PARABOLAS, rationals(), positive()), examples=100),
    ],
    controls=[
        Check("delta = 0", lambda: two_cycle((F(1), F(2), ZERO, ZERO), F(3), F(1))["never the average"]),
        Check("s_max < |delta|", lambda: two_cycle((F(1), F(2), ZERO, F(4)), F(-1), F(1), s_max=F(1))["presented"]),
    ],
)


# --- PAL-P2, PAL-P2N: the average of minimisers


@st.composite
def batches_of_quadratics(draw, alike=True, symmetric=True):
    """Losses of up to five batches, with one Q or with one each. Not symmetric: a Q with the same symmetric part."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(2, 5))
    first = draw(rational_quadratics(n=st.just(n)))
    if not symmetric:
        turn = draw(rationals(nonzero=True))
        rows = enumerate(first.Q)
        first = first._replace(
            Q=tuple(tuple(v + turn * ((i > j) - (i < j)) for j, v in enumerate(row)) for i, row in rows)
        )
    if alike:
        return [first, *(first._replace(r=draw(vectors(n))) for _ in range(m - 1))]
    return [first, *(draw(rational_quadratics(n=st.just(n))) for _ in range(m - 1))]


def twice(Q, symmetric=True):
    """Q + Q', or as printed 2 Q."""
    n = len(Q)
    return tuple(tuple(Q[i][j] + (Q[j][i] if symmetric else Q[i][j]) for j in range(n)) for i in range(n))


def minimiser(q, symmetric=True):
    return solve(twice(q.Q, symmetric), tuple(-v for v in q.r))


def mean_gradient(members, x):
    return mean([add(q.r, 1, times(twice(q.Q), x)) for q in members])


def plain_average(members, symmetric=True):
    """The mean loss has gradient 0 at the mean of the minimisers."""
    found = mean([minimiser(q, symmetric) for q in members])
    return equal(mean_gradient(members, found), (ZERO,) * len(found))


def weighted_average(members):
    """The same of their mean with weights Q_i."""
    Qs = [twice(q.Q) for q in members]
    found = solve(
        tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*Qs, strict=True)),
        tuple(map(sum, zip(*[times(Q, minimiser(q)) for Q, q in zip(Qs, members, strict=True)], strict=True))),
    )
    return equal(mean_gradient(members, found), (ZERO,) * len(found))


def package_agrees(members):
    """The solution that our problem reports, to T-solve."""
    Q, m = np.array([twice(q.Q) for q in members], float), np.array([minimiser(q) for q in members], float)
    x = tb.problems.NoisyQuadratic(Q, m).solution
    A = Q.mean(axis=0)
    exact = np.array(mean([times(twice(q.Q), minimiser(q)) for q in members]), float)
    return close(A @ x, exact, tol_solve(A, x) + tol_solve(A, np.abs(m).max(axis=0)))


def pal_on_each(members, mu):
    """In one variable one step of PAL on each batch finds the minimisers."""
    found = [exact_pal(q, q.x, mu).x if any(q.gradient(q.x)) else q.x for q in members]
    return equal(mean_gradient(members, mean(found)), (ZERO,))


def in_one_variable(strategy):
    return strategy.map(lambda members: [_first(q) for q in members])


def _first(q):
    return RationalQuadratic(((q.Q[0][0],),), q.r[:1], q.c, q.x[:1])


def one_parabola(a, m):
    """a (x - m)^2."""
    return RationalQuadratic(((F(a),),), (F(-2 * a * m),), F(a * m * m), (F(9),))


UNEQUAL = [one_parabola(1, 0), one_parabola(3, 4)]  # x^2 and 3 (x - 4)^2

PAL_P2 = Claim(
    id="PAL-P2",
    title="Propositions 2 and 3: the average of minimisers",
    source="dissertation, section 4.4.4, A.17 to A.20",
    statement="If the quadratic losses of all batches share one positive definite Q, the minimiser of their mean is the"
    " mean of their minimisers.",
    formula=r"\mathrm{arg}\min \mathcal L = \frac1m \sum_i \mathrm{arg}\min \mathcal L_{\mathbb B_i}",
    kind="exact",
    verdict="holds",
    finding="Of a Q that is not symmetric only the symmetric part matters: then the gradient has Q + Q' where A.17 to"
    " A.19 print 2 Q; the conclusion stands.",
    checks=[
        Check("equal Q", plain_average, batches_of_quadratics(), examples=60),
        Check("Q not symmetric", plain_average, batches_of_quadratics(symmetric=False), examples=60),
        Check("our problem's solution", package_agrees, batches_of_quadratics(), examples=60),
        Check(
            "PAL in one variable",
            pal_on_each,
            st.tuples(in_one_variable(batches_of_quadratics()), positive()),
            examples=100,
        ),
    ],
    controls=[
        Check("unequal Q", lambda: plain_average(UNEQUAL)),
        Check(
            "2 Q for a Q that is not symmetric",
            lambda members: plain_average(members, symmetric=False),
            batches_of_quadratics(symmetric=False),
            examples=20,
        ),
    ],
)


def differ(members):
    """How far the mean of the minimisers is from the minimiser of the mean."""
    return above(-plain_average(members), 0)


PAL_P2N = Claim(
    id="PAL-P2N",
    title="Unequal curvatures: a weighted average",
    source="dissertation, section 4.4.4, after Propositions 2 and 3",
    statement="Where batches have different Q_i the mean of the minimisers is not the minimiser of the mean (2 against"
    " 3 for x^2 and 3 (x - 4)^2); their mean with weights Q_i is.",
    formula=r"\mathrm{arg}\min \mathcal L = \left(\sum_i Q_i\right)^{-1} \sum_i Q_i x_i^*",
    kind="exact",
    verdict="holds",
    checks=[
        Check("weighted", weighted_average, batches_of_quadratics(alike=False), examples=60),
        Check("our problem's solution", package_agrees, batches_of_quadratics(alike=False), examples=60),
        Check(
            "the printed numbers",
            lambda: {
                "plain": equal(mean([exact_pal(q, q.x, F(1)).x for q in UNEQUAL]), (F(2),)),
                "true": equal(mean_gradient(UNEQUAL, (F(3),)), (ZERO,)),
                "they differ": differ(UNEQUAL),
            },
        ),
    ],
    controls=[Check("equal Q: they differ", differ, batches_of_quadratics(), 5)],
)


# --- PAL-AVG: PAL on each batch, then the average


class Averaged(NamedTuple):
    """What PAL left on every batch, and the average of where it stopped."""

    error: float  # of the average, from the minimiser of the mean loss
    errors: np.ndarray  # (m,), of every batch from its own minimiser
    first: np.ndarray  # (m,), first and last lengths of gradients
    last: np.ndarray
    smallest: float  # eigenvalue of Q
    rounding: float  # of gradients over 2 lmin


def averages(budget, alike=True, steps=None):
    """Our rule on black boxes (x - m_i)'Q(x - m_i). From condition 30, 400 steps leave at most 1e-11 of a gradient:
    sqrt(r) ((r-1)/(r+1))^400; from 1000, 18000 do. Not alike: a Q of its own for every batch."""
    rng, cases = budget.rng(), 85
    for n in range(1, 7):
        m = 1 + n % 6 if n > 1 else 6
        lanes = cases * m
        Q, h, _ = spectra(rng, lanes, n, budget.many(3, 6) / 2)
        if alike:
            Q, h = np.repeat(Q[::m], m, axis=0), np.repeat(h[::m], m, axis=0)
        centres, x = rng.standard_normal((2, lanes, n))
        rule = methods.pal.PAL(np.full(lanes, 0.1), s_max=inf)
        count = steps or budget.many(400, 18000)
        end = tb.run(black_box(Q, centres), on_rule(rule), steps=count, batch=1, theta=x, every=None).theta[0]
        lengths = [2 * np.linalg.norm(np.einsum("kij,kj->ki", Q, v - centres), axis=-1) for v in (x, end)]
        parts = [v.reshape(cases, m, *v.shape[1:]) for v in (Q, centres, end, *lengths)]
        for k, (Qs, cs, ends, first, last) in enumerate(zip(*parts, strict=True)):
            best = np.linalg.solve(Qs.sum(0), np.einsum("mij,mj->i", Qs, cs))
            low, high = h[k * m : k * m + m, 0].min(), h[k * m : k * m + m, -1].max()
            rounding = 64 * n * EPS * high / low * np.abs(cs).max()
            error = float(np.linalg.norm(ends.mean(0) - best))
            yield Averaged(error, np.linalg.norm(ends - cs, axis=-1), first, last, low, rounding)


def average_is_near(case):
    """Each error is at most |gradient| / (2 lmin); the average's at most their mean, which is 1e-10 of the first."""
    bounds, wanted = case.last / (2 * case.smallest), 1e-10 * case.first.mean() / (2 * case.smallest)
    return {
        "each": below(case.errors, bounds, case.rounding),
        "triangle": below(case.error, case.errors.mean(), case.rounding),
        "stopped": below(case.last, 1e-10 * case.first, 2 * case.smallest * case.rounding),
        "average": below(case.error, wanted, case.rounding),
    }


def never_finishes(q, mu):
    """In two variables, unless it starts at an eigenvector, PAL is at the minimum after no step: here after three."""
    g = q.gradient(q.x)
    Qg = times(q.Q, g)
    assume(g[0] * Qg[1] != g[1] * Qg[0])
    x, slack = q.x, []
    for _ in range(3):
        x = exact_pal(q, x, mu).x
        slack.append(max(map(abs, q.gradient(x))))
    return above(min(slack), 0)


PAL_AVG = Claim(
    id="PAL-AVG",
    title="Averages of PAL's ends",
    source="dissertation, section 4.4.4",
    statement="Running PAL on every batch to its minimum and averaging the ends gives the minimiser of the mean loss,"
    " if the batches share their Q; the error is at most the mean of theirs.",
    formula=r"\left\|\frac1m \sum_i x_i - x^*\right\| \le \frac1m \sum_i \|x_i - x_i^*\| \le \frac1m \sum_i"
    r" \frac{\|\nabla \mathcal L_{\mathbb B_i}(x_i)\|}{2 \lambda_{\min}}",
    kind="property",
    verdict="holds",
    finding="In general PAL needs infinitely many steps on every batch; for one variable, or from an eigenvector, one"
    " suffices.",
    checks=[
        Check("ends on floats", average_is_near, averages),
        Check(
            "finitely many steps do not do",
            never_finishes,
            st.tuples(rational_quadratics(n=st.just(2)), positive()),
            examples=50,
        ),
    ],
    controls=[
        Check(
            "unequal Q",
            lambda case: average_is_near(case)["average"],
            lambda budget: averages(budget, alike=False, steps=400),
        ),
        Check("one step each", lambda case: average_is_near(case)["average"], lambda budget: averages(budget, steps=1)),
    ],
)


# --- PAL-INT: interpolation


@st.composite
def relaxed(draw, low=0.05, high=1.95):
    """A sum that interpolates, a relaxation and a measuring distance."""
    return draw(interpolating_sums()), draw(st.floats(low, high)), draw(st.floats(0.1, 1))


def fejer(sum_: Interpolating, alpha, mu, shift=0.0):
    """One step of our rule on every f_i. shift: of the first one's minimiser.

    Rounding is relative to |e|^2. The gradient's error, n eps L |e|, is multiplied by a rate of at most 2 / (smallest
    positive eigenvalue); T-s of lines without cancellation is of the order of (1 + 2 s / mu) eps; places have eps |w|.
    """
    A, m = sum_.A, np.tile(sum_.best, (len(sum_.A), 1))
    m[0] += shift
    lanes = np.arange(len(A))[:, None]
    problem = tb.problems.NoisyQuadratic(A, m)
    rule = on_rule(methods.pal.PAL(mu, alpha=alpha, s_max=inf))
    found = walk(problem, rule, sum_.w, sampler=lambda t, j: lanes, batch=1, seeds=range(len(A)))
    e, after, eta = sum_.w - sum_.best, found.theta[1] - sum_.best, found.trace.size[0]
    h = np.linalg.eigvalsh(A)
    largest, positive_ones = h[:, -1], np.where(h > 1e-9 * h[:, -1:], h, inf)
    spread = (largest / positive_ones.min(1)).max() + 2 * found.trace.arc[0].max() / mu
    far = (np.linalg.norm(sum_.w) + np.linalg.norm(sum_.best)) / np.linalg.norm(e)
    assume(spread < 1e6)
    curved = np.einsum("i,kij,j->k", e, A, e)
    E, Es = e @ e, (after * after).sum(-1)
    smallest, tolerance = np.linalg.eigvalsh(A.mean(0))[0], 16 * (len(e) + 4) * EPS * (spread + far)
    return {
        "step": below(alpha / largest, eta, tolerance * eta),
        "Fejer": below(Es, E - eta * (2 - alpha) * curved, tolerance * E),
        "mean": below(Es.mean(), (1 - alpha * (2 - alpha) * smallest / largest.max()) * E, tolerance * E),
    }


PAL_INT = Claim(
    id="PAL-INT",
    title="PAL under interpolation",
    source="dissertation, section 4.7",
    statement="If all batches are quadratics with a common minimiser, PAL with a relaxation between 0 and 2 on batches"
    " drawn at random converges linearly. (The text says so of line searches of this kind; this form is derived.)",
    formula=r"\eta = \alpha \frac{\|g_i\|^2}{g_i^\top A_i g_i} \ge \frac{\alpha}{L_i}, \quad \|e^+\|^2 \le \|e\|^2"
    r" - \eta (2 - \alpha)\, e^\top A_i e, \quad \mathbb E \|e^+\|^2 \le \left(1 - \alpha (2 - \alpha)"
    r" \frac{\mu}{L_{\max}}\right) \|e\|^2",
    kind="property",
    verdict="holds",
    checks=[Check("one step on every batch", fejer, relaxed())],
    controls=[
        Check("another minimiser", lambda sum_, alpha, mu: fejer(sum_, alpha, mu, shift=3.0)["Fejer"], relaxed(), 50),
        Check("alpha > 2", lambda *case: fejer(*case)["mean"], relaxed(2.2, 3.0), 50),
    ],
)

CLAIMS = (PAL_ALT, PAL_P2, PAL_P2N, PAL_AVG, PAL_INT)
