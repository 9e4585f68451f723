"""ALI-G by hand: momentum, and where it takes no step."""

import numpy as np
import pytest

import toybox as tb
from places import QUARTIC, SLIDE
from toybox.problems import FromFunction
from with_defaults import oracles


@pytest.mark.parametrize(("adjusted", "second"), [(False, 0.328125), (True, 0.230625)])
def test_two_steps_of_ali_g_with_momentum(adjusted, second):
    """x^4 / 4 from 1, eps = 0, momentum 1/2: eta = 1 / (4 x^2), and eta g = x / 4. First 1 - 1/4 - 1/2 1/4 = 5/8, with
    a velocity of 1/4, or of 1 if it is made of gradients. Then eta = .64 and 5/8 is left by 5/32 and by half of
    1/2 1/4 + 5/32, or by half of .64 (1/2 1 + (5/8)^3)."""
    method = tb.method("ali-g", eps=0.0, momentum=0.5, adjusted=adjusted)
    ends = [tb.run(QUARTIC, method, steps=steps, batch=1, theta=[1.0]).theta[0, 0] for steps in (1, 2)]
    np.testing.assert_allclose(ends, [0.625, second], rtol=16 * 2.0**-52)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_ali_g_never_goes_uphill(momentum):
    """A negative loss counts as 0, which is the least that the rule knows of."""
    trace = tb.run(SLIDE, tb.method("ali-g", momentum=momentum), steps=1, batch=1, theta=[3.0])  # the loss is -3
    assert (trace.status[0, 0], trace.size[0, 0], trace.theta[0, 0]) == (tb.Status.UNMOVED, 0, 3)
    (move,) = oracles.ali_g(oracles.Quadratics([((1.0,),)], [(0.0,)], [-9.0]), (3.0,), [(0,)], momentum=momentum)
    assert move == ((3.0,), 0, oracles.UNMOVED, 0)


def test_ali_g_is_not_capped_where_it_takes_no_step():
    """No gradient, and still a loss of 1: without a step there is no largest one, though the momentum goes on."""
    f = lambda theta, index: (0 * theta[..., 0] + 1, np.where(index[..., :1] == 1, 0.0, -1.0) + 0 * theta)
    trace = tb.run(
        FromFunction(f, 1, 2), tb.method("ali-g", max_rate=0.5, momentum=0.5), steps=2, batch=1, theta=[0.0],
        sampler=lambda t, j: np.array([[t]]),
    )  # fmt: skip
    assert trace.status[:, 0].tolist() == [tb.Status.CAPPED, tb.Status.FOUND]
    assert trace.size[:, 0].tolist() == [0.5, 0]
