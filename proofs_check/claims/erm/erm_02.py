r"""ERM-02  True error = approximation error + estimation error

Where: dissertation, eq. 2.5
Claim: How much a trained predictor is worse than the best of all is what its class costs, plus what choosing from the
    class by a sample costs. Both are at least 0.
Formula: L_{\mathcal D}(h) - L_{\mathcal D}(h^*) = [L_{\mathcal D}(h^*_{\mathbb H}) - L_{\mathcal D}(h^*)] +
    [L_{\mathcal D}(h) - L_{\mathcal D}(h^*_{\mathbb H})]
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from hypothesis import strategies as st

from ...claim import at_most, equal, told
from .common import PAIRS, PREDICTORS, World, distributions

claim = told(__doc__)

classes = st.integers(1, 255).map(lambda mask: tuple(h for i, h in enumerate(PREDICTORS) if mask >> i & 1))


@st.composite
def worlds(draw):
    weights = draw(distributions)
    support = [pair for pair, w in zip(PAIRS, weights, strict=True) if w]
    return World(weights, draw(classes), tuple(draw(st.lists(st.sampled_from(support), min_size=1, max_size=5))))


@claim.check("sum and signs", worlds(), examples=300)
@claim.control("a constant for the best of all", worlds(), examples=20, bayes=lambda w: PREDICTORS[0])
def split(world, choose=World.minimiser, bayes=lambda world: world.best(PREDICTORS)):
    """The excess risk as the sum of the two errors, none of them negative."""
    h, h_class, h_all = choose(world), world.best(world.H), bayes(world)
    approximation = world.risk(h_class) - world.risk(h_all)
    estimation = world.risk(h) - world.risk(h_class)
    return {
        "sum": equal(world.risk(h) - world.risk(h_all), approximation + estimation),
        "approximation": at_most(0, approximation),
        "estimation": at_most(0, estimation),
    }


@claim.control("a predictor that is not in the class", worlds(), examples=20)
def outside(world):
    """The best predictor, where it is not in the class."""
    world = world._replace(H=(PREDICTORS[0],))
    return split(world, choose=lambda world: world.best(PREDICTORS))
