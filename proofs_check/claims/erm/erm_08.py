r"""ERM-08  Memory of the Hessian

Where: dissertation, section 2.4
Claim: Where the gradient takes 150 MB, the Hessian takes 22.5 GB: too much for a GPU.
Formula: 150\,\mathrm{MB} \Rightarrow 22.5\,\mathrm{GB}
Verdict: refuted
Kind: exact
Found: Megabytes were squared. With 4 bytes per number there are 37.5 million parameters, and the Hessian takes 5.6 PB,
    or 2.8 PB if its symmetry is used: 250000 times as much. That it does not fit is all the more true.
True: 4 n^2 = 4\,(3.75 \cdot 10^7)^2 = 5.6 \cdot 10^{15}
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import Contrast, at_most, equal, only, told

claim = told(__doc__)

MB, GB = 10**6, 10**9


def hessian(width=4, gradient=150 * MB):
    """Bytes of all second derivatives of n = gradient / width parameters, and of half of them."""
    n = F(gradient, width)
    return n * n * width, n * (n + 1) / 2 * width


@claim.check("bytes", degree="proved")
@claim.control("with 8 bytes per number", only(8))
def memory(width=4):
    dense, half = hessian(width)
    return {
        "parameters": equal(F(150 * MB, width), 37_500_000),
        "5.6 PB": F(1, 20) - abs(dense / 10**15 - F(28, 5)),
        "2.8 PB by symmetry": F(1, 20) - abs(half / 10**15 - F(14, 5)),
        "what was squared are megabytes": equal(F(150) ** 2 * MB, F(225, 10) * GB),
        "factor": equal(dense / (F(225, 10) * GB), 250_000),
    }


@claim.check("numbers of one byte to eight", lambda budget: [1, 2, 4, 8])
@claim.control("of a gradient of 150 kB", only(4), gradient=MB * 15 // 100)
def on_a_device(width, gradient=150 * MB):
    """More than 1000 devices of 100 GB hold."""
    return at_most(1000 * 100 * GB, hessian(width, gradient)[1])


@claim.counterexample("bytes of the Hessian, from those of the gradient", only(150 * MB))
def squared_megabytes(gradient):
    return Contrast(F(225, 10) * GB, hessian(gradient=gradient)[0])
