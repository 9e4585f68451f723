"""Adam and RMSProp by hand, on gradients that are given: -1, 2 and -2."""

import numpy as np
import pytest

import toybox as tb
from toybox.problems import FromFunction

GRADIENTS = np.array([-1.0, 2.0, -2.0])
GIVEN = FromFunction(lambda theta, index: (0 * theta[..., 0], GRADIENTS[index[..., :1]] + 0 * theta), 1, 3)


def moves(name, **options):
    iterate = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(
        GIVEN, tb.method(name, rate=1.0, **options), steps=3, batch=1, theta=[0.0], probes=[iterate],
        sampler=lambda t, j: np.array([[t]]),
    )  # fmt: skip
    return np.diff(trace.probes["theta"].ravel())


def test_adam_divides_what_is_corrected():
    """beta1 = 1/2: m = -1/2, 3/4, -5/8, by 1/2, 3/4, 7/8. beta2 = 3/4: v = 1/4, 19/16, 121/64, by 1/4, 7/16, 37/64."""
    expected = [1, -1 / (19 / 7) ** 0.5, (5 / 7) / (121 / 37) ** 0.5]
    assert moves("adam", beta1=0.5, beta2=0.75, eps=1e-20) == pytest.approx(expected, rel=2**-48)


def test_adam_adds_eps_to_the_root():
    assert moves("adam", beta1=0.5, beta2=0.75, eps=0.25)[0] == pytest.approx(1 / 1.25, rel=2**-48)


def test_rmsprop_divides_by_the_root_of_the_mean_of_squares():
    """decay = 3/4: v = 1/4, 19/16, 121/64; nothing is corrected."""
    expected = [1 / 0.5, -2 / (19**0.5 / 4), 2 / (11 / 8)]
    assert moves("rmsprop", decay=0.75, eps=1e-20) == pytest.approx(expected, rel=2**-48)
    assert moves("rmsprop", decay=0.75, eps=0.5)[0] == pytest.approx(1, rel=2**-48)
