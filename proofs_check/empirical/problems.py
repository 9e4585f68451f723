"""The four problems on which the experiments run, and words for them."""

from __future__ import annotations

from functools import cache
from typing import Any

WORDS = {
    "T1": "quadratics with one common Hessian: 30 dimensions, condition 100, 2000 samples",
    "T2": "the same with a Hessian for every sample",
    "T3": "logistic loss of an RBF kernel on 1000 rows of mushrooms (800 for training)",
    "T4": "multilayer perceptron 64-16-10, tanh, softmax, on 1437 images of digits",
    "T4 ReLU": "the same with ReLU",
}


@cache
def problem(label: str) -> Any:
    """A problem by its label."""
    import toybox as tb

    quadratic = {"dim": 30, "size": 2000, "condition": 100.0}
    make = {
        "T1": lambda: tb.problem("quadratic", common=True, **quadratic),
        "T2": lambda: tb.problem("quadratic", common=False, **quadratic),
        "T3": lambda: tb.problem("mushrooms", rows=1000),
        "T4": lambda: tb.problem("digits", hidden=(16,), activation="tanh"),
        "T4 ReLU": lambda: tb.problem("digits", hidden=(16,), activation="relu"),
    }
    return make[label]()
