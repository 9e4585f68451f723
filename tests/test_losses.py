"""Losses against hundreds of digits: values, derivatives, and differences that must not cancel.

Bounds are in units of eps, the spacing of numbers at 1. Computing z + h, or z_c - z_y inside exp, rounds by eps times
its size, which moves a loss by as much: hence the factors (1 + |z| + |h|) where a formula adds before it subtracts, and
only there. The references subtract too: they carry digits enough to be right down to the smallest normal number.
"""

import mpmath
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from optional import TORCH
from toybox.losses import LOSSES, Logistic, Softmax, Square, SquaredHinge
from toybox.xp import namespace

NP = namespace("numpy")
SCALAR = [Square(), Logistic(), SquaredHinge()]
DTYPES = {"float64": 800.0, "float32": 80.0}  # and the largest |z| at which exp(-|z|) is a normal number, or nearly

signs = st.sampled_from([-1.0, 1.0])
steps = st.builds(lambda sign, exponent: sign * 10.0**exponent, signs, st.floats(-18, 3))


def logits(largest):
    return st.one_of(st.floats(-largest, largest), st.floats(-3, 3), st.sampled_from([0.0, largest, -largest, 1.0]))


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(340):
        yield


def exact(loss, z, y):
    """The loss of one example in many digits."""
    if loss.name == "square":
        return (z - y) ** 2
    if loss.name == "logistic":
        return mpmath.log1p(mpmath.exp(y * z))
    if loss.name == "squared_hinge":
        return max(mpf(0), 1 - y * z) ** 2
    true = max(range(len(y)), key=lambda c: y[c])
    return mpmath.log1p(mpmath.fsum(mpmath.exp(zc - z[true]) for c, zc in enumerate(z) if c != true))


def assert_close(got, expected, allowed, **shown):
    error, nstr = abs(mpf(float(got)) - expected), mpmath.nstr
    shown = {name: str(x) for name, x in shown.items()}
    assert error <= allowed, f"{float(got)!r} for {nstr(expected, 20)}, off {nstr(error)} > {nstr(allowed)} at {shown}"


def inputs(dtype, *numbers):
    """The numbers rounded to the dtype: as arrays to compute with, and exactly."""
    arrays = [np.asarray(x, dtype) for x in numbers]
    return arrays, [mpf(float(a)) if a.ndim == 0 else [mpf(float(x)) for x in a] for a in arrays]


def target(loss, label):
    return float(loss.targets(np.array([label]))[0])


# One prediction


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", SCALAR, ids=lambda loss: loss.name)
@given(z=logits(800.0), label=st.integers(0, 1), h=steps)
@example(z=300.0, label=0, h=-15.0)  # a loss that falls far: the argument of log1p would be -1 but for a few digits
@example(z=300.0, label=0, h=-40.0)
@example(z=-300.0, label=1, h=15.0)
@example(z=-300.0, label=1, h=40.0)
def test_values_and_differences(loss, dtype, z, label, h):
    (z, h, y), (Z, H, Y) = inputs(dtype, z * DTYPES[dtype] / 800, h, target(loss, label))
    assume(h != 0)
    info = np.finfo(dtype)
    eps, tiny = float(info.eps), float(info.tiny)
    value, change = loss.value(NP, z, y), loss.change(NP, z, y, h)
    assert value.dtype == change.dtype == dtype
    bounds = {
        "square": (4 * eps * abs(Z - Y) ** 2, 4 * eps * abs(H) * (2 * abs(Z - Y) + abs(H))),
        "logistic": (
            8 * eps * exact(loss, Z, Y),
            # one product inside log1p near 0; beyond, the change is at least .6 of the steeper slope
            (16 * eps if abs(h) < 1 else 4 * eps * (4 + abs(Z) + abs(H)))
            * abs(exact(loss, Z + H, Y) - exact(loss, Z, Y)),
        ),
        "squared_hinge": (4 * eps * exact(loss, Z, Y), 4 * eps * abs(H) * (1 + abs(Z) + abs(H))),
    }
    assert_close(value, exact(loss, Z, Y), bounds[loss.name][0] + tiny, z=z, y=y)
    assert_close(change, exact(loss, Z + H, Y) - exact(loss, Z, Y), bounds[loss.name][1] + tiny, z=z, y=y, h=h)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", SCALAR, ids=lambda loss: loss.name)
@given(data=st.data(), label=st.integers(0, 1), v=st.floats(-10, 10))
def test_derivatives(loss, dtype, data, label, v):
    (z, v, y), (Z, V, Y) = inputs(dtype, data.draw(logits(DTYPES[dtype])), v, target(loss, label))
    assume(loss.name != "squared_hinge" or z * y != 1)  # its second derivative jumps there
    info = np.finfo(dtype)
    eps, tiny = float(info.eps), float(info.tiny)
    p = 1 / (1 + mpmath.exp(-Y * Z))
    first, second = {
        "square": (2 * (Z - Y), V * 2),
        "logistic": (Y * p, V / (1 + mpmath.exp(-Z)) / (1 + mpmath.exp(Z))),
        "squared_hinge": (-2 * Y * max(mpf(0), 1 - Y * Z), 2 * V if Y * Z < 1 else mpf(0)),
    }[loss.name]
    residual, bend = loss.residual(NP, z, y), loss.bend(NP, z, y, v)
    assert residual.dtype == bend.dtype == dtype
    assert_close(residual, first, 8 * eps * abs(first) + tiny, z=z, y=y)
    assert_close(bend, second, 16 * eps * abs(second) + tiny * (1 + abs(V)), z=z, y=y, v=v)


@pytest.mark.parametrize("loss", SCALAR, ids=lambda loss: loss.name)
@given(z=st.floats(-30, 30), label=st.integers(0, 1))
def test_the_reference_derivatives_are_the_values_derivatives(loss, z, label):
    """Central differences of the exact loss; with h = 1e-12 their error is h^2 times a derivative <= 2."""
    Z, Y, h = mpf(z), mpf(target(loss, label)), mpf("1e-12")
    assume(loss.name != "squared_hinge" or abs(Z * Y - 1) > 1e-6)
    up, here, down = (exact(loss, Z + k * h, Y) for k in (1, 0, -1))
    z, y = np.asarray(z), np.asarray(float(Y))
    assert_close(loss.residual(NP, z, y), (up - down) / (2 * h), 1e-14 * (1 + abs((up - down) / (2 * h))), z=z)
    assert_close(loss.bend(NP, z, y, np.ones(())), (up - 2 * here + down) / h**2, 1e-14 * 3, z=z)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("margin", [38.0, 40.0, 200.0, 700.0])
def test_a_tiny_logistic_loss_keeps_its_digits_on_both_sides(margin, sign):
    """p (1 - p) would be 0 as soon as p rounds to 1; each factor of the exact formula is right to a few eps."""
    loss, z, y = Logistic(), np.asarray(sign * margin), np.asarray(-sign)
    tiny = mpmath.exp(-mpf(margin))
    assert_close(loss.value(NP, z, y), mpmath.log1p(tiny), 2e-15 * tiny)
    assert_close(loss.residual(NP, z, y), -sign * tiny / (1 + tiny), 2e-15 * tiny)
    assert_close(loss.bend(NP, z, y, np.ones(())), tiny / (1 + tiny) ** 2, 2e-15 * tiny)


# Several classes


def softmax_case(classes):
    def scaled(number):
        return st.lists(number, min_size=classes, max_size=classes)

    return st.tuples(scaled(logits(800.0)), scaled(st.one_of(steps, st.just(0.0))), st.integers(0, classes - 1))


def probabilities(Z):
    weights = [mpmath.exp(z - max(Z)) for z in Z]
    return [w / mpmath.fsum(weights) for w in weights]


def bent(p, v):
    """(diag(p) - p p') v, summed without cancellation."""
    return [
        pc * mpmath.fsum(pk * (mpf(vc) - vk) for pk, vk in zip(p, v, strict=True)) for pc, vc in zip(p, v, strict=True)
    ]


def check_softmax(case, dtype="float64"):
    loss, scale = Softmax(), DTYPES[dtype] / 800
    z, h, true = case
    one_hot = loss.targets(np.array([true, len(z) - 1]))[0]
    (z, h, y), (Z, H, Y) = inputs(dtype, np.array(z) * scale, h, one_hot)
    info = np.finfo(dtype)
    eps, tiny = float(info.eps), float(info.tiny)
    p, wide = probabilities(Z), 2 * max(abs(x) for x in Z)
    before, after = exact(loss, Z, Y), exact(loss, [a + b for a, b in zip(Z, H, strict=True)], Y)
    value, change = loss.value(NP, z, y), loss.change(NP, z, y, h)
    assert value.dtype == change.dtype == dtype
    assert_close(value, before, 4 * eps * (4 + wide) * before + tiny, z=z, y=y)

    # log1p of a sum of terms, each right to (4 + wide) eps and to the rounding of h_c - h_y; the sum is above -1/2
    delta = [x - H[true] for x in H]
    rounding = [mpmath.exp(max(dc, 0)) * (abs(H[c]) + abs(H[true])) for c, dc in enumerate(delta)]
    terms = [pc * mpmath.expm1(dc) for pc, dc in zip(p, delta, strict=True)]
    allowed = sum(4 * (4 + wide) * abs(t) + 4 * pc * r for t, pc, r in zip(terms, p, rounding, strict=True)) * eps
    allowed = allowed / max(mpf("0.4"), min(mpf(1), 1 + sum(terms))) + 4 * eps * abs(after - before) + 1e15 * tiny
    if sum(terms) < -0.4 or max(delta) > 29:  # plain subtraction
        allowed += 4 * eps * (4 + wide + 2 * max(abs(x) for x in H)) * (before + after)
    assert_close(change, after - before, allowed, z=z, y=y, h=h)

    residual = loss.residual(NP, z, y)
    rest = [(pc if c != true else 0) for c, pc in enumerate(p)]
    for c, r in enumerate(residual):
        expected = rest[c] if c != true else -mpmath.fsum(rest)
        assert_close(r, expected, 4 * eps * (4 + wide) * abs(expected) + 8 * tiny, z=z, y=y, c=c)

    bend, top = loss.bend(NP, z, y, h), max(range(len(p)), key=lambda c: p[c])
    spread = mpmath.fsum(pc * abs(x - H[top]) for pc, x in zip(p, H, strict=True))
    for c, b in enumerate(bend):
        slack = p[c] * (abs(H[c] - H[top]) * (4 + wide) + spread * (4 + wide) + eps * (abs(H[c]) + abs(H[top])))
        assert_close(b, bent(p, H)[c], 8 * eps * slack + 8 * tiny * (1 + max(map(abs, H))), z=z, v=h, c=c)


@given(case=softmax_case(2))
@example(case=([0.0, 20.0], [0.0, -15.0], 0))  # a loss that falls far: the sum would be -1 but for a few digits
@example(case=([-20.0, 20.0], [40.0, 0.0], 0))
def test_softmax_of_two_classes(case):
    check_softmax(case)


@given(case=softmax_case(5))
@example(case=([0.0, -1.0, -750.0, -2.0, -3.0], [0.0, 1e-12, 20.0, -1e-12, 1e-13], 0))  # one class runs, unimportantly
@example(case=([0.0, 0.0, -800.0, 3.0, 3.0], [1e-15, 0.0, -1000.0, 0.0, 0.0], 0))
def test_softmax_of_five_classes(case):
    check_softmax(case)


@given(case=softmax_case(3))
@example(case=([0.0, 200.0, 0.0], [0.0, -15.0, 0.0], 0))
def test_softmax_in_single_precision(case):
    check_softmax(case, "float32")


@pytest.mark.parametrize("true", [0, 1, 2])
@pytest.mark.parametrize("margin", [38.0, 40.0, 200.0, 690.0])
def test_a_tiny_softmax_loss_keeps_its_digits(margin, true):
    """log(1 + x) with x = e^-margin (1 + 1/e), whose terms are right to margin eps; the same for both derivatives."""
    loss, y, v = Softmax(), np.eye(3)[true], np.array([0.3, -1.0, 2.0])
    z = np.where(y > 0, margin, [0.0, -1.0, 0.0] if true != 1 else [0.0, 0.0, -1.0])
    p = probabilities([mpf(x) for x in z])
    x = mpmath.fsum(pc for c, pc in enumerate(p) if c != true)
    bound = 4 * (4 + margin) * 2.0**-52
    assert_close(loss.value(NP, z, y), -mpmath.log1p(-x), bound * x)
    assert_close(loss.residual(NP, z, y)[true], -x, bound * x)
    assert_close(loss.bend(NP, z, y, v)[true], bent(p, v)[true], 8 * bound * x)


@given(z=st.floats(-300, 300), h=steps, label=st.integers(0, 1))
def test_two_classes_at_plus_and_minus_z_are_the_logistic_loss_of_2z(z, h, label):
    soft, one = Softmax(), Logistic()
    assume(abs(h) < 300)
    Y, y = soft.targets(np.array([label, 1]))[0], one.targets(label)
    Z, H = np.array([-z, z]), np.array([-h, h])
    bound = 16 * 2.0**-52 * (4 + 2 * abs(z) + 2 * abs(h))
    np.testing.assert_allclose(soft.value(NP, Z, Y), one.value(NP, 2 * z, y), rtol=bound)
    size = max(abs(one.change(NP, 2 * z, y, 2 * h)), 1e-300)
    np.testing.assert_allclose(soft.change(NP, Z, Y, H), one.change(NP, 2 * z, y, 2 * h), rtol=0, atol=4 * bound * size)


# Common to all


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("backend", ["strict", TORCH])
def test_backends_agree(name, backend):
    """Different libraries' exp and log1p: a few eps each; the sizes span both branches of every formula."""
    loss, xp, rng = LOSSES[name], namespace(backend), np.random.default_rng(0)
    shape = (40, 3) if name == "softmax" else (40,)
    z, h, v = (
        rng.normal(size=shape) * 5,
        rng.normal(size=shape) * np.geomspace(1e-9, 50, 40)[(...,) + (None,) * (len(shape) - 1)],
        rng.normal(size=shape),
    )
    y = loss.targets(np.arange(40) % (3 if name == "softmax" else 2))
    a, b = [NP.asarray(x) for x in (z, y, h, v)], [xp.asarray(x) for x in (z, y, h, v)]
    for function in (loss.value, loss.residual):
        np.testing.assert_allclose(xp.to_host(function(xp, *b[:2])), function(NP, *a[:2]), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(xp.to_host(loss.change(xp, *b[:3])), loss.change(NP, *a[:3]), rtol=1e-12)
    np.testing.assert_allclose(
        xp.to_host(loss.bend(xp, b[0], b[1], b[3])), loss.bend(NP, a[0], a[1], a[3]), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("name", LOSSES)
def test_no_step_is_no_change(name):
    loss = LOSSES[name]
    z = np.array([[0.3, -2.0], [50.0, 0.0]]) if name == "softmax" else np.array([0.3, -2.0, 1.0])
    y = loss.targets(np.array([0, 1])) if name == "softmax" else loss.targets(np.array([0, 1, 1]))
    assert (loss.change(NP, z, y, np.zeros_like(z)) == 0).all()


def test_targets():
    assert Square().targets([0, 2.5]).tolist() == [0, 2.5]
    assert Logistic().targets([0, 1]).tolist() == [1, -1]
    assert SquaredHinge().targets([0, 1]).tolist() == [-1, 1]
    assert Softmax().targets(np.array([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert {name: loss.name for name, loss in LOSSES.items()} == {name: name for name in LOSSES}
