"""Places of one variable and what a method does there: tests compute it by hand.

On a parabola of curvature 1 Armijo's condition is s <= 2 (1 - c), and Goldstein's other one s >= 2 c.
"""

import numpy as np

import toybox as tb
from toybox.problems import FromFunction, NoisyQuadratic


def on(value, slope):
    """A loss and its slope, of one variable, for tb.run."""
    return FromFunction(lambda theta, index: (value(theta)[..., 0], slope(theta)), 1, 1)


PARABOLA = NoisyQuadratic(np.eye(1), np.zeros((1, 1)))
SLIDE = on(lambda x: -x, lambda x: 0 * x - 1)
WALL = on(lambda x: np.where(x > 0, 1.0, 0.0), lambda x: 0 * x - 1)
GENTLE = on(lambda x: -(2.0**-10) * x, lambda x: 0 * x - 2.0**-10)
QUARTIC = on(lambda x: x**4 / 4, lambda x: x**3)


def ends(place, name, start, steps=1, **options):
    """Step, status and trials of every step from a start."""
    trace = tb.run(place, tb.method(name, **options), steps=steps, batch=1, theta=[start])
    statuses = [tb.Status(status).name for status in trace.status[:, 0]]
    return list(zip(trace.size[:, 0].tolist(), statuses, trace.trials[:, 0].tolist(), strict=True))


def told(name, gradients, start, **options):
    """Iterates of a method that is told these gradients, whatever theta is, step by step."""
    table = np.array(gradients, float)
    place = FromFunction(lambda theta, index: (0 * theta[..., 0], table[index[..., :1]] + 0 * theta), 1, len(table))
    trace = tb.run(
        place, tb.method(name, **options), steps=len(table), batch=1, theta=[start],
        probes=[tb.Probe("theta", lambda look: look.theta)], sampler=lambda t, j: np.array([[t]]),
    )  # fmt: skip
    return trace.probes["theta"].ravel()


def parabola(minimum):
    """phi and phi' of curvature 1: phi(s) - phi(0) = s^2 / 2 - minimum s."""
    return lambda s: (s - minimum) ** 2 / 2, lambda s: s - minimum


def knots(**rows):
    """phi and phi' where a test knows them: knots(phi={s: ...}, slope={s: ...}). Elsewhere nobody may ask."""
    return rows["phi"].__getitem__, rows["slope"].__getitem__


def asked(found):
    """At which steps a search has asked."""
    return [question.s for question in found.questions]
