"""The 5 sigma rule: random counts and means may be off by five standard deviations, once in two million tests.

Draws are pure functions of their address, so a test that passes once passes always; the rule says what a fair generator
would do, and keeps anybody from tuning a tolerance until a bad one passes.
"""

import numpy as np


def assert_uniform(counts, what: str = "counts") -> None:
    """Pearson's chi-square of equally likely cells: mean k - 1, variance 2 (k - 1) for k cells of enough draws each."""
    counts = np.asarray(counts, float).ravel()
    expected, freedom = counts.mean(), counts.size - 1
    assert expected >= 20, f"{expected} draws per cell are too few for the normal approximation"
    chi2 = ((counts - expected) ** 2 / expected).sum()
    bound = 5 * (2 * freedom) ** 0.5
    assert abs(chi2 - freedom) < bound, f"{what}: chi2 = {chi2:.1f}, expected {freedom} +- {bound:.1f}"


def assert_uncorrelated(x, y, what: str = "samples") -> None:
    """The correlation of n independent pairs has mean 0 and standard deviation 1 / sqrt(n - 1)."""
    x, y = np.asarray(x, float).ravel(), np.asarray(y, float).ravel()
    r, bound = np.corrcoef(x, y)[0, 1], 5 / (x.size - 1) ** 0.5
    assert abs(r) < bound, f"{what}: correlation {r:.4f}, allowed +-{bound:.4f}"


def assert_mean(samples, expected, axis: int = 0, rounding: float = 0.0) -> None:
    """The mean of independent samples, within 5 of its own standard errors (and ``rounding``) of what is expected."""
    samples = np.asarray(samples, float)
    mean = samples.mean(axis=axis)
    error = 5 * samples.std(axis=axis, ddof=1) / samples.shape[axis] ** 0.5 + rounding
    off = np.abs(mean - expected)
    assert (off <= error).all(), f"means {mean}, expected {expected}, allowed +-{error}"
