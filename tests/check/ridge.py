"""A problem, of functions, that satisfies every law; the tests break it."""

import numpy as np

import toybox as tb

rng = np.random.default_rng(0)
A, y = rng.standard_normal((30, 4)), rng.standard_normal(30)


@tb.register("ridge", "least squares")
def ridge(weight=1.0):
    def samples(theta, index):
        rows = A[index]
        r = (rows * theta[..., None, :]).sum(-1) - y[index]
        return r**4 + r * r, rows * (4 * r**3 + 2 * r)[..., None]

    def f(theta, index):
        values, gradients = samples(theta, index)
        return values.mean(-1), gradients.mean(-2)

    def hvp(theta, index, v):
        rows = A[index]
        r = (rows * theta[..., None, :]).sum(-1) - y[index]
        return (rows * ((12 * r * r + 2) * (rows * v[..., None, :]).sum(-1))[..., None]).mean(-2)

    return tb.problems.FromFunction(f, 4, 30, samples=samples, hvp=hvp)
