"""Momentum by hand: down a slide of slope 1 the vectors are 1, 1 + 1/2, ... with beta = 1/2."""

import pytest

import toybox as tb
from places import SLIDE
from toybox.methods.fixed import Fixed
from toybox.methods.momentum import Momentum


def walk(method):
    iterate = tb.Probe("theta", lambda look: look.theta)
    return tb.run(SLIDE, method, steps=3, batch=1, theta=[0.0], probes=[iterate]).probes["theta"].ravel().tolist()


def test_the_heavy_ball_remembers():
    assert walk(tb.method("momentum", rate=0.25, beta=0.5)) == [0, 0.25, 0.25 + 0.375, 0.25 + 0.375 + 0.4375]


@pytest.mark.parametrize(("nesterov", "vectors"), [(False, [1, 1.5, 1.75]), (True, [1.5, 1.75, 1.875])])
def test_nesterov_looks_a_step_ahead(nesterov, vectors):
    theta = walk(tb.Optimizer(Momentum(0.5, nesterov), Fixed(1.0)))
    assert theta == [0, vectors[0], sum(vectors[:2]), sum(vectors)]
