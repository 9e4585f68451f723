"""The kernels of the loss along a line against the array operations of NumPy, which know nothing of them.

Bounds: 1e-12 in float64, 2^-20 in float32 (eight roundings; the reference is float64 on the same numbers), of the size
that the largest term of a mean can have, with what the rounding of the largest prediction can move it.
"""

import ctypes
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from toybox import cuda
from toybox.lines import CompositeLine
from toybox.losses import LOSSES
from toybox.xp import namespace

NP = namespace("numpy")
TOLERANCE = {"float64": 1e-12, "float32": 2.0**-20}
MEANS = ("change", "slope", "curvature")
LANES = {"none": ((), ()), "lanes": ((2, 2), (2, 2)), "one y": ((3,), ())}  # of the predictions, of y
SIZES = [(1, 7), (31, 1), (31, 167), (257, 7), (1000, 1)]  # n, steps

every_loss = pytest.mark.parametrize("name", LOSSES)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


def nowhere(s):
    raise AssertionError("nobody asked for a point")


def draw(name, n, steps, lanes=(), lanes_of_y=(), dtype="float64"):
    """z0, z1, y, s in the host's memory."""
    rng, inner = np.random.default_rng([n, steps]), (3,) if name == "softmax" else ()
    z0, z1 = rng.normal(size=(2, *lanes, n, *inner))
    labels = np.append(rng.integers(0, 3 if inner else 2, int(np.prod(lanes_of_y)) * n), 2 if inner else 1)
    y = LOSSES[name].targets(labels)[:-1].reshape(*lanes_of_y, n, *inner)
    return [a.astype(dtype) for a in (z0, z1, y, rng.normal(size=(*lanes, steps)))]


def line(xp, name, z0, z1, y):
    return CompositeLine(xp, LOSSES[name], *(xp.asarray(a) for a in (z0, z1, y)), nowhere)


def largest(z0, z1, s):
    """Sizes of the largest terms: of a value, and of everything that is proportional to z1."""
    h = np.abs(s).max() * np.abs(z1).max()
    spread, z1 = 2 + np.abs(z0).max() + h, np.abs(z1).max()
    return {"value": spread**2, "change": spread * h, "slope": spread * z1, "curvature": spread * z1**2}


def answers(line, s):
    host = line.xp.to_host
    found = {name: host(getattr(line, name)(s)) for name in MEANS}
    found |= zip(("value of each", "slope of each"), map(host, line.samples(s)), strict=True)
    return found | {"value at 0": host(line.value0), "slope at 0": host(line.slope0)}


@pytest.mark.cupy
@every_dtype
@every_loss
@pytest.mark.parametrize("shape", LANES)
def test_kernels_answer_as_array_operations_do(cupy_backend, name, shape, dtype):
    xp = cupy_backend
    for n, steps in SIZES:
        z0, z1, y, s = draw(name, n, steps, *LANES[shape], dtype)
        found = answers(line(xp, name, z0, z1, y), xp.asarray(s))
        z0, z1, y, s = (a.astype(np.float64) for a in (z0, z1, y, s))
        expected, sizes = answers(line(NP, name, z0, z1, y), s), largest(z0, z1, s)
        for what, value in expected.items():
            assert (found[what].shape, found[what].dtype) == (value.shape, dtype), (what, n, steps)
            bound = TOLERANCE[dtype] * sizes[what.split()[0]]
            np.testing.assert_allclose(found[what], value, rtol=0, atol=bound, err_msg=f"{what}, n={n}, steps={steps}")


@pytest.mark.cupy
@every_loss
def test_the_arrays_own_operations_still_answer(cupy_backend, name):
    z0, z1, y, s = draw(name, 31, 7, (2,))
    here, there = line(cupy_backend, name, z0, z1, y), line(NP, name, z0, z1, y)
    assert here.fused is not None
    assert there.fused is None
    here.fused = None
    found, expected = answers(here, cupy_backend.asarray(s)), answers(there, s)
    for what, value in expected.items():
        np.testing.assert_allclose(found[what], value, rtol=0, atol=1e-12 * largest(z0, z1, s)[what.split()[0]])


@pytest.mark.cupy
@every_loss
def test_changes_keep_their_digits(cupy_backend, name):
    """Every example in a lane of its own, so that each must be right by itself: 16 roundings, or those of z0 + s z1."""
    z, h = (a.ravel() for a in np.meshgrid([0, 0.3, -3, 30, -30, 700, -700], [1e-18, -1e-9, 1e-3, -0.9, 2, -20, 40]))
    z0, z1, y = z[:, None], 1 + 0 * z[:, None], 1 + 0 * z[:, None]
    if name == "softmax":
        z0, z1, y = (np.stack([a, 0 * a], -1) for a in (z0, z1, y))
    here, there = line(cupy_backend, name, z0, z1, y), line(NP, name, z0, z1, y)
    found, expected = (cupy_backend.to_host(here.change(cupy_backend.asarray(h[:, None]))), there.change(h[:, None]))
    rounding = 2.0**-52 * (16 + 4 * np.abs(z) + np.abs(h))[:, None]  # exp(z) moves by z eps
    np.testing.assert_array_less(np.abs(found - expected), rounding * np.abs(expected) + 1e-300)
    assert np.count_nonzero(expected) > 30  # squared hinges are flat beyond 1


@pytest.mark.cupy
@every_dtype
@every_loss
def test_extreme_predictions_overflow_nowhere(cupy_backend, name, dtype):
    z0, z1, y, s = draw(name, 64, 5, (2,), (), dtype)
    z0 = (800 * np.sign(z0)).astype(dtype)
    s = (s * np.array([1e-20, 1e-6, 1, 800, 1600])).astype(dtype)
    found = answers(line(cupy_backend, name, z0, z1, y), cupy_backend.asarray(s))
    z0, z1, y, s = (a.astype(np.float64) for a in (z0, z1, y, s))
    expected = answers(line(NP, name, z0, z1, y), s)
    for k in range(5):  # the bounds of each step by itself: they shrink with the step
        sizes = largest(z0, z1, s[..., k])
        for what, value in expected.items():
            if not what.endswith("0"):
                part = (slice(None), k)
                bound = TOLERANCE[dtype] * sizes[what.split()[0]]
                np.testing.assert_allclose(found[what][part], value[part], rtol=0, atol=bound, err_msg=f"{what}, {k}")


@pytest.mark.cupy
@every_loss
def test_nan_stays_nan(cupy_backend, name):
    """An example that is lost is not hidden from its lane, and from no other lane."""
    z0, z1, y, s = draw(name, 31, 2, (3,))
    z0[1, 4] = np.nan
    found = answers(line(cupy_backend, name, z0, z1, y), cupy_backend.asarray(s))
    for what in ("change", "slope", "value at 0"):
        np.testing.assert_array_equal(np.isnan(found[what]).reshape(3, -1).all(-1), [False, True, False])
        np.testing.assert_array_equal(np.isnan(found[what]).reshape(3, -1).any(-1), [False, True, False])


@pytest.mark.cupy
@every_dtype
def test_lanes_are_single_lines_and_runs_repeat(cupy_backend, monkeypatch, dtype):
    """To the last bit, on both sides of the number of examples that one block takes."""
    xp = cupy_backend
    for span in (cuda.SPAN, 64):
        monkeypatch.setattr(cuda, "SPAN", span)
        z0, z1, y, s = draw("softmax", 200, 3, (3,), (3,), dtype)
        device = xp.asarray(s)
        together = answers(line(xp, "softmax", z0, z1, y), device)
        again = answers(line(xp, "softmax", z0, z1, y), device)
        for lane in range(3):
            alone = answers(line(xp, "softmax", *(a[lane : lane + 1] for a in (z0, z1, y))), device[lane : lane + 1])
            for what, value in together.items():
                np.testing.assert_array_equal(alone[what][0], value[lane])
                np.testing.assert_array_equal(again[what], value)


@pytest.mark.cupy
@every_dtype
def test_spans_of_examples_are_added_up(cupy_backend, monkeypatch, dtype):
    monkeypatch.setattr(cuda, "SPAN", 64)
    z0, z1, y, s = draw("logistic", 333, 5, (2,), (), dtype)
    found = answers(line(cupy_backend, "logistic", z0, z1, y), cupy_backend.asarray(s))
    expected = answers(line(NP, "logistic", *(a.astype(np.float64) for a in (z0, z1, y))), s.astype(np.float64))
    for what, value in expected.items():
        bound = TOLERANCE[dtype] * largest(z0, z1, s)[what.split()[0]]
        np.testing.assert_allclose(found[what], value, rtol=0, atol=bound, err_msg=what)


@pytest.mark.cupy
def test_sums_of_float32_are_made_in_float64(cupy_backend):
    """Curvatures 2 z1^2: each thread meets 2^25 first and then 15 times 2, which float32 would round away."""
    z1 = np.where(np.arange(cuda.SPAN) < cuda.THREADS, 2.0**12, 1.0).astype(np.float32)
    found = line(cupy_backend, "square", 0 * z1, z1, 0 * z1).curvature(cupy_backend.asarray(z1[:1]))
    exact = (2 * z1.astype(np.float64) ** 2).mean()  # whole numbers below 2^53, divided by 2^13
    assert cuda.SPAN == 16 * cuda.THREADS
    assert float(found[0]) == np.float32(exact) != np.float32(exact - 2**-23 * exact)


@pytest.mark.cupy
def test_any_strides_and_lanes_broadcast(cupy_backend):
    """Transposed predictions, targets and steps of fewer lanes: as their contiguous copies of all lanes, bit by bit."""
    xp = cupy_backend
    z0, z1, y, s = draw("softmax", 20, 4, (3, 2))
    full = answers(line(xp, "softmax", z0, z1, np.broadcast_to(y, z0.shape)), xp.asarray(s[:1] + 0 * s))
    turned = [xp.asarray(np.ascontiguousarray(a.mT)).mT for a in (z0, z1)]
    few = CompositeLine(xp, LOSSES["softmax"], *turned, xp.asarray(y), nowhere)
    reverse = CompositeLine(xp, LOSSES["softmax"], *(a[::-1, ...] for a in turned), xp.asarray(y)[None], nowhere)
    for what, value in full.items():
        np.testing.assert_array_equal(answers(few, xp.asarray(s[:1]))[what], value)
        np.testing.assert_array_equal(answers(reverse, xp.asarray(s[:1]))[what][::-1], value)


@pytest.mark.cupy
def test_what_has_no_kernel_is_left_to_the_arrays(cupy_backend):
    z0, z1, y, s = (cupy_backend.asarray(a) for a in draw("square", 5, 2, (1,)))
    half, ask = cupy_backend.astype(z0, cupy_backend.float32), cupy_backend.composite
    assert ask("square", "change", z0, z1, y, s) is not None
    assert ask("absolute", "change", z0, z1, y, s) is None
    assert ask("square", "change", half, z1, y, s) is None
    assert ask("square", "change", z0, z1, y, s[:, :0]) is None
    assert CompositeLine(cupy_backend, LOSSES["square"], z0, z1, y, nowhere).change(s[:, :0]).shape == (1, 0)


@pytest.mark.cupy
def test_one_launch_and_no_synchronisation(cupy_backend, counted, monkeypatch):
    z0, z1, y, s = draw("logistic", 31, 7, (2,))
    here, steps = line(cupy_backend, "logistic", z0, z1, y), cupy_backend.asarray(s)
    for span, launches in ((cuda.SPAN, 1), (30, 2)):  # one more where spans are added up
        monkeypatch.setattr(cuda, "SPAN", span)
        for ask in (here.change, here.slope, here.curvature):
            counts = counted(lambda ask=ask: ask(steps))
            assert (counts["launches"], counts["syncs"]) == (launches, 0)
        counts = counted(lambda: here.samples(steps))
        assert (counts["launches"], counts["syncs"]) == (1, 0)


# Compilation for devices that need not be there


@pytest.fixture(scope="session")
def nvrtc():
    """NVIDIA's run-time compiler, from the package nvidia-cuda-nvrtc; it needs no device."""
    found = importlib.util.find_spec("nvidia")
    folders = list(found.submodule_search_locations or ()) if found else []
    libraries = [library for folder in folders for library in Path(folder).glob("*/lib/libnvrtc.so.*")]
    if not libraries:
        pytest.skip("nvidia-cuda-nvrtc is not installed")
    return ctypes.CDLL(str(libraries[0]))


def compiled(nvrtc, source, kernels, arch):
    """The compiler's exit code and its log."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    options = [option.encode() for option in (*cuda.OPTIONS, f"-arch={arch}")]
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"lines.cu", 0, None, None) == 0
    for kernel in kernels:
        assert nvrtc.nvrtcAddNameExpression(program, kernel.encode()) == 0
    code = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    assert nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size)) == 0
    log = ctypes.create_string_buffer(size.value)
    assert nvrtc.nvrtcGetProgramLog(program, log) == 0
    assert nvrtc.nvrtcDestroyProgram(ctypes.byref(program)) == 0
    return code, log.value.decode()


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90"])
def test_every_kernel_compiles(nvrtc, arch):
    code, log = compiled(nvrtc, cuda.SOURCE, cuda.instantiations(), arch)
    assert (code, log.strip()) == (0, "")


def test_a_kernel_that_does_not_exist_does_not_compile(nvrtc):
    code, log = compiled(nvrtc, cuda.SOURCE, ["means<double, Square<double>::cubed>"], "compute_80")
    assert code != 0
    assert "cubed" in log


def test_every_loss_has_its_kernels():
    assert set(cuda.STRUCTS) == set(LOSSES)
    assert len(set(cuda.instantiations())) == 2 * (5 * len(LOSSES) + 1)
