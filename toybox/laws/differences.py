"""Derivatives against central differences, with the error of these taken from themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .report import number

UNITS = 2.0**10  # of rounding, by which a sum of a few hundred products that cancel may be wrong


def gap(f: Callable[[float], np.ndarray], claimed: np.ndarray, theta: np.ndarray, d: np.ndarray, eps: float) -> str:
    """By what a claimed derivative of f (n,) at 0 misses the central differences D(h) = (f(h) - f(-h)) / 2 h, in words;
    or nothing, where it does so by no more than these can be wrong.

    D(h) is wrong by c h^2, about what it changes by where h is divided by 4; by rounding; and, where there is a kink
    nearer than h, by half of the jump J(h) = (f(h) - 2 f(0) + f(-h)) / h, which falls like h elsewhere. What it can be
    wrong by is taken from these, and the best h of each component decides.
    """
    h = max(1.0, float(np.abs(theta).max())) / max(1.0, float(np.abs(d).max())) * 0.25 ** np.arange(1, 13)
    with np.errstate(all="ignore"):
        at = lambda s: np.asarray(f(s), np.float64).reshape(claimed.shape)
        ahead, behind = (np.stack([at(sign * step) for step in h]) for sign in (1, -1))
        D, J = (ahead - behind) / (2 * h[:, None]), (ahead - 2 * at(0.0) + behind) / h[:, None]
        rounding = UNITS * eps * (np.abs(ahead) + np.abs(behind)).max(axis=-1, keepdims=True) / h[:, None]
        changes = np.abs(np.diff(D, axis=0))
        jump = np.abs(J[1:] - J[:-1] / 4)
        trust = 2 * (changes[:-1] + changes[1:] + jump[:-1]) + rounding[:-2]
    trust = np.where(np.isfinite(trust), trust, np.inf)
    best = trust.argmin(axis=0)
    chosen = best, np.arange(len(claimed))
    missed = np.abs(claimed - D[chosen])
    if (missed <= trust[chosen]).all():
        return ""
    worst = int(np.argmax(missed / trust[chosen]))
    error = np.abs(D[:-2, worst] - claimed[worst])
    first, last = 0, max(int(best[worst]), 1)
    order = np.log(error[first] / error[last]) / np.log(h[first] / h[last]) if error[last] > 0 else np.inf
    which = f"component {worst} " if len(claimed) > 1 else ""
    return (
        f"{which}is {number(claimed[worst])}, and differences say {number(D[best[worst], worst])} to "
        f"{trust[best[worst], worst]:.2g}: from h = {h[first]:.2g} to {h[last]:.2g} they miss it by "
        f"{error[first]:.3g} to {error[last]:.3g}, which falls like h^{abs(order):.2f} and not like h^2"
    )
