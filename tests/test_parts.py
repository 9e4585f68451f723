"""What rules may have beside the line: an iterate to report, the direction's memory, a second direction, blocks of
parameters, and the gradient of this batch elsewhere."""

import numpy as np
import pytest

import toybox as tb
from toybox import methods
from toybox.hyper import hyperparameters
from toybox.problems import Network
from toybox.rays import Iterate, Step

QUADRATIC = tb.problem("quadratic")
LOGISTIC = tb.problem("logistic", size=40)


def walked(rule, problem=QUADRATIC, direction=None, steps=6, **options):
    theta = tb.Probe("theta", lambda look: look.theta)
    optimizer = tb.Optimizer(direction or tb.Gradient(), rule)
    return tb.run(problem, optimizer, steps=steps, batch=10, seeds=[1, 2], **{"probes": [theta]} | options)


@hyperparameters
class Averaged:
    """A fixed step; the mean of all iterates is reported."""

    point: bool = False

    def init(self, xp, lanes):
        return None

    def step(self, ray, total):
        size = 0.1 + 0 * ray.norm
        after = ray.origin.theta + size[..., None] * ray.d
        total = ray.origin.theta + after if total is None else total + after
        status = ray.xp.zeros(size.shape, dtype=ray.xp.int8)
        moved = Iterate(after) if self.point else None
        return Step(size, total, status, moved, report=total / (ray.t + 2))


@pytest.mark.parametrize("point", [False, True])
@pytest.mark.parametrize("problem", [QUADRATIC, LOGISTIC], ids=["quadratic", "logistic"])
def test_the_reported_iterate_is_looked_at_and_gradients_are_taken_elsewhere(point, problem):
    plain, averaged = walked(methods.fixed.Fixed(0.1), problem), walked(Averaged(point), problem)
    np.testing.assert_array_equal(averaged.loss, plain.loss)  # of the batch, where the gradient is taken
    np.testing.assert_array_equal(averaged.size, plain.size)
    means = np.cumsum(plain.probes["theta"], axis=0) / np.arange(1, 8)[:, None, None]
    np.testing.assert_allclose(averaged.probes["theta"], means, rtol=1e-13)
    np.testing.assert_array_equal(averaged.theta, averaged.probes["theta"][-1])
    full = [problem.at(theta, problem.population).value for theta in averaged.probes["theta"]]
    np.testing.assert_allclose(averaged.full_loss, full, rtol=1e-13)
    assert not np.allclose(averaged.full_loss[-1], plain.full_loss[-1])


def test_an_ended_lane_goes_on_reporting_what_it_reported_last():
    class Ends(Averaged):
        def step(self, ray, total):
            step = super().step(ray, total)
            return step._replace(size=np.where((np.arange(2) == 0) & (ray.t == 3), np.nan, step.size))

    trace, whole = walked(Ends()), walked(Averaged())
    np.testing.assert_array_equal(trace.probes["theta"][:4], whole.probes["theta"][:4])
    np.testing.assert_array_equal(trace.probes["theta"][3:, 0], trace.probes["theta"][[3] * 4, 0])
    np.testing.assert_array_equal(trace.probes["theta"][:, 1], whole.probes["theta"][:, 1])


def test_a_report_of_another_shape_is_refused():
    class Wrong(Averaged):
        def step(self, ray, total):
            return super().step(ray, total)._replace(report=ray.norm)

    with pytest.raises(
        ValueError, match=r"Wrong.step answered report=an array of shape \(2,\).*accepted: an array of shape"
    ):
        walked(Wrong())


@hyperparameters
class Seeing:
    """A fixed step; keeps what a look at the ray gives."""

    look: object = None

    def init(self, xp, lanes):
        return ()

    def step(self, ray, state):
        status = ray.xp.zeros(ray.norm.shape, dtype=ray.xp.int8)
        return Step(0.01 + 0 * ray.norm, (*state, self.look(ray)), status)


def seen(look, problem=QUADRATIC, direction=None, steps=4):
    """What a look gives at every step, and the trace."""
    kept = []
    trace = walked(Seeing(lambda ray: kept.append(look(ray))), problem, direction, steps, probes=[])
    return kept, trace


def test_a_rule_sees_the_memory_of_its_direction():
    for direction in (methods.adam.Adam(), tb.Unit(methods.adam.Adam())):
        memories, _ = seen(lambda ray: (ray.memory, ray.origin.gradient), direction=direction)
        m = 0
        for t, (memory, g) in enumerate(memories, 1):
            m = 0.9 * m + 0.1 * g
            assert memory.t == t
            np.testing.assert_allclose(memory.m, m, rtol=1e-13)


def test_a_line_along_a_second_direction_is_paid_for():
    """Its slope at 0 is known with the gradient; a value on it costs one, as on the first."""

    def look(ray):
        other = ray.beside(-2 * ray.d)
        s = 0.1 + 0 * ray.norm[..., None]
        return ray.line().slope0, other.line().slope0, other.line().change(-s / 2), ray.line().change(s)

    found, trace = seen(look)
    for slope, other, change, same in found:
        np.testing.assert_allclose(other, -2 * slope, rtol=1e-13)
        np.testing.assert_allclose(change, same, rtol=1e-12)
    assert (trace.trials == 2).all()
    assert (np.diff(trace.cost("values"), axis=0) == 3).all()  # and that of the gradient


@pytest.mark.parametrize("problem", [QUADRATIC, LOGISTIC], ids=["quadratic", "logistic"])
def test_the_gradient_of_this_batch_elsewhere_is_paid_for(problem):
    look = lambda ray: (ray.gradient_at(ray.origin.theta + 0.3 * ray.d), ray.line().at(0.3 + 0 * ray.norm).gradient)
    found, trace = seen(look, problem)
    for there, along in found:
        np.testing.assert_allclose(there, along, rtol=1e-11, atol=1e-14)
    assert (np.diff(trace.cost("gradients"), axis=0) == 2).all()
    assert (trace.trials == 0).all()


def test_blocks_are_the_parts_of_theta():
    places = {
        "quadratic": QUADRATIC,
        "factorization": tb.problem("factorization", rank=4),
        "true model": tb.problem("factorization", rank=None),
        "network": Network(np.eye(5, 3), np.arange(5) % 2, hidden=(4,)),
    }
    names = {}
    for name, problem in places.items():
        (blocks, *_), _ = seen(lambda ray: ray.blocks, problem, steps=1) if name != "network" else ([problem.blocks], 0)
        ends = [0, *(part.stop for part in blocks.values())]
        assert [part.start for part in blocks.values()] == ends[:-1]
        assert ends[-1] == problem.dim
        names[name] = list(blocks)
    assert names == {
        "quadratic": ["theta"],
        "factorization": ["W1", "W2"],
        "true model": ["W"],
        "network": ["W1", "b1", "W2", "b2"],
    }
    place = places["factorization"]
    theta = place.initial([0])
    for (name, part), matrix in zip(place.blocks.items(), place.matrices(theta), strict=True):
        np.testing.assert_array_equal(theta[..., part], matrix.reshape(1, -1), err_msg=name)
