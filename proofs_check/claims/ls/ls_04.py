r"""LS-04  Existence of Wolfe points

Where: dissertation, eqs. 2.17 and 2.18
Claim: Along a descent direction on which a smooth loss is bounded below, an interval of steps decreases the loss
    sufficiently and leaves a slope that is flat enough, if c1 < c2.
Formula: f(s) \le f(0) + c_1 s f'(0), \qquad |f'(s)| \le c_2 |f'(0)|, \qquad 0 < c_1 < c_2 < 1
Verdict: holds
Kind: property
Sampled: that there are such steps rests on the intermediate and mean value theorems, for every smooth loss; z3 decides
    polynomials only. Our searches find them on lines with random terms.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import lines
from ...claim import only, told
from .common import Curve, bend_up_to, curve, curves, enough, room, searched_curve

claim = told(__doc__)


def flat(line, s, c2):
    """Room in the strong curvature condition, which implies eq. 2.18."""
    return room(abs(line.slope(s)), -c2 * line.slope0, line.slope_noise(s), abs(line.slope0))


@st.composite
def wolfe_constants(draw):
    """c1 in [.001, .95], c2 between it and .999."""
    c1 = draw(st.floats(0.001, 0.95))
    return c1, c1 + draw(st.floats(1e-3, 1)) * (0.999 - c1)


WOLFE = lambda c1, c2: methods.wolfe.StrongWolfe(c1=c1, c2=c2, tries=500)


def wolfe_room(line, c1, c2, s):
    """Room in both conditions at the best of the steps s > 0, the strong form of the second."""
    return np.max(np.minimum(enough(line, s, c1), flat(line, s, c2)))


@claim.check("and an interval of them", st.tuples(lines, wolfe_constants()))
@claim.control("a hundred times as wide", st.tuples(lines, wolfe_constants()), wider=100)
def interval(line, constants, wider=1):
    """Around a step for stricter constants all steps do: as far as the bounds of f'' and f' on [0, 2 s] allow.

    Between c1, c1 + w, c2 - w, c2 with w = (c2 - c1) / 3 the conditions have room w s |f'(0)| and w |f'(0)|, which
    they lose no faster than max |f'| + |f'(0)| and max |f''|.
    """
    (c1, c2), plain, steep = constants, curve(line), -line.slope(0.0)
    w = (c2 - c1) / 3
    s = searched_curve(plain, WOLFE(c1 + w, c2 - w)).size[0, 0]
    largest = bend_up_to(line, 2 * s)
    radius = wider * w * steep * min(s / (2 * steep + 2 * s * largest), 1 / largest)
    around = np.linspace(s - radius, s + radius, 21) if s > 0 else np.full(1, 1e-9)
    return min(np.min(enough(plain, around, c1)), np.min(flat(plain, around, c2)))


def smoothed_step(s):
    """Falls with slope -1 at first, then -1/2, and rises from 50 on."""
    return -s / 2 - (1 - np.exp(-20 * s)) / 40 + 0.01 * np.maximum(0, s - 50) ** 2


LATE = Curve(smoothed_step, lambda s: -0.5 - np.exp(-20 * s) / 2 + 0.02 * np.maximum(0, s - 50))
FALLING = Curve(lambda s: -s, lambda s: 0 * s - 1)
GRID = np.concatenate([np.linspace(0, 200, 20001)[1:], np.geomspace(1e-9, 1e9, 2000)])


@claim.check("our search ends at one", st.tuples(curves, wolfe_constants()))
@claim.control("unbounded below", only(FALLING, (0.1, 0.9), GRID))
@claim.control("c1 = .7 > c2 = .3", only(LATE, (0.7, 0.3), GRID))
def exists(line, constants, more=()):
    """Our searches each find one, or it is among ``more`` steps. A search that failed gives step 0, which is steep."""
    steps = {
        "arrays": searched_curve(line, WOLFE(*constants)).size[0, 0],
        "alone": tb.search(WOLFE(*constants), line.f, line.slope).step,
    }
    room = lambda s: wolfe_room(line, *constants, np.array([max(s, 1e-9), *more]))
    return {name: room(s) for name, s in steps.items()}
