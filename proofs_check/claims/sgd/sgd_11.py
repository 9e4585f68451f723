r"""SGD-11  Bookkeeping of the measurement

Where: dissertation, sections 5.2 and 5.3; Mutschler & Zell 2021 (ICANN), section 3
Claim: 10000 lines of 167 points are 1.67 million evaluations of the whole data set, which are more than 52 million
    inferences of batches of 128 for 4000 samples, 8 per cent of CIFAR-10. The grids' 10^-1.3 and 10^0.5 are .0501 and
    3.162.
Formula: 10^4\cdot 167 = 1.67\cdot 10^6, \qquad 1.67\cdot 10^6\cdot\frac{4000}{128} = 52.19\cdot 10^6
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from math import ceil

from toybox import methods

from ...claim import close, equal, only, told

claim = told(__doc__)


@claim.check("the printed numbers", only(128), degree="proved")
@claim.control("inferences of single samples, 6.7e9", only(1))
def printed_counts(batch):
    """Points of -0.5, -0.494, ... below 0.5; 10000 lines, all points, 8 % of 50000 samples in batches of this size."""
    points = ceil(1 / F(6, 1000))
    return {
        "points": equal(points, 167),
        "data set": equal(F(8, 100) * 50_000, 4000),
        "evaluations": equal(10_000 * points, 1_670_000),
        "inferences": close(float(F(10_000 * points * 4000, batch)) / 1e6, 52.19, 0.005),
        "10^-1.3": close(10**-1.3, 0.0501, 5e-5),
        "10^0.5": close(10**0.5, 3.162, 5e-4),
    }


@claim.check("our largest step", only(0.5))
@claim.control("10^-1.3", only(-1.3))
def of_pal(power):
    return close(methods.pal.PAL().s_max, 10**power, 0.005)
