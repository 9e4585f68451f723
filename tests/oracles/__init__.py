# ruff: noqa: F401 - everything is re-exported here
"""The methods as plain loops on Python numbers: what tests compare the package with, of which nothing here knows.

A vector is a tuple of numbers, a batch is whatever the problem understands, a problem is anything with
`value(x, batch)` and `gradient(x, batch)`. A method is a generator that takes one batch per step and yields
one `Move` per step; `fresh(t, j)`, where a method wants it, is the j-th further batch of step t, j >= 1.
Numbers are floats or Fractions; additions, products and quotients keep fractions exact. No hyper-parameter has a
default: callers pass the package's (``with_defaults``).

Symbols: x parameters (theta), g mini-batch gradient, d direction, s step, t step number, phi loss along d.
The step multiplies d. Numbers of equations, algorithms and their lines are those of M. Mutschler's
dissertation unless a paper is named. The head of a file says where it leaves the printed rules, and where the
authors' released code does. For all:

- every search: if the slope at s = 0 is positive (ASCENT), zero (STATIONARY) or loss or slope there are not
  finite (NONFINITE), x stays and nothing more is evaluated. Only PAL is explicit about this (step 0, too).
- every method: a step that leaves x as it was is UNMOVED, not FOUND.
- fixed rates and directions step whatever the slope, unless it is not finite or the direction 0 (STATIONARY). They do
  not look at the loss; the array code, which knows it, ends where it is not finite.
"""

from .backtracking import armijo, backtracking, seg, sls, sls_goldstein, sls_nesterov, sls_polyak
from .basics import (
    ASCENT,
    CAPPED,
    EXHAUSTED,
    FOUND,
    NONFINITE,
    STATIONARY,
    UNMOVED,
    Batch,
    Batches,
    Fresh,
    Move,
    Moves,
    Number,
    Phi,
    Problem,
    Vector,
    add,
    decreases,
    dot,
    finite,
    line,
    mean,
    norm,
    outlook,
    root,
    scale,
)
from .bracketing import bisect, exact, exact_full, golsi, sign_change, strong_wolfe
from .closed import (
    SCHEDULES,
    ali_g,
    conjugate,
    cosine,
    fixed,
    inverse,
    inverse_root,
    pal,
    pal_conjugate,
    pal_dy,
    pal_fr,
    pal_hs,
    pal_pr,
    parabola_step,
    piecewise,
    sgd,
    sgd_hd,
)
from .directions import adam, cocob, momentum, nsgd, rmsprop
from .measured import (
    doubling,
    fbpal,
    labpal,
    labpal_nsgd,
    labpal_sgd,
    released_parabola,
    released_step,
    three_point_parabola,
)
from .probabilistic import pls
from .problems import Factorization, KernelLogistic, Quadratics
