"""A problem, of classes with lines of their own, that satisfies every law; the tests break it."""

import numpy as np

import toybox as tb
from toybox.sampling import draw
from toybox.xp import namespace

m = np.random.default_rng(0).standard_normal((20, 3))
buffer = {}


@tb.register("bowl")
class Bowl:
    dim, size, xp, dtype = 3, 20, namespace("numpy"), np.dtype("float64")

    def __init__(self):
        self.population = np.arange(20)

    def initial(self, seeds):
        return np.ones((len(seeds), 3))

    def draw(self, seeds, t, j, size, how="epochs"):
        return draw(how, seeds, t, j, size, 20)

    def at(self, theta, sample):
        return Point(theta, sample)


class Point:
    def __init__(self, theta, sample):
        self.theta, self.e = theta, theta[..., None, :] - m[sample]

    @property
    def value(self):
        return (self.e**2).sum(-1).mean(-1)

    @property
    def gradient(self):
        return 2 * self.e.mean(-2)

    def along(self, d):
        return Parabola(self, d)


class Parabola:
    def __init__(self, point, d):
        self.point, self.d, self.value0 = point, d, point.value
        self.slope0, self.bend = (point.gradient * d).sum(-1), (d * d).sum(-1)

    def change(self, s, where=None):
        return s * (self.slope0[..., None] + s * self.bend[..., None])

    def slope(self, s, where=None):
        return self.slope0[..., None] + 2 * s * self.bend[..., None]

    def at(self, s):
        return Point(self.point.theta + s[..., None] * self.d, self.point.sample)
