"""Section D, fourth part: PAL's cases, its angle test, its relaxation and its largest step.

Dissertation, sections 4.3 and 4.4 and Algorithm 8.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf, sqrt

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.quotations import quote

from ..cases import EPS, dot, positive, rational_quadratics, rationals, smooth_functions, times, vectors
from ..claim import Check, Claim, above, at_most, below, close, equal
from ..ours import Plain, moves, on_rule, walk
from .d_pal import kantorovich, trajectories
from .d_quadratics import ZERO
from .d_steps import arrays_take, diagonal, exact_pal

# --- PAL-CASE: which case

eighths = st.builds(F, st.integers(-80, 80), st.just(8))
halvings = st.sampled_from([F(1, 8), F(1, 4), F(1, 2), F(1), F(2), F(4)])
falling = eighths.filter(lambda b: b < 0)
measured = st.one_of(  # l(0), l(mu), b, mu; the second kind lies on the tangent: a = 0
    st.tuples(eighths, eighths, falling, halvings),
    st.tuples(eighths, falling, halvings).map(lambda case: (case[0], case[0] + case[1] * case[2], *case[1:])),
)


def cases(first, second, b, mu):
    """What PAL does with any l(0), l(mu), b < 0, mu > 0."""
    plain = Plain(lambda x: second if any(x) else first, lambda x: (b,))
    found = moves("pal", plain, (ZERO,), [(0,)], mu=mu, beta=0, s_max=inf)
    s, a = found[0].step, (second - first - b * mu) / mu**2
    if a <= 0:
        return {
            "step": equal(s, mu),
            "parabola": equal(first + b * mu + a * mu**2, second),
            "lower": above(first, second),
        }
    agree = lambda one, other: F(0) if one == other else F(-1)
    return {
        "forward": above(s, 0),
        "vertex": equal(2 * a * s + b, 0),
        "far": agree(s > mu, second - first < b * mu / 2),
        "near": agree(second >= first, s <= mu / 2),
    }


def cases_on_arrays(first, second, b, mu):
    """Our rule on the same numbers: all but one division is exact in floats, so that nothing is lost."""
    wanted = tb.search(methods.pal.PAL(mu=mu, s_max=inf), lambda s: second if s else first, slope0=b).step
    both = lambda x, index: (np.where(x[..., 0] == 0, float(first), float(second)), 0 * x + float(b))
    problem = tb.problems.FromFunction(both, 1, 1)
    rule = on_rule(methods.pal.PAL(float(mu), s_max=inf), tb.methods.fixed.Unit())
    return equal(walk(problem, rule, np.zeros(1), every=None).trace.theta[0, 0], float(wanted))


def third_case(b):
    """No step where b >= 0."""
    end = tb.search("pal", lambda s: F(0), slope0=b)
    wanted = tb.Status.STATIONARY if b == 0 else tb.Status.ASCENT
    return F(0) if (end.step, end.status, end.questions) == (0, wanted, []) else F(-1)


def climbs(g, before, beta, momentum=True):
    """b > 0 iff beta g'd > |g|^2, in one variable: gradients -before and g in turn, on exact numbers and on arrays."""
    slopes = (-before, g)
    parts = [(lambda x, v=v: v * x[0], lambda x, v=v: (v,)) for v in slopes]
    beta = beta if momentum else ZERO
    last = moves("pal", Plain(parts=parts), (ZERO,), [(0,), (1,)], beta=beta)[1]
    rates = np.array(slopes, float)
    both = lambda x, index: (rates[index[..., 0]] * x[..., 0], rates[index[..., :1]] + 0 * x)
    along = tb.methods.fixed.Unit(tb.methods.momentum.Momentum(float(beta)))
    in_turn = lambda t, j: np.array([[t]])
    trace = walk(
        tb.problems.FromFunction(both, 1, 2), on_rule(methods.pal.PAL(), along), np.zeros(1), 2, in_turn, 1, every=None
    ).trace
    uphill = beta * g * before > g * g
    agree = (last.status == tb.Status.ASCENT) == uphill == (trace.status[1, 0] == tb.Status.ASCENT)
    return {"iff": F(0) if agree else F(-1), "uphill": F(-1) if uphill else F(0)}


nonzero = rationals(nonzero=True)
turns = st.tuples(nonzero, nonzero, st.integers(1, 9).map(lambda k: F(k, 10))).filter(lambda t: t[1] * t[2] != t[0])


def overshoots():
    """|x|^1.2 from 1 with mu = 0.001: case 1, and the loss rises."""
    f = lambda x: np.abs(x) ** 1.2
    slope = lambda x: 1.2 * np.sign(x) * np.abs(x) ** 0.2
    problem = tb.problems.FromFunction(lambda x, index: (f(x[..., 0]), slope(x)), 1, 1)
    found = walk(problem, on_rule(methods.pal.PAL(1e-3, s_max=inf)), np.ones(1))
    assert found.trace.status[0, 0] == tb.Status.FOUND
    return found.trace.full_loss[:, 0]


PAL_CASE = Claim(
    id="PAL-CASE",
    title="Which case",
    source="dissertation, section 4.4.2 and Algorithm 8",
    statement="With b < 0: for a > 0 PAL's step is positive and leads to the minimum of the fitted parabola; for a <= 0"
    " the loss at mu is below that at 0, so that going there lowers it. Otherwise it does not move.",
    formula=r"b < 0,\ a > 0 \Rightarrow s = -\frac{b}{2a} > 0; \qquad b < 0,\ a \le 0 \Rightarrow l(\mu) = l(0) + b\mu"
    r" + a\mu^2 < l(0)",
    kind="exact",
    verdict="holds",
    finding="Gaps: case 1 does not say that the loss itself falls; b = 0 without momentum means gradient 0, where"
    f" d / |d| is 0 / 0, and a stationary point, no more, where the text has that {quote('extremum')}; with momentum"
    " b > 0 does occur, iff beta g'd_old > |g|^2.",
    checks=[
        Check("any numbers", cases, measured),
        Check("our rule on arrays", cases_on_arrays, measured, examples=200),
        Check("b >= 0", third_case, eighths.filter(lambda b: b >= 0), examples=50),
        Check(
            "momentum may lead uphill",
            lambda *numbers: climbs(*numbers)["iff"],
            turns,
            examples=100,
        ),
        Check("the case of the text", lambda: F(-1) - climbs(F(-1, 10), F(-1), F(2, 5))["uphill"]),
        Check("|x|^1.2", lambda: close(overshoots(), [1, 5.28], 0.005)),
    ],
    controls=[
        Check("case 1 lowers the loss", lambda: above(*overshoots())),
        Check("b <= 0 with momentum", lambda: climbs(F(-1, 10), F(-1), F(2, 5))["uphill"]),
        Check("without a slope", lambda: cases(F(0), F(1), F(0), F(1))["forward"]),
    ],
)


# --- PAL-ANGLE: the angle test


class Slice:
    """A smooth function along a unit direction, with l' from the coefficients of the line, not from gradients."""

    def __init__(self, q, d):
        self.q, self.d = q, d
        self.linear, self.square, self.phase, self.speed = d @ q.H @ q.x, d @ q.H @ d, q.A @ q.x, q.A @ d

    def slope(self, s):
        return self.linear + s * self.square - np.sin(self.phase + np.multiply.outer(s, self.speed)) @ self.speed

    def gradient(self, s):
        return self.q.gradient(self.q.x + s * self.d)

    def noise(self, s):
        """Rounding of l' and of the gradient times d: T-dot of sums of n terms, and of the point, times L."""
        H, A, far, d = np.abs(self.q.H), np.abs(self.q.A), np.abs(self.q.x) + s * np.abs(self.d), np.abs(self.d)
        return 4 * (len(d) + 8) * EPS * (d @ H @ far + (A @ d) @ (1 + A @ far) + self.q.L * np.linalg.norm(far))

    def root(self, low, high):
        """A zero of l' by bisection down to neighbouring floats."""
        rising = self.slope(low) < 0
        while low < (middle := (low + high) / 2) < high:
            low, high = (middle, high) if (self.slope(middle) < 0) == rising else (low, middle)
        return low


@st.composite
def slices(draw):
    """A slice along the negative gradient or anywhere."""
    q = draw(smooth_functions(n=st.integers(2, 6)))
    d = (
        -q.gradient(q.x)
        if draw(st.booleans())
        else np.random.default_rng(draw(st.integers(0, 999))).standard_normal(len(q.x))
    )
    assume(np.linalg.norm(d) > 1e-9)
    return Slice(q, d / np.linalg.norm(d))


def right_angles(line, between=False):
    """The cosine is 0, to rounding, where l' = 0, and l' / |g| elsewhere. between: asks for 0 next to a zero, too."""
    s = np.linspace(0, 4, 33)
    slopes = line.slope(s)
    turns = np.nonzero(slopes[:-1] * slopes[1:] < 0)[0]
    assume(len(turns))
    slack = {}
    for k, turn in enumerate([turns[0], 0, 32]):
        zero = k == 0
        at = line.root(s[turn], s[turn + 1]) if zero and not between else s[turn]
        g, allowed = line.gradient(at), line.noise(at) + 2 * line.q.L * np.spacing(at)
        size = np.linalg.norm(g)
        assume(allowed < 0.05 * size)
        slack[f"{at}"] = close(g @ line.d / size, 0.0 if zero else line.slope(at) / size, allowed / size)
    return slack


def pal_stops_at_right_angles(q, mu):
    """PAL's next gradient is exactly orthogonal to its direction, and 0, so that there is no angle, only if n = 1 or
    from an eigenvector."""
    g = q.gradient(q.x)
    assume(any(g))
    after = q.gradient(exact_pal(q, q.x, mu).x)
    Qg = times(q.Q, g)
    parallel = all(a * v == b * u for a, u in zip(Qg, g, strict=True) for b, v in zip(Qg, g, strict=True))
    return {"angle": equal(dot(after, g), 0), "defined": F(0) if any(after) != parallel else F(-1)}


def inflection():
    """x^3 + y along x: a right angle at 0 with a gradient that is not 0, but no extremum: both neighbours are above,
    or both below."""
    f = lambda s: F(s) ** 3
    return (f(1) - f(0)) * (f(-1) - f(0))


PAL_ANGLE = Claim(
    id="PAL-ANGLE",
    title="The angle test",
    source="dissertation, section 4.3, footnote 1",
    statement="Where the gradient is not 0, it is orthogonal to the direction of the line iff the line is stationary"
    f" there. (A {quote('angle')} in the text: also an inflection.)",
    formula=r"\cos(\nabla f(x + s d), d) = 0 \iff l'(s) = 0",
    kind="property",
    verdict="holds",
    checks=[
        Check("zeros and other points of slices", right_angles, slices()),
        Check(
            "PAL's points on quadratics", pal_stops_at_right_angles, st.tuples(rational_quadratics(), positive()), 100
        ),
    ],
    controls=[
        Check("beside the zeros", lambda line: right_angles(line, between=True), slices(), 20),
        Check("a right angle is an extremum", inflection),
    ],
)


# --- PAL-RELAX: the relaxation alpha


def gains(q, mu, alpha):
    """f falls by alpha (2 - alpha) g(x), and, for alpha > 0, it does fall iff alpha < 2."""
    g = q.gradient(q.x)
    assume(any(g))
    full = dot(g, g) ** 2 / (4 * dot(g, times(q.Q, g)))
    drop = q.f(q.x) - q.f(exact_pal(q, q.x, mu, alpha=alpha).x)
    sign = above(drop, 0) if alpha < 2 else equal(drop, 0) if alpha == 2 else above(0, drop)
    return {"identity": equal(drop, alpha * (2 - alpha) * full), "sign": sign}


def contracts(entries, x, mu, alpha):
    """With eigenvalues that are rational the factor is, too."""
    q = diagonal(entries, x)
    r = max(entries) / min(entries)
    return at_most(q.f(exact_pal(q, q.x, mu, alpha=alpha).x), (1 - alpha * (2 - alpha) * kantorovich(r)) * q.f(q.x))


def relaxed_arrays(q, mu, alpha):
    """Our rule on floats goes alpha times as far."""
    assume(any(q.gradient(q.x)))
    return arrays_take(q, mu, alpha * exact_pal(q, q.x, mu).step, alpha=float(alpha))


halves = st.sampled_from([F(k, 2) for k in range(1, 7)])
relaxations = st.sampled_from([F(k, 4) for k in range(1, 8)])
PLACE = diagonal((2, 5), (3, 4))

PAL_RELAX = Claim(
    id="PAL-RELAX",
    title="Relaxation on quadratics",
    source="dissertation, section 4.4.3, and section 6.3.2, observation 6",
    statement="Going alpha times as far as the minimum of the line gains alpha (2 - alpha) times what an exact search"
    " gains: the loss falls strictly for 0 < alpha < 2, stays for alpha = 2 and rises beyond.",
    formula=r"f(x^+) - f^* = f(x) - f^* - \alpha (2 - \alpha)\, g(x) \le \left(1 - \alpha (2 - \alpha)"
    r" \frac{4 r}{(r + 1)^2}\right) (f(x) - f^*)",
    kind="exact",
    verdict="holds",
    checks=[
        Check("the identity", gains, st.tuples(rational_quadratics(), positive(), halves), examples=150),
        Check(
            "the factor",
            lambda starts, mu, alpha: contracts(*starts, mu, alpha),
            st.tuples(
                st.integers(1, 4).flatmap(lambda n: st.tuples(st.tuples(*[positive()] * n), vectors(n).filter(any))),
                positive(),
                relaxations,
            ),
            examples=100,
        ),
        Check("our rule on arrays", relaxed_arrays, st.tuples(rational_quadratics(), positive(), relaxations), 100),
    ],
    controls=[
        Check(
            "alpha = 2 lowers the loss", lambda: above(PLACE.f(PLACE.x), PLACE.f(exact_pal(PLACE, PLACE.x, F(1), 2).x))
        ),
    ],
)


# --- PAL-SMAX: the largest step


def falls_capped(t, clip=np.minimum):
    """PAL goes min(s, s_max), which is a relaxation alpha <= 1, and the loss falls by that alpha's share.

    clip: what a rule that limits steps otherwise would do; its loss is that of the exact parabola.
    """
    wanted = clip(t.best, t.s_max)
    taken = t.arc if clip is np.minimum else wanted
    alpha = np.minimum(taken / t.best, 1)
    after = t.f[1:] if clip is np.minimum else t.f[:-1] - taken * t.slope * (1 - taken / t.best / 2)
    bound = t.f[:-1] * (1 - alpha * (2 - alpha) * kantorovich(t.condition) + t.off**2)
    return {
        "falls": below(after, bound, 64 * t.n * EPS * t.condition * t.f[:-1]),
        "length": close(taken, wanted, t.off * wanted),
        "capped": below(taken, np.full_like(taken, t.s_max), 4 * EPS * t.s_max),
    }


def capped_exactly(q, mu, alpha, s_max):
    """The cap comes after alpha: min(alpha s, s_max), on exact numbers and on arrays."""
    g = q.gradient(q.x)
    assume(any(g))
    wanted = alpha * dot(g, g) / (2 * dot(g, times(q.Q, g)))
    move = exact_pal(q, q.x, mu, alpha, s_max)
    length = float(s_max) * sqrt(dot(g, g))
    return {
        "exact": equal(move.step, min(wanted, s_max)),
        "arrays": arrays_take(q, mu, move.step, alpha=float(alpha), s_max=length),
    }


PAL_SMAX = Claim(
    id="PAL-SMAX",
    title="The largest step",
    source="dissertation, section 4.4.3 and Algorithm 8, line 17",
    statement="Steps limited to s_max still lower the loss strictly on positive definite quadratics, so that PAL still"
    " converges.",
    formula=r"s = \min(s_{\mathrm{upd}}, s_{\max}) = \alpha\, s_{\mathrm{upd}},\ 0 < \alpha \le 1"
    r" \ \Rightarrow\ f(x^+) < f(x)",
    kind="property",
    verdict="holds",
    checks=[
        Check("the decrease on floats", falls_capped, lambda budget: trajectories(budget, 40, capped=True)),
        Check(
            "the cap comes after alpha",
            capped_exactly,
            st.tuples(rational_quadratics(n=st.integers(1, 3)), positive(), relaxations, positive(9, 50)),
            examples=100,
        ),
    ],
    controls=[
        Check(
            "a smallest step",
            lambda t: falls_capped(t, np.maximum)["falls"],
            lambda budget: trajectories(budget, 1, capped=True),
        )
    ],
)

CLAIMS = (PAL_CASE, PAL_ANGLE, PAL_RELAX, PAL_SMAX)
