"""The same rules as straight-line NumPy code, one run at a time: what a careful person would write without a library.

Batches come from shuffled epochs drawn by NumPy's generator. The baselines (a) of the benchmarks.
"""

from __future__ import annotations

import numpy as np


def epochs(size: int, batch: int, seed: int):
    """Index arrays of shuffled epochs, without end."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(size)
        for k in range(size // batch):
            yield order[k * batch : (k + 1) * batch]


def factorization(X, Y, rank):
    """loss(theta, index) and loss_gradient(theta, index) of the mean of (W2 W1 x - y)^2."""
    cut = rank * X.shape[1]

    def loss(theta, x, y):
        r = x @ theta[:cut].reshape(rank, -1).T @ theta[cut:].reshape(-1, rank).T - y
        return float(np.mean(r * r))

    def gradient(theta, x, y):
        W1, W2 = theta[:cut].reshape(rank, -1), theta[cut:].reshape(-1, rank)
        h = x @ W1.T
        r = h @ W2.T - y
        value = float(np.mean(r * r))
        g = r * (2 / r.size)
        return value, np.concatenate([((g @ W2).T @ x).ravel(), (g.T @ h).ravel()])

    return loss, gradient


def quadratic(Q, m):
    """The same pair for L_i = 1/2 (x - m_i)' Q_i (x - m_i)."""

    def loss(theta, Qb, mb):
        e = theta - mb
        return float(np.mean(0.5 * np.einsum("bi,bij,bj->b", e, Qb, e)))

    def gradient(theta, Qb, mb):
        e = theta - mb
        v = np.matmul(Qb, e[:, :, None])[:, :, 0]
        return float(np.mean(0.5 * np.sum(e * v, axis=1))), v.mean(axis=0)

    return loss, gradient


def kernel(K, y):
    """The same pair for the logistic loss of K theta; y in {-1, 1}."""

    def loss(theta, Kb, yb):
        m = yb * (Kb @ theta)
        return float(np.mean(np.logaddexp(0, -m)))

    def gradient(theta, Kb, yb):
        m = yb * (Kb @ theta)
        v = -yb / (1 + np.exp(m)) / len(yb)
        return float(np.mean(np.logaddexp(0, -m))), v @ Kb

    return loss, gradient


def sls(problem, tables, theta, steps, batch, seed=0, c=0.1, beta=0.9, gamma=1.5, first=1.0):
    """Vaswani et al. 2019, Algorithm 1, with resets gamma^(B/D)."""
    loss, loss_gradient = problem
    a, b = tables
    growth, eta = gamma ** (batch / len(a)), first
    batches = epochs(len(a), batch, seed)
    for _ in range(steps):
        index = next(batches)
        x, y = a[index], b[index]
        value, g = loss_gradient(theta, x, y)
        square = float(g @ g)
        eta *= growth
        for _ in range(100):
            if loss(theta - eta * g, x, y) <= value - c * eta * square:
                break
            eta *= beta
        theta = theta - eta * g
    return theta


def pal(problem, tables, theta, steps, batch, seed=0, mu=0.1, alpha=1.0, beta=0.4, s_max=10**0.5):
    """Mutschler & Zell 2020, Algorithm 8 of the dissertation."""
    loss, loss_gradient = problem
    a, b = tables
    batches, d = epochs(len(a), batch, seed), np.zeros_like(theta)
    for _ in range(steps):
        index = next(batches)
        x, y = a[index], b[index]
        value, g = loss_gradient(theta, x, y)
        d = beta * d - g
        unit = d / np.sqrt(d @ d)
        slope = float(g @ unit)
        curve = (loss(theta + mu * unit, x, y) - value - slope * mu) / mu**2
        if slope < 0:
            s = -alpha * slope / (2 * curve) if curve > 0 else mu
            theta = theta + min(s, s_max) * unit
    return theta
