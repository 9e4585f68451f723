r"""RM-02  Mean-square convergence on a noisy quadratic

Where: dissertation, eq. 2.13
Claim: SGD on a parabola with independent gradient errors of mean 0 converges in the mean square under the two
    conditions on its rates. With the rates 1, 1/2, 1/3, ... and curvature 1 the mean square after t steps is the
    variance over t.
Formula: e_{t+1} = (1 - \lambda_t h)^2 e_t + \lambda_t^2 \sigma^2 \to 0, \qquad \lambda_t = \frac1t,\ h = 1: e_{t+1} =
    \frac{\sigma^2}{t}
Verdict: holds
Kind: exact
Found: It may take long: for rates c / t with c h below one half the start is forgotten like t^(-2 c h) only, and for
    powers just below 1 not much faster.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

from ...cases import mean
from ...claim import close, equal, only, told
from ...ours import Quadratics, moves
from ...proof import Theorem
from .common import LONG, SEED, after, inverse, one_step, powers, simulated

claim = told(__doc__)


@claim.proof("the recursion", broken={"errors that know the place": {"independent": False}})
def recursion(rate, h, square, product, noise, independent=True):
    """E (x - rate (h x + error))^2, by the means of x^2, of x times the error and of the error's square."""
    after = (1 - rate * h) ** 2 * square - 2 * rate * (1 - rate * h) * product + rate**2 * noise
    given = (square >= 0, noise >= 0, product == 0) if independent else (square >= 0, noise >= 0)
    return Theorem(given, {"step": after == one_step(square, rate, h, noise)})


@claim.proof("it converges", broken={"rates above 2 / h": {"largest": 3}})
def falls(e, rate, h, noise, rest, largest=1):
    """``rest``: the sum of the squares of this rate and all later ones. e + noise * rest falls by rate h e at least,
    once rate h <= 1.

    So it converges, and so does e, as rest tends to 0. As the falls have a finite sum, and the rates have none, e comes
    near 0 again and again: its limit is 0.
    """
    lyapunov = lambda e, rest: e + noise * rest
    fallen = lyapunov(e, rest) - lyapunov(one_step(e, rate, h, noise), rest - rate**2)
    return Theorem((e >= 0, noise >= 0, h > 0, rate > 0, rate * h <= largest), {"falls": fallen >= rate * h * e})


@claim.proof("rates 1, 1/2, 1/3, ... and curvature 1", broken={"curvature 2": {"h": 2}})
def harmonic(t, e, noise, h=1):
    """From any e the first step leads to the variance, and each step from the variance over t to that over t + 1."""
    return Theorem(
        (t >= 1, e >= 0, noise > 0),
        {
            "first": one_step(e, 1, h, noise) == noise,
            "next": one_step(noise / t, 1 / (t + 1), h, noise) == noise / (t + 1),
        },
    )


@claim.check("our SGD on exact numbers, all paths", lambda budget: [(F(1), F(7)), (F(5, 3), F(-2))])
@claim.control("no square of the factor, exactly", only(F(5, 3), F(-2)), power=1)
def all_paths(h, x, power=2):
    """Four steps on h/2 (x - 1)^2 and h/2 (x + 1)^2: gradients h x err by plus or minus h. Our schedule 1/t."""
    plain = Quadratics([((h,),)] * 2, [(F(1),), (F(-1),)])
    paths = ([(i,) for i in path] for path in product(range(2), repeat=4))
    walks = [moves("sgd", plain, (x,), path, rate=F(1), schedule="1/t") for path in paths]
    found, e = [mean([walked[t].x[0] ** 2 for walked in walks]) for t in range(4)], [x * x]
    for t in range(4):
        e.append(one_step(e[-1], inverse(t), h, h * h, power))
    return equal(found, e[1:])


@claim.check("how fast the start is forgotten", lambda budget: [(0.1, 0.01), (0.2, 0.02)])
@claim.control("as fast as for twice the rate", only(0.1, 0.01), power=4)
def forgotten(c, tolerance, power=2):
    """Rates c / t, curvature 1: between 10^5 and 10^6 steps the mean square falls nearly like t^(-2 c)."""
    early, late = (after(c * powers(1, T)) for T in (LONG // 10, LONG))
    return close(late / early, 10 ** (-power * c), tolerance)


claim.check("our SGD, 10^4 chains", SEED, degree="simulated")(simulated)
claim.control("no square of the factor, chains", SEED, power=1, limit=10, many=2000)(simulated)
