"""A loss restricted to a line, as an object: phi(s) = L(theta + s d; sample).

Every line has ``value0`` and ``slope0`` (*lanes,), and at steps s of shape (*lanes, k), in multiples of d,

    change(s)     phi(s) - phi(0) without cancellation: the primitive     (*lanes, k)
    slope(s)      phi'(s)                                                 (*lanes, k)
    curvature(s)  phi''(s)                                                (*lanes, k)
    samples(s)    values and slopes of every example                      two of (*lanes, k, n)
    at(s)         the Point at theta + s d, for s of shape (*lanes,)
    proxy(window) the line on (low, high) as one Chebyshev polynomial

``where`` (*lanes,) names the lanes that really ask; the answers of the others mean nothing. Lines are immutable.
"""

from .composite import CompositeLine
from .generic import GenericLine, along, examples
from .hermite import HermiteLine
from .line import Line
from .mean import MeanLine
from .metered import Metered
from .polynomial import PolynomialLine

__all__ = [
    "CompositeLine",
    "GenericLine",
    "HermiteLine",
    "Line",
    "MeanLine",
    "Metered",
    "PolynomialLine",
    "along",
    "examples",
]
