"""Backends: every function equals a plain NumPy reference, and what is missing is said clearly."""

import math
import pickle
import types

import numpy as np
import pytest

from optional import TORCH
from toybox import xp as module
from toybox.extras import install
from toybox.xp import BACKENDS, BackendError, column, dtype, lazy, namespace

EXTREME = [-1e308, -800.0, -745.2, -709.0, -37.0, -1.0, -1e-17, -0.0, 0.0, 1e-300, 1e-8, 0.5, 37.0, 709.0, 800.0, 1e308]


@pytest.fixture(params=["numpy", "strict", TORCH])
def xp(request):
    return namespace(request.param)


@pytest.fixture(params=["float64", "float32"])
def kind(request):
    return request.param


def host(xp, array):
    result = xp.to_host(array)
    assert isinstance(result, np.ndarray)
    return result


# Functions


def lengths(kind):
    """Vectors whose squares are ordinary, overflow, underflow and are 0; and their lengths. Errors: four roundings."""
    big = np.float64(2.0) ** (900 if kind == "float64" else 100)
    vectors = np.array([[3.0, 4.0], [3.0 * big, 4.0 * big], [3.0 / big, 4.0 / big], [0.0, 0.0]])
    return vectors.astype(kind), np.array([5.0, 5.0 * big, 5.0 / big, 0.0])


def test_lengths_neither_overflow_nor_underflow(xp, kind):
    vectors, expected = lengths(kind)
    with np.errstate(over="ignore", under="ignore"):
        found = host(xp, xp.norm(xp.asarray(vectors)))
        each = np.concatenate([host(xp, xp.norm(xp.asarray(vector[None]))) for vector in vectors])
    assert found.dtype == kind
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(kind).eps)
    np.testing.assert_array_equal(each, found)  # whoever stands beside


@pytest.mark.cupy
def test_lengths_on_a_device(cupy_backend, kind, counted):
    vectors, expected = lengths(kind)
    array, found = cupy_backend.asarray(vectors), []
    counts = counted(lambda: found.append(cupy_backend.norm(array)))
    np.testing.assert_allclose(cupy_backend.to_host(found[0]), expected, rtol=4 * np.finfo(kind).eps)
    assert (counts["launches"], counts["syncs"]) == (1, 0)


@pytest.mark.parametrize("shape", [(0,), (5,), (2, 3), (2, 1, 4)])
def test_take_rows(xp, shape):
    table = np.arange(30.0).reshape(5, 2, 3)
    index = np.random.default_rng(0).integers(0, 5, shape)
    taken = xp.take_rows(xp.asarray(table), xp.asarray(index))
    np.testing.assert_array_equal(host(xp, taken), table[index])


@pytest.mark.parametrize("shape", [(6,), (2, 6), (2, 3, 6)])
def test_scatter_add_sums_repeated_indices(xp, shape, kind):
    rng = np.random.default_rng(1)
    index, values = rng.integers(0, 4, shape), rng.integers(-9, 9, shape).astype(kind)  # whole numbers add exactly
    expected = np.zeros((*shape[:-1], 5), kind)
    for place in np.ndindex(shape):
        expected[(*place[:-1], index[place])] += values[place]
    got = host(xp, xp.scatter_add(xp.asarray(index), xp.asarray(values), 5))
    assert got.dtype == kind
    np.testing.assert_array_equal(got, expected)


def test_scatter_add_shares_samples_between_lanes(xp):
    index, values = np.array([[0, 2, 2]]), np.arange(6.0).reshape(2, 3)
    got = host(xp, xp.scatter_add(xp.asarray(index), xp.asarray(values), 3))
    np.testing.assert_array_equal(got, [[0, 0, 3], [3, 0, 9]])


def test_rowsum(xp, kind):
    x = np.arange(24, dtype=kind).reshape(2, 3, 4)
    got = host(xp, xp.rowsum(xp.asarray(x)))
    assert got.dtype == kind
    np.testing.assert_array_equal(got, x.sum(axis=-1))


@pytest.mark.parametrize("rows", [1, 3, 4, 7, 12])
@pytest.mark.parametrize("count", [1, 2, 4, 5, 7])
def test_products_of_a_table_with_vectors(xp, kind, rows, count):
    rng = np.random.default_rng(rows)
    table, vectors = rng.integers(-9, 9, (rows, 6)).astype(kind), rng.integers(-9, 9, (count, 6)).astype(kind)
    got = host(xp, xp.products(xp.asarray(table), xp.asarray(vectors)))
    assert got.dtype == kind
    np.testing.assert_array_equal(got, vectors @ table.T)  # whole numbers: exact in any order


@pytest.mark.parametrize("x", [[[0.0, -2.0], [np.inf, -0.0]], [[3.0, 1e-300]]])
def test_divisors_are_one_in_place_of_zero(xp, x):
    got = host(xp, xp.divisor(xp.asarray(x, dtype=xp.float64)))
    np.testing.assert_array_equal(got, np.where(np.array(x) == 0, 1.0, x))


def test_sigmoid_neither_overflows_nor_loses_digits(xp, kind):
    """Plain Python's exp of a number that cannot overflow, two roundings away at most from each implementation."""
    z = np.array(EXTREME if kind == "float64" else [z for z in EXTREME if abs(z) < 1e38], kind)
    got = host(xp, xp.sigmoid(xp.asarray(z)))
    expected = [1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)) for x in z.tolist()]
    assert got.dtype == kind
    limits = np.finfo(kind)
    np.testing.assert_allclose(got, np.array(expected), rtol=6 * limits.eps, atol=limits.tiny)


def test_softplus_neither_overflows_nor_loses_digits(xp, kind):
    z = np.array(EXTREME if kind == "float64" else [z for z in EXTREME if abs(z) < 1e38], kind)
    got = host(xp, xp.softplus(xp.asarray(z)))
    expected = [max(x, 0.0) + math.log1p(math.exp(-abs(x))) for x in z.tolist()]
    assert got.dtype == kind
    limits = np.finfo(kind)
    np.testing.assert_allclose(got, np.array(expected), rtol=6 * limits.eps, atol=limits.tiny)


@pytest.mark.parametrize("function", ["sigmoid", "softplus"])
def test_nan_stays_nan(xp, function):
    assert np.isnan(host(xp, getattr(xp, function)(xp.asarray([np.nan])))).all()


def test_methods_of_numpy_arrays_answer_like_the_functions_of_the_array_api(xp):
    x = np.arange(6.0).reshape(2, 3)
    a = xp.asarray(x)
    np.testing.assert_array_equal(host(xp, xp.reshape(a, (3, 2))), x.reshape(3, 2))
    np.testing.assert_array_equal(host(xp, xp.astype(a, xp.float32)), x.astype(np.float32))
    assert bool(xp.any(a > 4))
    assert not bool(xp.all(a > 4))
    np.testing.assert_array_equal(host(xp, xp.any(a > 2, axis=-1)), [False, True])
    np.testing.assert_array_equal(host(xp, xp.all(a < 3, axis=-1)), [True, False])


@pytest.mark.parametrize(
    "create",
    [
        lambda xp: xp.asarray([1.0, 2.0]),
        lambda xp: xp.zeros(2),
        lambda xp: xp.ones(2),
        lambda xp: xp.full(2, 3.0),
        lambda xp: xp.empty(2),
        lambda xp: xp.arange(2),
        lambda xp: xp.linspace(0.0, 1.0, 2),
        lambda xp: xp.eye(2),
    ],
)
def test_what_is_created_stays_on_the_device_of_the_namespace(xp, create):
    array = create(xp)
    if xp.device is not None:
        assert array.device == xp.device
    host(xp, array)


def test_to_host_of_the_strict_backend_is_the_only_way_out():
    strict = namespace("strict")
    with pytest.raises((TypeError, RuntimeError)):
        np.asarray(strict.asarray([1.0]))
    np.testing.assert_array_equal(strict.to_host(strict.asarray([1.0])), [1.0])


def test_column_makes_lane_numbers_multiply_vectors():
    assert column(2.0) == 2.0
    assert column(np.array(2.0)) == 2.0
    assert column(np.zeros((4, 3))).shape == (4, 3, 1)


def test_dtype_by_name(xp, kind):
    assert host(xp, xp.zeros(1, dtype=dtype(xp, kind))).dtype == kind


# The namespace itself


def test_namespaces_are_resolved_once_and_survive_pickling(xp):
    assert namespace(xp.name) is xp
    assert namespace() is namespace("numpy")
    assert pickle.loads(pickle.dumps(xp)) is xp
    assert repr(xp) == f"namespace({xp.name!r})"


def test_unknown_attributes_are_refused(xp):
    with pytest.raises(AttributeError):
        xp.no_such_function  # noqa: B018
    with pytest.raises(AttributeError):
        xp.__no_such_protocol__  # noqa: B018


def test_only_numpy_reads_flags_for_free(xp):
    assert xp.eager == (xp.name == "numpy")


def test_an_unknown_backend_is_named_with_what_is_accepted():
    with pytest.raises(ValueError, match=r"^backend='nunpy' is unknown; did you mean 'numpy'\?.*'exact'$"):
        namespace("nunpy")
    with pytest.raises(ValueError, match=r"^dtype='float' is unknown.*accepted: 'float64', 'float32'$"):
        dtype(namespace("numpy"), "float")


@pytest.mark.parametrize(
    ("name", "extras"), [("torch", ["torch"]), ("cupy", ["cuda12", "cuda13"]), ("strict", ["test"])]
)
def test_a_backend_that_is_not_installed_says_which_extra_to_install(monkeypatch, name, extras):
    def nothing(package):
        raise ModuleNotFoundError("gone", name=package)

    monkeypatch.setattr(module, "import_module", nothing)
    monkeypatch.setattr(module, "wheels_of_cupy", list)
    with pytest.raises(BackendError, match=rf"^backend='{name}' needs a package that is not installed \(") as refused:
        module._resolved.__wrapped__(name)
    assert str(refused.value).endswith(f": {install(*extras)}")


@pytest.mark.parametrize(("driver", "says"), [(0, "finds no CUDA device"), (13020, "finds no CUDA device")])
def test_cupy_with_a_driver_and_no_device_says_so(monkeypatch, driver, says):
    monkeypatch.setattr(module, "import_module", lambda package: fake_cupy(driver=driver))
    with pytest.raises(BackendError, match=rf"^backend='cupy' {says}"):
        module._resolved.__wrapped__("cupy")


def fake_cupy(available=False, driver=0, wheel=13000, **names):
    runtime = types.SimpleNamespace(driverGetVersion=lambda: driver, runtimeGetVersion=lambda: wheel)
    return types.SimpleNamespace(
        is_available=lambda: available, cuda=types.SimpleNamespace(runtime=runtime), asarray=np.asarray, **names
    )


@pytest.mark.parametrize(
    ("driver", "says"),
    [(12040, "12.4; uninstall it, and then: " + install("cuda12")), (11080, "11.8; update the driver")],
)
def test_a_wheel_too_new_for_the_driver_says_what_fits(monkeypatch, driver, says):
    monkeypatch.setattr(module, "wheels_of_cupy", lambda: ["cupy-cuda13x 14.2.0"])
    monkeypatch.setattr(module, "import_module", lambda package: fake_cupy(driver=driver))
    with pytest.raises(BackendError, match=r"cupy-cuda13x 14.2.0 needs a driver for CUDA 13, ") as refused:
        module._resolved.__wrapped__("cupy")
    assert str(refused.value).endswith(f" up to {says}")


def test_two_wheels_are_refused(monkeypatch):
    versions = {"cupy-cuda12x": "14.1.0", "cupy-cuda13x": "14.2.0"}

    def version(wheel):
        if wheel not in versions:
            raise module.metadata.PackageNotFoundError(wheel)
        return versions[wheel]

    monkeypatch.setattr(module.metadata, "version", version)
    with pytest.raises(BackendError, match=r"finds cupy-cuda12x 14.1.0 and cupy-cuda13x 14.2.0 installed.*uninstall"):
        module._resolved.__wrapped__("cupy")


def test_a_wheel_that_cannot_be_loaded_says_why(monkeypatch):
    def broken(package):
        raise ImportError("libcuda.so.1:\n  no such file")

    monkeypatch.setattr(module, "wheels_of_cupy", lambda: ["cupy-cuda12x 14.2.0"])
    monkeypatch.setattr(module, "import_module", broken)
    with pytest.raises(
        BackendError, match=r"cupy-cuda12x 14.2.0 is installed and cannot be loaded: libcuda.so.1: no such"
    ):
        module._resolved.__wrapped__("cupy")


def test_a_device_that_cannot_compile_says_why(monkeypatch):
    def refuse(numbers):
        raise RuntimeError("failed to load libnvrtc")

    fake = fake_cupy(available=True)
    fake.asarray = refuse
    monkeypatch.setattr(module, "import_module", lambda package: fake)
    with pytest.raises(
        BackendError, match=r"cannot use it: failed to load libnvrtc; what brings the libraries of CUDA"
    ):
        module._resolved.__wrapped__("cupy")


@pytest.mark.cupy
def test_cupy_equals_numpy(cupy_backend):
    z = np.array(EXTREME)
    for function in ("sigmoid", "softplus"):
        got = host(cupy_backend, getattr(cupy_backend, function)(cupy_backend.asarray(z)))
        np.testing.assert_allclose(got, getattr(namespace("numpy"), function)(z), rtol=1e-14, atol=1e-307)
    assert host(cupy_backend, z) is z  # what is there already stays


def test_every_backend_that_is_accepted_has_a_module():
    assert set(BACKENDS) == set(module._MODULES)


# lazy


def test_lazy_computes_once_per_instance_and_keeps_its_docstring():
    calls = []

    class Thing:
        @lazy
        def answer(self):
            """What it is."""
            calls.append(self)
            return 42

    one, two = Thing(), Thing()
    assert isinstance(Thing.answer, lazy)
    assert Thing.answer.__doc__ == "What it is."
    assert (one.answer, one.answer, two.answer) == (42, 42, 42)
    assert calls == [one, two]
    one.answer = 1  # as a problem that knows a value already may do
    assert (one.answer, two.answer) == (1, 42)
