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

import numpy as np

from ...claim import close, equal, told

claim = told(__doc__)


def points():
    return len(np.arange(-0.5, 0.5, 0.006))


def inferences(size):
    """Of batches of this size: 10000 lines, all points, 8 % of 50000 samples."""
    return F(10_000 * points() * 4000, size)


@claim.check("the printed numbers")
def printed_counts():
    from toybox import methods

    return {
        "points": equal(points(), 167),
        "data set": equal(F(8, 100) * 50_000, 4000),
        "evaluations": equal(10_000 * points(), 1_670_000),
        "inferences": close(float(inferences(128)) / 1e6, 52.19, 0.005),
        "10^-1.3": close(10**-1.3, 0.0501, 5e-5),
        "10^0.5": close(10**0.5, 3.162, 5e-4),
        "our largest step": close(methods.pal.PAL().s_max, 10**0.5, 0.005),
    }


claim.control("inferences of single samples, 6.7e9")(lambda: close(float(inferences(1)) / 1e6, 52.19, 0.005))
