"""Every method of the documents, each family in one file: what it is and where it is printed, deviations, the record of
its hyper-parameters, the text of its search, and the names under which it can be had.

What the statuses of a method's steps mean, and what each guarantees, stands in ``rays.Status``.
"""

from . import (
    accelerated,
    adam,
    alig,
    armijo,
    cocob,
    exact,
    extragradient,
    fixed,
    goldstein,
    golsi,
    hypergradient,
    labpal,
    momentum,
    pal,
    pls,
    rmsprop,
    wolfe,
)

FAMILIES = (
    *(fixed, momentum, adam, rmsprop, hypergradient, alig, cocob),
    *(armijo, goldstein, accelerated, extragradient, wolfe, golsi, pls, pal, labpal, exact),
)
METHODS = {name: entry for family in FAMILIES for name, entry in family.NAMES.items()}
