"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import ERRORS, sigmas
from ...ours import on_rule

LONG = 10**6


def powers(p, T=LONG):
    """t^-p for t = 1 .. T."""
    return np.arange(1.0, T + 1) ** -p


def compose(a, b):
    """The composition of the maps e -> a_t e + b_t in their order, pair by pair: (factor, summand)."""
    while len(a) > 1:
        if len(a) % 2:
            a, b = np.append(a, 1.0), np.append(b, 0.0)
        a, b = a[1::2] * a[::2], a[1::2] * b[::2] + b[1::2]
    return a[0], b[0]


def after(rates, h=1.0, noise=1.0, e=4.0):
    """The mean square after steps with these rates from e, for curvature h and the variance ``noise``."""
    a, b = compose((1 - rates * h) ** 2, rates**2 * noise)
    return float(a * e + b)


def noisy(h=1.0, s=1.0):
    return tb.problems.NoisyQuadratic(np.array([[h]]), np.array([[s], [-s]]))


def inverse(t):
    """1 / (t + 1) by our schedule, which keeps fractions."""
    schedule: Any = methods.fixed.SCHEDULES["1/t"]
    return schedule(F(t), None)


def one_step(e, rate, h, noise, power=2):
    """E theta^2 after a step on h theta^2 / 2, from that before it: independent errors of mean 0 add their variance."""
    return (1 - rate * h) ** power * e + rate**2 * noise


def chains(schedule, steps, rates, many, seed):
    """Our SGD on arrays from 2, for h = sigma = 1, with these rates as lanes: mean square and its standard error."""
    rule = on_rule(methods.fixed.Fixed(np.array(rates), schedule=schedule))
    seeds = range(many * seed, many * (seed + 1))
    run = tb.run(noisy(), rule, steps=steps, batch=1, seeds=seeds, theta=[2.0], sampler="fresh", every=None)
    squares = run.theta[..., 0] ** 2
    return squares.mean(axis=0), squares.std(axis=0) / many**0.5


def simulated(seed, schedule="1/t", expected="1/t", power=2, limit=ERRORS, many=10_000):
    """The mean over the chains is what the recursion expects."""
    steps, rates = 40, np.array([0.5, 1.0, 2.0])
    mean, error = chains(schedule, steps, rates, many, seed)
    e = np.full(3, 4.0)
    for t in range(steps):
        e = one_step(e, rates * methods.fixed.SCHEDULES[expected](t, steps), 1.0, 1.0, power)
    return sigmas(mean, e, error, limit)


SEED = lambda budget: [budget.seed]
