"""Networks: values and gradients by complex steps, second derivatives by torch and by differences, lines by evaluation.

Rounding. Numbers of order one go through sums of at most forty products and at most four layers: 2^12 eps of the
largest entry of what is compared bounds the error generously, and is nine digits below what a wrong formula changes.
"""

import hashlib
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import toybox as tb
from optional import TORCH, needs
from toybox.lines import GenericLine
from toybox.problems import Network, data
from toybox.problems.network_line import NetworkLine
from toybox.spec import Run

ROOT = Path(__file__).parents[1]
SIZE, FEATURES, CLASSES, BATCH = 40, 5, 3, 7
UNITS = 2.0**12

MODELS = {
    "linear softmax": {"hidden": ()},
    "tanh": {"hidden": (4,)},
    "relu": {"hidden": (6,), "activation": "relu"},
    "two tanh layers": {"hidden": (4, 3)},
    "three relu layers": {"hidden": (6, 5, 4), "activation": "relu"},
    "three tanh layers": {"hidden": (2, 3, 4)},
    "square": {"hidden": (4,), "loss": "square"},
    "square, two outputs": {"hidden": (3, 4), "loss": "square", "activation": "relu"},
    "logistic": {"hidden": (4,), "loss": "logistic"},
    "squared hinge": {"hidden": (4,), "loss": "squared_hinge"},
}
every_model = pytest.mark.parametrize("name", MODELS)
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def table(loss, outputs):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((SIZE, FEATURES))
    if loss == "square":
        return X, rng.standard_normal((SIZE, outputs) if outputs > 1 else SIZE)
    return X, np.arange(SIZE) % (CLASSES if loss == "softmax" else 2)


def make(name, **options):
    model = {"loss": "softmax"} | MODELS[name]
    X, y = table(model["loss"], 2 if "outputs" in name else 1)
    test = {} if model["loss"] == "square" else {"test": (X[:11] + 0.5, y[:11])}
    return Network(X, y, **test, **model, **options)


def place(problem, seed=0, lanes=(2,), samples=None):
    """theta, d (*lanes, dim), steps (*lanes, 3) and indices, all in generic position."""
    rng = np.random.default_rng(seed)
    theta, d = rng.standard_normal((2, *lanes, problem.dim))
    s = rng.uniform(-1, 1, (*lanes, 3))
    index = rng.integers(0, problem.size, (*(lanes if samples is None else samples), BATCH))
    kind = np.float32 if "float32" in str(problem.dtype) else np.float64
    return theta.astype(kind), d.astype(kind), s.astype(kind), index


def close(found, expected, units=UNITS, eps=2.0**-52):
    """Equal to some units of the largest entry."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=units * eps * np.abs(expected).max())


# --- oracles: one theta at a time, straight from the formulas; also for complex numbers


def unravel(problem, theta):
    """[(W, b), ...] by the documented layout."""
    parts, rest = [], theta
    for fan_in, fan_out in zip(problem.widths[:-1], problem.widths[1:], strict=True):
        W, b, rest = np.split(rest, [fan_in * fan_out, (fan_in + 1) * fan_out])
        parts.append((W.reshape(fan_out, fan_in), b))
    assert rest.size == 0
    return parts


def predict(problem, theta, X):
    *hidden, (W, b) = unravel(problem, theta)
    a = X
    for V, c in hidden:
        z = a @ V.T + c
        a = np.tanh(z) if problem.activation.name == "tanh" else z * (z.real > 0)
    return a @ W.T + b


def losses(problem, theta, rows):
    """Per-example losses of one theta (dim,)."""
    z, y = predict(problem, theta, problem.X[rows]), problem.y[rows]
    if problem.loss.name == "softmax":
        return np.log(np.exp(z).sum(-1)) - z[np.arange(len(y)), y]
    if problem.loss.name == "square":
        return ((z - y.reshape(len(y), -1)) ** 2).mean(-1)
    m = (2 * y - 1) * z[:, 0]
    return np.log1p(np.exp(-m)) if problem.loss.name == "logistic" else ((1 - m) * (m.real < 1)) ** 2


def derivative(f, theta, d):
    """The directional derivative of an analytic function by a complex step: no subtraction, exact to rounding."""
    return f(theta + 1e-30j * d).imag / 1e-30


@every_model
def test_values_and_examples_follow_the_formula(name):
    problem = make(name)
    theta, d, _, index = place(problem)
    point = problem.at(theta, index)
    values, slopes = point.examples(d)
    for lane in range(2):
        f = lambda x: losses(problem, x, index[lane])  # noqa: B023
        close(values[lane], f(theta[lane]))
        close(slopes[lane], derivative(f, theta[lane], d[lane]))
        close(point.value[lane], f(theta[lane]).mean())
    assert point.value.shape == (2,)
    whole = problem.at(theta, problem.population).value
    close(whole, [losses(problem, x, slice(None)).mean() for x in theta])


@every_model
@pytest.mark.parametrize("whole", [True, False])
def test_gradients_are_complex_steps(name, whole):
    problem = make(name)
    theta, *_, index = place(problem)
    sample = problem.population if whole else index
    gradient = problem.at(theta, sample).gradient
    for lane in range(2):
        f = lambda x: losses(problem, x, sample if whole else sample[lane]).mean()  # noqa: B023
        close(gradient[lane], [derivative(f, theta[lane], e) for e in np.eye(problem.dim)])


@every_model
@pytest.mark.parametrize("whole", [True, False])
def test_hessian_products_are_derivatives_of_gradients(name, whole):
    """Central differences with h = 6e-6 err by h^2 / 6 times a third derivative and by eps / h times the gradient: some
    1e-10 of the function's size each, one hundred times less than the tolerance. No ReLU or hinge turns within h."""
    problem, h = make(name), 6e-6
    theta, v, _, index = place(problem)
    sample = problem.population if whole else index
    here, up, down = (problem.at(theta + k * h * v, sample) for k in (0, 1, -1))
    product = here.hvp(v)
    assert product.shape == theta.shape
    size = np.abs(product).max() + np.abs(here.gradient).max()
    np.testing.assert_allclose((up.gradient - down.gradient) / (2 * h), product, rtol=0, atol=1e-8 * size)


@needs("torch")
@pytest.mark.parametrize("name", [name for name in MODELS if "hinge" not in name])
def test_torch_differentiates_the_same_network(name):
    import torch

    problem = make(name)
    theta, v, _, index = place(problem, lanes=())
    X, y = torch.tensor(problem.X[index]), torch.tensor(problem.y[index])
    act = torch.tanh if problem.activation.name == "tanh" else torch.relu
    shapes = list(zip(problem.widths[:-1], problem.widths[1:], strict=True))

    def f(x):
        a, parts = X, torch.split(x, [n for i, o in shapes for n in (i * o, o)])
        for k, (i, o) in enumerate(shapes):
            z = torch.nn.functional.linear(a, parts[2 * k].reshape(o, i), parts[2 * k + 1])
            a = act(z)
        if problem.loss.name == "softmax":
            return torch.nn.functional.cross_entropy(z, y)
        if problem.loss.name == "logistic":
            return torch.nn.functional.binary_cross_entropy_with_logits(z[:, 0], y.double())
        return torch.nn.functional.mse_loss(z, y.reshape(z.shape))

    x, point = torch.tensor(theta, requires_grad=True), problem.at(theta, index)
    value = f(x)
    (gradient,) = torch.autograd.grad(value, x, create_graph=True)
    (product,) = torch.autograd.grad(gradient @ torch.tensor(v), x)
    close(point.value, value.detach())
    close(point.gradient, gradient.detach())
    close(point.hvp(v), product)


def test_a_relu_at_zero_does_not_move():
    """The first unit's pre-activation is exactly 0: its own weights have no gradient, whatever comes after."""
    problem = Network([[1.0], [2.0]], [0, 1], (2,), "relu")
    theta = np.array([0.0, 1.0, 0.0, 0.5, 1.0, 1.0, -1.0, 2.0, 0.0, 0.0])  # W1 (2, 1), b1, W2 (2, 2), b2
    point = problem.at(theta, problem.population)
    assert (point.gradient[[0, 2]] == 0).all()
    assert (point.hvp(np.ones(10))[[0, 2]] == 0).all()
    assert (point.gradient[[1, 3]] != 0).all()
    up = point.along(np.eye(10)[2])
    assert (up.slope0, up.slope(np.zeros(1))[0]) == (0, 0)
    assert up.change(np.array([1.0]))[0] != 0


# --- lines


@every_model
@pytest.mark.parametrize("whole", [True, False])
@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1.0, 3.0]))
def test_closed_lines_are_what_evaluation_says(name, whole, seed, length):
    """For ReLU, too: a step in generic position is at no kink."""
    closed, generic = make(name), make(name, line="generic")
    theta, d, s, index = place(closed, seed)
    sample, s = closed.population if whole else index, length * s
    line, oracle = (problem.at(theta, sample).along(d) for problem in (closed, generic))
    assert isinstance(line, NetworkLine)
    assert isinstance(oracle, GenericLine)
    np.testing.assert_array_equal(line.value0, oracle.value0)
    np.testing.assert_array_equal(line.slope0, oracle.slope0)
    size = np.abs(oracle.change(s)).max() + np.abs(oracle.value0).max()  # what the oracle's subtraction leaves
    np.testing.assert_allclose(line.change(s), oracle.change(s), rtol=0, atol=UNITS * 2.0**-52 * size)
    for question in ("slope", "curvature"):
        close(getattr(line, question)(s), getattr(oracle, question)(s))
    for found, expected in zip(line.samples(s), oracle.samples(s), strict=True):
        close(found, expected)
    change, slope = line.both(s)
    close(change, line.change(s), 4)  # other shapes, perhaps, but the same sums
    np.testing.assert_array_equal(slope, line.slope(s))


@every_model
def test_a_change_keeps_the_digits_that_subtraction_loses(name):
    """Taylor: the third term is some 1e-24 of the first; a difference of losses would keep four digits."""
    problem = make(name)
    theta, d, _, index = place(problem)
    line, s = problem.at(theta, index).along(d), np.full((2, 1), 1e-12)
    expected = line.slope0[:, None] * s + line.curvature(0 * s) * s**2 / 2
    close(line.change(s), expected)
    assert (line.change(0 * s) == 0).all()


@every_model
def test_the_point_of_a_step_is_where_it_should_be(name):
    problem = make(name)
    theta, d, s, index = place(problem)
    line = problem.at(theta, index).along(d)
    there = line.at(s[:, 0])
    np.testing.assert_array_equal(there.theta, theta + s[:, :1] * d)
    anew = problem.at(there.theta, index)
    np.testing.assert_array_equal(there.gradient, anew.gradient)
    close(there.value, line.value0 + line.change(s)[:, 0])


@pytest.mark.parametrize("whole", [True, False])
def test_steps_in_pieces_are_the_same_steps(monkeypatch, whole):
    problem = make("two tanh layers")
    theta, d, s, index = place(problem)
    line = problem.at(theta, problem.population if whole else index).along(d)
    together = [line.change(s), line.slope(s), line.curvature(s), *line.samples(s), *line.both(s)]
    monkeypatch.setattr(NetworkLine, "ELEMENTS", 1)
    pieces = [line.change(s), line.slope(s), line.curvature(s), *line.samples(s), *line.both(s)]
    for found, expected in zip(pieces, together, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_proxy_of_a_line():
    problem = make("tanh")
    theta, d, s, _ = place(problem)
    line = problem.at(theta, problem.population).along(d)
    stand_in = line.proxy((-1.0, 1.0))
    assert stand_in.converged.all()
    np.testing.assert_allclose(stand_in.change(s), line.change(s), atol=1e-9)


# --- lanes, backends, dtypes


def answers(problem, theta, d, s, sample):
    """Everything that points and lines say."""
    point = problem.at(theta, sample)
    line = point.along(d)
    many = [line.change(s), line.slope(s), line.curvature(s), *line.samples(s), line.at(s[..., 0]).value]
    few = [] if problem.test is None else [problem.accuracy(theta)]
    return [point.value, point.gradient, point.hvp(d), line.slope0, *point.examples(d), *many, *few]


@every_model
@dtypes
@pytest.mark.parametrize("line", ["closed", "generic"])
@pytest.mark.parametrize("samples", [(3, 2), (3, 1), "all"])
def test_lanes_are_single_runs(name, dtype, line, samples):
    """To the last bit, with samples of their own, shared ones, and the whole data set."""
    problem = make(name, dtype=dtype, line=line)
    theta, d, s, index = place(problem, lanes=(3, 2), samples=None if samples == "all" else samples)
    together = answers(problem, theta, d, s, problem.population if samples == "all" else index)
    for i, j in np.ndindex(3, 2):
        lane = (slice(i, i + 1), slice(j, j + 1))
        own = problem.population if samples == "all" else index[i : i + 1, (slice(j, j + 1) if samples[1] > 1 else ...)]
        solo = answers(problem, theta[lane].copy(), d[lane].copy(), s[lane].copy(), own)
        for found, expected in zip(solo, together, strict=True):
            np.testing.assert_array_equal(found[0, 0], expected[i, j])


@every_model
@pytest.mark.parametrize("backend", ["strict", TORCH])
@dtypes
def test_backends_agree(name, backend, dtype):
    here, there = make(name, dtype=dtype), make(name, dtype=dtype, backend=backend)
    theta, d, s, index = place(here)
    xp, eps = there.xp, np.finfo(dtype).eps
    for whole in (True, False):
        expected = answers(here, theta, d, s, here.population if whole else index)
        arrays = [xp.asarray(v) for v in (theta, d, s)]
        found = answers(there, *arrays, there.population if whole else xp.asarray(index))
        for one, other in zip(found, expected, strict=True):
            assert xp.to_host(one).dtype == other.dtype == dtype
            close(xp.to_host(one), other, eps=eps)
    np.testing.assert_array_equal(xp.to_host(there.initial([3, 4])), here.initial([3, 4]))


@every_model
def test_single_precision_follows_double(name):
    double, single = make(name), make(name, dtype="float32")
    theta, d, s, index = place(single)
    found = answers(single, theta, d, s, index)
    expected = answers(double, *(v.astype(float) for v in (theta, d, s)), index)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == np.float32
        close(one, other, eps=2.0**-23)


def test_the_first_iterate():
    problem = make("two tanh layers")
    start = problem.initial([5, -1, 0])
    assert start.shape == (3, problem.dim)
    np.testing.assert_array_equal(problem.initial([0])[0], start[2])
    assert not np.array_equal(start[0], start[1])
    many = problem.initial(range(200))
    for W, b in unravel(problem, np.abs(many).T.mean(1)):
        assert (b == 0).all()
        np.testing.assert_allclose(W.mean(), 0.5 / W.shape[1] ** 0.5, rtol=0.05)  # of 200 x 12 numbers: 3 sigma
    for W, _ in unravel(problem, np.abs(many).max(0)):
        assert 0.9 < W.max() * W.shape[1] ** 0.5 <= 1


def test_a_relu_network_that_overflows_says_so():
    problem = make("relu")
    theta = np.ones((1, problem.dim))
    theta[:, 0] = np.nan  # in the first layer
    with np.errstate(all="ignore"):
        assert np.isnan(problem.at(theta, problem.population).value).all()
        trace = tb.run(problem, tb.method("sgd", rate=1e200), steps=5, batch=10)
    assert trace.status[-1] == tb.Status.NONFINITE


# --- accuracy and errors


@pytest.mark.parametrize("name", ["tanh", "relu", "logistic"])
def test_accuracy_counts_test_rows(name):
    problem = make(name)
    theta, *_ = place(problem, lanes=(2, 3))
    X, y = problem.test
    for lane in np.ndindex(2, 3):
        z = predict(problem, theta[lane], X)
        found = z.argmax(-1) if problem.outputs > 1 else z[:, 0] > 0
        assert problem.accuracy(theta)[lane] == (found == y).mean()
    assert problem.accuracy(0 * theta[0, :1])[0] == (y == 0).mean()  # a tie counts as class 0


def test_classes_come_from_all_labels():
    X = np.eye(3)
    assert Network(X, [0, 1, 0]).outputs == 2
    assert Network(X, [0, 0, 0]).outputs == 2
    assert Network(X, [0, 1, 0], test=(X[:1], [4])).outputs == 5
    assert Network(X, [0, 1, 0], classes=7).widths == (3, 16, 7)


def refused(*message, X=((1.0, 2.0), (3.0, 4.0)), y=(0, 1), **options):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        Network(X, y, **options)
    for part in message:
        assert part in str(error.value)


@pytest.mark.parametrize(
    "case",
    [
        (("activation='tan'", "did you mean 'tanh'"), {"activation": "tan"}),
        (("loss='mse'", "'square'"), {"loss": "mse"}),
        (("hidden=0", "at least 1"), {"hidden": 0}),
        (("hidden=2.5", "at least 1"), {"hidden": (3, 2.5)}),
        (("line='fast'", "'closed'"), {"line": "fast"}),
        (("dtype='int'", "float64"), {"dtype": "int"}),
        (("X has 1 entries that are NaN",), {"X": [[np.nan], [1.0]]}),
        (("X of shape (2,)", "X (n, features)"), {"X": [1.0, 2.0]}),
        (("y of shape (3,)", "do not fit"), {"y": [0, 1, 1]}),
        (("y has the label 0.5", "0, 1, 2, ..."), {"y": [0.5, 1]}),
        (("y has the label -1", "0, 1, 2, ..."), {"y": [-1, 1]}),
        (("y has the label 2", "0 and 1"), {"y": [2, 1], "loss": "logistic"}),
        (("y has shape (2, 1)", "(n,)"), {"y": [[0], [1]]}),
        (("y has shape (1, 1, 2)", "(n, outputs)"), {"y": [[[0, 1]]], "loss": "square"}),
        (("test y has the label 0.1",), {"test": ([[1.0, 2.0]], [0.1])}),
        (("test X has shape (1, 3)", "(1, 2)"), {"test": ([[1.0, 2.0, 3.0]], [1])}),
        (("test", "loss='square'"), {"loss": "square", "test": ([[1.0, 2.0]], [1])}),
        (("classes=1", "at least 2"), {"classes": 1}),
        (("classes=3", "None for loss='logistic'"), {"loss": "logistic", "classes": 3}),
    ],
    ids=lambda case: case[0][0],
)
def test_bad_arguments(case):
    refused(*case[0], **case[1])


def test_no_test_set_no_accuracy():
    with pytest.raises(ValueError, match="test=None"):
        Network(np.eye(2), [0, 1]).accuracy(np.zeros(52))


# --- digits


def test_digits_are_scikit_learns_file():
    text = data.digits_csv()
    assert len(text) == 264712
    sha256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"
    assert hashlib.sha256(text).hexdigest() == data.DIGITS_SHA256 == sha256


def test_digits_shape_and_balance():
    X, y, name = data.digits()
    assert (X.shape, X.dtype, name, y.dtype) == ((1797, 64), np.float64, "digits", np.int64)
    np.testing.assert_array_equal(np.unique(X), np.arange(17) / 16)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    first = X[0].reshape(8, 8) * 16  # a zero: a ring of ink around a hole
    assert y[0] == 0
    assert first[3].tolist() == [0, 4, 12, 0, 0, 8, 8, 0]


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.just(65))))
@settings(max_examples=20)
def test_packing_round_trip(rows):
    np.testing.assert_array_equal(data.unpack_digits(data.pack_digits(rows)), rows)


def test_the_build_script_refuses_other_records(tmp_path):
    build = runpy.run_path(str(ROOT / "scripts" / "build_digits.py"))
    (tmp_path / "digits.csv.gz").write_text("[]", "utf-8")
    with pytest.raises(SystemExit, match=r"digits\.csv\.gz: sha256 4f53cda.*, expected 09f66e6"):
        build["main"](tmp_path / "digits.csv.gz", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_the_named_problem():
    problem = tb.problem("digits")
    assert (problem.size, problem.widths, len(problem.test[1])) == (1437, (64, 16, 10), 360)
    assert problem.dim == 64 * 16 + 16 + 16 * 10 + 10
    train, test = data.split(1797)
    X, y, _ = data.digits()
    np.testing.assert_array_equal(problem.X, X[train])
    np.testing.assert_array_equal(problem.test[1], y[test])
    few = tb.problem("digits", rows=10, hidden=[3, 2], activation="relu")
    assert (few.size, few.widths) == (8, (64, 3, 2, 10))
    assert tb.problem("digits", hidden=5, rows=10).widths == tb.problem("digits", hidden=[5], rows=10).widths
    square = tb.problem("digits", loss="square", rows=10)
    assert (square.y.shape, square.y.sum(), square.test) == ((8, 10), 8, None)
    with pytest.raises(ValueError, match="rows=9000 is more than the 1797 rows of digits"):
        tb.problem("digits", rows=9000)


def test_a_run_on_digits_can_be_written_down():
    common = {"problem": "digits", "method": "sgd", "steps": 1, "batch": 2}
    runs = [Run(options=options, **common) for options in ({}, {"hidden": [16]}, {"hidden": (16,)}, {"hidden": [8, 8]})]
    assert runs[0].key == runs[1].key == runs[2].key != runs[3].key


def test_sgd_learns_digits():
    """A linear model is right for some 95 %; one rate and 300 steps of 32 samples are far from the end."""
    trace = tb.run(tb.problem("digits"), tb.method("sgd", rate=0.3), steps=300, batch=32, every=None)
    assert trace.full_loss[0, 0] == pytest.approx(np.log(10), abs=0.1)
    assert trace.test_accuracy[-1, 0] > 0.9
