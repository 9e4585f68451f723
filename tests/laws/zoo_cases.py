"""The cases of the laws: every method of the zoo, small problems of every family, and what methods say of themselves.

No law knows a method by name. Where a law cannot hold, the method's direction or rule says so by an attribute:

    per_coordinate   treats every coordinate on its own: a rotated problem has other trajectories
    absolute_loss    needs the loss itself, not only differences and slopes: adding a constant changes its steps
    scale_free       moves as far along c d as along d
    whole            asks for the line on the whole data set
    to_rounding      searches until nothing changes: how many evaluations that takes depends on the last bit
    afresh           compares losses on fresh batches, where the loss at 0 is one evaluation more
    carries          the batch that judged a step gives the next gradient, too
    area             the losses that it compares differ by about area times a curvature: what subtraction leaves of it
"""

import dataclasses
import os
from functools import cache
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

import toybox as tb
from toybox import zoo
from toybox.problems import Factorization, FromFunction, KernelClassifier, Network, NoisyQuadratic
from toybox.xp import dtype as dtype_of
from toybox.xp import namespace

SIZE, BATCH = 40, 10
METHODS = list(zoo.METHODS)

# Twenty steps multiply a rounding error: a step's own error (divided by a slope, a curvature or mu) by how a trajectory
# spreads. 2^16 units is what the most sensitive pair measured here needs, eightfold; a wrong formula costs 1e-2.
AMPLIFIED = 2.0**16

# --- problems: name -> constructor that takes backend, dtype and (where closed lines exist) line


def quadratic_data(common, dim=5, size=SIZE):
    """Q (common or one per sample, eigenvalues of the mean within [.1, 1] or so) and spread minimisers."""
    rng = np.random.default_rng(3)
    U = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    root = U * np.geomspace(1, 0.1, dim) ** 0.5
    W = rng.standard_normal((size, dim, 3 * dim)) / (3 * dim) ** 0.5
    Q = root @ root.T if common else root @ (W @ np.swapaxes(W, 1, 2)) @ root.T
    return Q, 2 + rng.standard_normal((size, dim))


def quadratic(common):
    return lambda **options: NoisyQuadratic(*quadratic_data(common), **options)


def factorization_data():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((SIZE, 6))
    return X, X @ rng.random((6, 10)) + 0.1 * rng.standard_normal((SIZE, 10))


def factorization(rank):
    return lambda **options: Factorization(*factorization_data(), rank, **options)


def clouds():
    """Two clouds in the plane that overlap so much that a smooth function does not separate even a batch of them."""
    rng = np.random.default_rng(5)
    y = np.arange(SIZE) % 2
    return rng.standard_normal((SIZE, 2)) + 0.5 * y[:, None], y


def kernel(**model):
    return lambda **options: KernelClassifier(*clouds(), 2.0, clouds(), **model, **options)


def network(*hidden, **model):
    return lambda **options: Network(*clouds(), hidden, test=clouds(), **model, **options)


def pseudo_huber(backend="numpy", dtype="float64"):
    """mean of sqrt(1 + r_i^2) - 1 with r_i = a_i . theta - b_i, as a user would write it."""
    xp, rng = namespace(backend), np.random.default_rng(6)
    kind = dtype_of(xp, dtype)
    table = xp.asarray(rng.standard_normal((SIZE, 4)), dtype=kind)
    right = xp.asarray(1 + rng.standard_normal(SIZE), dtype=kind)

    def examples(theta, index):
        a = xp.take_rows(table, index)
        r = xp.vecdot(a, theta[..., None, :]) - xp.take_rows(right, index)
        return a, r, xp.sqrt(1 + r * r)

    def samples(theta, index):
        a, r, root = examples(theta, index)
        return r * r / (root + 1), (r / root)[..., None] * a

    def f(theta, index):
        values, gradients = samples(theta, index)
        return xp.rowsum(values) / values.shape[-1], xp.sum(gradients, axis=-2) / values.shape[-1]

    def hvp(theta, index, v):
        a, _, root = examples(theta, index)
        return xp.sum((xp.vecdot(a, v[..., None, :]) / root**3)[..., None] * a, axis=-2) / root.shape[-1]

    return FromFunction(f, 4, SIZE, samples=samples, hvp=hvp, backend=backend, dtype=dtype)


CLOSED = {
    "quadratic, common Q": quadratic(True),
    "quadratic": quadratic(False),
    "factorization, true model": factorization(None),
    "factorization, rank 1": factorization(1),
    "factorization, rank 4": factorization(4),
    "kernel, logistic": kernel(),
    "kernel, softmax": kernel(outputs=2),
    "kernel, squared hinge": kernel(loss="squared_hinge"),
    "network, tanh": network(3),
}
PROBLEMS = CLOSED | {"a user's function": pseudo_huber}


@cache
def problem(name, **options):
    return PROBLEMS[name](**options)


# --- methods


def records(record):
    """A direction or rule and all records that it wraps."""
    yield record
    for field in dataclasses.fields(record):
        if dataclasses.is_dataclass(getattr(record, field.name)):
            yield from records(getattr(record, field.name))


def says(method, trait):
    """What a method's direction or rule says of itself (see above); False where it says nothing."""
    said = (getattr(r, trait, False) for part in (method.direction, method.rule) for r in records(part))
    return next(filter(None, said), False)


def numbers(name):
    """Two values for every hyper-parameter of a method that is a number: its default and another one."""

    def accepted(hyper, value):
        try:
            return bool(tb.method(name, **{hyper: np.array([value])}))
        except ValueError:
            return False

    defaults = {hyper: v for hyper, v in zoo.defaults(zoo.METHODS[name]).items() if isinstance(v, float)}
    return {
        hyper: [value, next((v for v in (0.8 * value, 1.25 * value) if accepted(hyper, v)), value)]
        for hyper, value in defaults.items()
    }


def variants():
    """(method, option): every method as it is, and with every other value of each option that is a choice."""
    for name in METHODS:
        yield name, {}
        method, defaults = tb.method(name), zoo.defaults(zoo.METHODS[name])
        for part in (method.direction, method.rule):
            for record in records(part):
                for field in dataclasses.fields(record):
                    others = set(field.metadata.get("accepted", ())) - {getattr(record, field.name)}
                    if field.name in defaults:
                        yield from ((name, {field.name: value}) for value in sorted(others))


VARIANTS = list(variants())


def title(value):
    """A test's name for a variant's options."""
    return ", ".join(f"{k}={v}" for k, v in value.items()) or "default" if isinstance(value, dict) else None


every_method = pytest.mark.parametrize("name", METHODS)
every_variant = pytest.mark.parametrize(("name", "options"), VARIANTS, ids=title)
every_problem = pytest.mark.parametrize("case", PROBLEMS)
every_closed = pytest.mark.parametrize("case", CLOSED)
pairs = list(product(METHODS, PROBLEMS))

# With CuPy emulated a third of the pairs, every method and every problem among them; TOYBOX_CUPY=all runs all
thin = 1 if os.environ.get("TOYBOX_CUPY") == "all" else 3
cupy_pairs = [pair for pair in pairs if (METHODS.index(pair[0]) + list(PROBLEMS).index(pair[1])) % thin == 0]
every_cupy_pair = pytest.mark.parametrize(("name", "case"), cupy_pairs)

# --- runs

RESULTS = ("theta", "loss", "size", "arc", "status", "trials", "full_loss", "test_accuracy")


def run(problem, method, steps=12, batch=BATCH, sampler="fresh", **options):
    return tb.run(problem, method, steps=steps, batch=batch, sampler=sampler, **options)


def path(problem, method, **options):
    """A run with its iterates: the trace, theta (steps + 1, *lanes, dim) and d (steps, *lanes, dim)."""
    iterate = tb.Probe("theta", lambda look: look.theta)
    direction = tb.Probe("d", lambda look: 0 * look.theta if look.ray is None else look.ray.d)
    trace = run(problem, method, probes=(iterate, direction), **options)
    return trace, trace.probes["theta"], trace.probes["d"][:-1]


def assert_same(found, expected):
    """Two traces are equal in every bit, but for the seconds."""
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name, strict=True)
    for kind, counts in found.counts.items():
        np.testing.assert_array_equal(counts, expected.counts[kind], err_msg=kind)


def worst(found, expected):
    """The largest difference relative to the largest number, over everything that is finite in both."""
    found, expected = (np.asarray(v, np.float64) for v in (found, expected))
    fine = np.isfinite(found) & np.isfinite(expected)
    found, expected = found[fine], expected[fine]
    scale = np.max(np.abs(expected), initial=0.0)
    return float(np.max(np.abs(found - expected), initial=0.0) / scale) if scale else 0.0


# --- how far a trajectory is determined

SHAKE = 2.0**-40  # far above rounding, far below what a trajectory can see
LOCAL = 2.0**12  # units by which a step may be rounded: a difference of losses, divided by mu^2 and a curvature
COMPANIONS = 4
BY_STEP = ("loss", "size", "arc", "full_loss")


def parted(found, expected):
    """By step, and for the last iterate, the largest difference so far of two traces relative to the largest number,
    and whether a status differs: two of (steps + 1,)."""
    steps, difference = len(expected.loss), np.zeros(len(expected.loss))
    for name in BY_STEP:
        f, e = (np.asarray(getattr(trace, name)[:steps], np.float64).reshape(steps, -1) for trace in (found, expected))
        fine = np.isfinite(f) & np.isfinite(e)
        scale = np.max(np.abs(e), initial=0.0, where=np.isfinite(e)) or 1.0
        f, e = np.where(fine, f, np.where(np.isfinite(f) == np.isfinite(e), 0.0, np.inf)), np.where(fine, e, 0.0)
        difference = np.maximum(difference, np.max(np.abs(f - e), axis=1) / scale)
    difference = np.append(difference, worst(found.theta, expected.theta))
    flipped = found.status != expected.status
    if found.theta.dtype != expected.theta.dtype:  # an accepted step may move theta in one of them only
        accepted = [
            np.isin(t.status, (tb.Status.FOUND, tb.Status.CAPPED, tb.Status.UNMOVED)) for t in (found, expected)
        ]
        still = (found.status == tb.Status.UNMOVED) | (expected.status == tb.Status.UNMOVED)
        flipped &= ~(accepted[0] & accepted[1] & still)
    flipped = np.append(flipped.reshape(steps, -1).any(axis=1), False)
    return np.maximum.accumulate(difference), np.maximum.accumulate(flipped)


def growth(place, method, steps, seeds, theta=None, **options):
    """By how much a relative error of the start has grown at each step and at the end (steps + 1,), at least 1; inf as
    soon as a status depends on it. Measured on companions of every lane, whose starts differ by SHAKE."""
    start = place.initial(list(seeds)) if theta is None else np.broadcast_to(theta, (len(seeds), place.dim))
    start = np.asarray(start, np.float64)
    signs = np.random.default_rng(11).choice([-1.0, 1.0], (1 + COMPANIONS, *start.shape))
    signs[0] = 0.0
    starts = start + SHAKE * np.max(np.abs(start), axis=-1, keepdims=True) * signs
    together = run(place, method, steps, seeds=[*seeds] * len(starts), theta=starts.reshape(-1, place.dim), **options)

    def lanes(companion):
        chosen = slice(companion * len(seeds), (companion + 1) * len(seeds))
        parts = {name: getattr(together, name)[:, chosen] for name in (*BY_STEP, "status")}
        return SimpleNamespace(theta=together.theta[chosen], **parts)

    grown = np.ones(steps + 1)
    for companion in range(1, len(starts)):
        difference, flipped = parted(lanes(companion), lanes(0))
        grown = np.maximum(grown, np.where(flipped, np.inf, difference / SHAKE))
    return grown


def horizon(allowed, loss, dtype=np.float64):
    """The number of steps up to which errors stay below an eighth, losses below the fourth root of what overflows."""
    loss = np.abs(np.asarray(loss)).reshape(len(loss), -1).max(axis=1)
    large = np.append(~(loss < np.finfo(dtype).max ** 0.25), False)
    return int(np.argmax(np.append((allowed > 0.125) | np.maximum.accumulate(large), True)))


def assert_follows(found, expected, grown, unit):
    """found takes the steps of expected up to rounding errors of LOCAL units, grown as measured, as long as these stay
    below an eighth and losses below the fourth root of what overflows; which is for two steps at least."""
    allowed = LOCAL * unit * grown
    far = horizon(allowed, expected.loss, found.theta.dtype)
    difference, flipped = parted(found, expected)
    assert far >= 2, allowed
    assert not flipped[:far].any(), (found.status, expected.status)
    assert (difference[:far] <= allowed[:far]).all(), (difference[:far] / allowed[:far]).max()
    return far
