"""The same rules in the style of a PyTorch optimizer: ``step(closure)``, one run at a time, gradients by autograd.

What a clean package of such optimizers would contain. The closure gives the loss on the batch at hand; nothing is
reseeded and nothing is printed. The baselines (b) of the benchmarks.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch

from .straight import epochs


class Search(torch.optim.Optimizer):
    """What both have in common: gradients once, then losses at trial points without them."""

    def __init__(self, params):
        super().__init__(params, {})
        self.params = self.param_groups[0]["params"]

    def gradients(self, closure):
        """The loss as a float, and the gradients of all parameters."""
        self.zero_grad()
        loss = closure()
        loss.backward()
        return loss.item(), [p.grad for p in self.params]

    def move(self, start, d, s):
        """Put the parameters at start + s d."""
        for p, p0, direction in zip(self.params, start, d, strict=True):
            torch.add(p0, direction, alpha=s, out=p)


class SLS(Search):
    """Vaswani et al. 2019, Algorithm 1, with resets ``growth`` = gamma^(B/D)."""

    def __init__(self, params, growth, c=0.1, beta=0.9, first=1.0):
        super().__init__(params)
        self.growth, self.c, self.beta, self.eta = growth, c, beta, first

    def step(self, closure):  # type: ignore[override]
        loss, g = self.gradients(closure)
        with torch.no_grad():
            start, square = [p.clone() for p in self.params], sum((part * part).sum() for part in g).item()
            self.eta *= self.growth
            for _ in range(100):
                self.move(start, g, -self.eta)
                if closure().item() <= loss - self.c * self.eta * square:
                    break
                self.eta *= self.beta
        return loss


class PAL(Search):
    """Mutschler & Zell 2020, Algorithm 8 of the dissertation."""

    def __init__(self, params, mu=0.1, alpha=1.0, beta=0.4, s_max=10**0.5):
        super().__init__(params)
        self.mu, self.alpha, self.beta, self.s_max = mu, alpha, beta, s_max
        self.d = [torch.zeros_like(p) for p in self.params]

    def step(self, closure):  # type: ignore[override]
        loss, g = self.gradients(closure)
        with torch.no_grad():
            start = [p.clone() for p in self.params]
            self.d = [self.beta * d - part for d, part in zip(self.d, g, strict=True)]
            norm = float(sum((d * d).sum() for d in self.d)) ** 0.5
            slope = sum((d * part).sum() for d, part in zip(self.d, g, strict=True)).item() / norm
            self.move(start, self.d, self.mu / norm)
            curve = (closure().item() - loss - slope * self.mu) / self.mu**2
            s = 0.0 if slope >= 0 else -self.alpha * slope / (2 * curve) if curve > 0 else self.mu
            self.move(start, self.d, min(s, self.s_max) / norm)
        return loss


def factorization(X, Y, rank, theta):
    """Parameters and loss(params, x, y) of the mean of (W2 W1 x - y)^2."""
    W1, W2 = np.split(theta, [rank * X.shape[1]])
    return (W1.reshape(rank, -1), W2.reshape(-1, rank)), lambda p, x, y: ((x @ p[0].T @ p[1].T - y) ** 2).mean()


def quadratic(Q, m, theta):
    """The same pair for L_i = 1/2 (x - m_i)' Q_i (x - m_i)."""

    def loss(p, Qb, mb):
        e = p[0] - mb
        return 0.5 * (e * torch.matmul(Qb, e[:, :, None])[:, :, 0]).sum(dim=1).mean()

    return (theta,), loss


def kernel(K, y, theta):
    """The same pair for the logistic loss of K theta; y in {-1, 1}."""
    return (theta,), lambda p, Kb, yb: torch.nn.functional.softplus(-yb * (Kb @ p[0])).mean()


def run(make, problem, tables, steps, batch, seed=0):
    """Let the optimizer ``make(params)`` walk over shuffled epochs of the tables' rows."""
    start, loss = problem
    params = [torch.nn.Parameter(torch.tensor(part)) for part in start]
    with warnings.catch_warnings(action="ignore"):  # a problem's tables are read-only, and nothing here writes
        a, b = (torch.as_tensor(table) for table in tables)  # shared, not copied
    optimizer, batches = make(params), epochs(len(a), batch, seed)
    for _ in range(steps):
        index = torch.from_numpy(next(batches))
        x, y = a[index], b[index]
        optimizer.step(lambda x=x, y=y: loss(params, x, y))
    return torch.cat([p.detach().ravel() for p in params]).numpy()
