"""The problems. A batch is a tuple of sample numbers, its loss the mean over its samples."""

import math

from .basics import Batch, Number, Vector, add, dot, mean, scale


class Quadratics:
    """L_i(x) = 1/2 (x - m_i)' Q_i (x - m_i) + offset_i with symmetric Q_i (section 2.7)."""

    def __init__(self, Q, m, offsets=None):
        self.Q, self.m, self.offsets = Q, m, [0] * len(m) if offsets is None else offsets

    def value(self, x: Vector, batch: Batch) -> Number:
        away = [(i, add(x, -1, self.m[i])) for i in batch]
        return sum(dot(r, self.times(i, r)) / 2 + self.offsets[i] for i, r in away) / len(away)

    def gradient(self, x: Vector, batch: Batch) -> Vector:
        return mean([self.times(i, add(x, -1, self.m[i])) for i in batch])

    def curvature(self, d: Vector, batch: Batch) -> Number:
        """Second derivative along d, the same everywhere."""
        return dot(d, mean([self.times(i, d) for i in batch]))

    def times(self, i: int, v: Vector) -> Vector:
        return tuple(dot(row, v) for row in self.Q[i])


class Factorization:
    """Squared error of W2 W1 x, mean over batch and outputs (Vaswani et al. 2019, section 7.2).

    theta = W1 (rank x inputs), then W2 (outputs x rank), row by row; rank None: theta = W (outputs x inputs).
    """

    def __init__(self, X, Y, rank):
        self.X, self.Y, self.rank = X, Y, rank

    def layers(self, theta: Vector) -> tuple[list[Vector], list[Vector]]:
        inputs, cut = len(self.X[0]), (self.rank or 0) * len(self.X[0])
        rows = lambda flat, width: [flat[k : k + width] for k in range(0, len(flat), width)]
        return rows(theta[:cut], inputs), rows(theta[cut:], self.rank or inputs)

    def predict(self, theta: Vector, i: int) -> tuple[Vector, Vector]:
        """Hidden layer and residual of sample i."""
        W1, W2 = self.layers(theta)
        h = tuple(dot(row, self.X[i]) for row in W1) if self.rank else self.X[i]
        return h, tuple(dot(row, h) - y for row, y in zip(W2, self.Y[i], strict=True))

    def value(self, theta: Vector, batch: Batch) -> Number:
        residuals = [self.predict(theta, i)[1] for i in batch]
        return sum(dot(r, r) / len(r) for r in residuals) / len(batch)

    def gradient(self, theta: Vector, batch: Batch) -> Vector:
        W1, W2 = self.layers(theta)
        samples = []
        for i in batch:
            h, r = self.predict(theta, i)
            back = [dot(r, column) for column in zip(*W2, strict=True)] if W1 else []  # W2' r
            outer = [a * b for a in back for b in self.X[i]] + [a * b for a in r for b in h]
            samples.append(tuple(2 * v / len(r) for v in outer))
        return mean(samples)


class KernelLogistic:
    """Logistic loss of z_i = K_i . theta with y_i in {0, 1}, mean over the batch (Vaswani et al. 2019, 7.3).

    With the margin u = z for y = 1 and u = -z for y = 0 the loss is log(1 + exp(-u)).
    """

    def __init__(self, K, y):
        self.K, self.sign = K, [1 if label else -1 for label in y]

    def margins(self, theta: Vector, batch: Batch) -> list[float]:
        return [float(self.sign[i] * dot(self.K[i], theta)) for i in batch]

    def value(self, theta: Vector, batch: Batch) -> Number:
        losses = [max(-u, 0.0) + math.log1p(math.exp(-abs(u))) for u in self.margins(theta, batch)]
        return sum(losses) / len(losses)

    def gradient(self, theta: Vector, batch: Batch) -> Vector:
        wrong = [math.exp(min(-u, 0.0)) / (1 + math.exp(-abs(u))) for u in self.margins(theta, batch)]
        return mean([scale(-self.sign[i] * p, self.K[i]) for i, p in zip(batch, wrong, strict=True)])
