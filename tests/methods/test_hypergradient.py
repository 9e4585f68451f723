"""A rate that descends, by hand."""

import numpy as np
import pytest

import toybox as tb
from places import SLIDE
from toybox.problems import FromFunction


@pytest.mark.parametrize(
    ("form", "subtracted"),
    [("gradient", [1, 1, 1]), ("momentum", [1, 1.5, 1.75]), ("nesterov", [1.5, 1.75, 1.875])],
)
def test_the_hypergradient_is_that_of_what_was_subtracted(form, subtracted):
    """Down a slide of slope 1: momentum 1/2 makes the vectors 1, 1 + 1/2, ..., and Nesterov's 1 + half of them; the
    rate grows by 1/64 of the last vector. All of it is exact."""
    options = {"rate": 0.5, "hyper_rate": 1 / 64, "form": form, "momentum": 0.5}
    trace = tb.run(SLIDE, tb.method("sgd-hd", **options), steps=3, batch=1, theta=[0.0])
    rates = [0.5, 0.5 + subtracted[0] / 64, 0.5 + (subtracted[0] + subtracted[1]) / 64]
    assert trace.size[:, 0].tolist() == rates
    assert trace.theta[0, 0] == sum(rate * u for rate, u in zip(rates, subtracted, strict=True))


def test_a_hypergradient_that_overflows_leaves_the_rate_alone():
    """1.3e154 times -1.5e154 is more than a double holds, though no vector is too long for its square: with momentum
    .9 the second one is 1.17e154 - 1.5e154."""
    slopes = np.array([1.3e154, -1.5e154])
    steep = FromFunction(lambda theta, index: (0 * theta[..., 0], slopes[index][..., :1] + 0 * theta), 1, 2)
    method = tb.method("sgd-hd", rate=1e-160, form="momentum", momentum=0.9)
    with np.errstate(over="ignore"):
        trace = tb.run(steep, method, steps=2, batch=1, theta=[0.0], sampler=lambda t, j: np.array([[t]]))
    assert trace.size[:, 0].tolist() == [1e-160, 1e-160]
    assert (trace.status == tb.Status.FOUND).all()
