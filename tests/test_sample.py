"""Lines along a trajectory, against evaluations of the problem at theta + s d for the theta and d of the same step."""

import numpy as np
import pytest

import toybox as tb
from optional import TORCH
from toybox.analysis import lowest, sample, watch

EPS = np.finfo(float).eps
SMALL = {
    "quadratic": {"dim": 4, "size": 40},
    "factorization": {"rank": 4},
    "logistic": {"size": 100},
}


def brute(problem, optimizer, t, s, sample=None, **options):
    """The ray of step t, and the losses at theta + s d less that at theta, evaluated one by one."""
    ray = watch(problem, optimizer, t, **options).ray
    on = problem.population if sample is None else sample(ray)
    at = lambda x: problem.at(ray.origin.theta + x[..., None] * ray.d, on).value
    return ray, np.stack([at(x) - at(0 * x) for x in np.moveaxis(s, -1, 0)], axis=-1)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("method", ["sgd", "momentum", "sls", "pal", "seg"])
def test_full_and_batch_losses_are_those_of_the_problem(name, method):
    """Interpolated to 1e-12 of the largest slope; the brute force subtracts losses of order 1 to 10."""
    problem, optimizer = tb.problem(name, **SMALL[name]), tb.method(method)
    options = {"batch": 10, "seeds": (0, 1)}
    lines = sample(problem, optimizer, steps=8, at=[0, 5, 7], unit="arc", window=(-0.3, 0.5), points=21, **options)
    for i, t in enumerate(lines.t):
        s = lines.s * lines.unit[i][..., None]
        ray, full = brute(problem, optimizer, t, s, **options)
        _, mine = brute(problem, optimizer, t, s, lambda ray: ray.origin.sample, **options)
        scale = 1 + np.abs(full).max() + np.abs(mine).max()
        np.testing.assert_allclose(lines.full[i], full, atol=1e-11 * scale)
        np.testing.assert_allclose(lines.batch[i], mine, atol=1e-11 * scale)
        np.testing.assert_allclose(lines.norm[i], np.linalg.norm(ray.d, axis=-1), rtol=1e-12)
        np.testing.assert_allclose(lines.unit[i] * lines.norm[i], 1, rtol=1e-12)
        np.testing.assert_allclose(lines.batch_loss[i], ray.origin.value, rtol=1e-12)
    assert lines.converged.all()


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("method", ["sgd", "sls", "pal", "golsi", "labpal-nsgd", "seg", "exact-full"])
def test_a_run_does_not_notice_that_its_lines_are_sampled(name, method):
    problem, optimizer = tb.problem(name, **SMALL[name]), tb.method(method)
    plain = tb.run(problem, optimizer, steps=12, batch=10, seeds=(0, 1), every=None)
    passengers = {other: tb.method(other) for other in ("sgd", "labpal-sgd", "fbpal")}
    trace = sample(problem, optimizer, steps=12, batch=10, seeds=(0, 1), others=2, methods=passengers).trace
    for name_of in ("theta", "size", "status", "trials", "full_loss"):
        assert np.array_equal(getattr(trace, name_of), getattr(plain, name_of)), name_of
    for kind in plain.counts:
        assert np.array_equal(trace.counts[kind], plain.counts[kind])


def test_predictions_carried_along_and_from_the_square_of_the_kernel_are_the_predictions():
    """Sampling all steps uses K K and carries; sampling one step does neither. 250 steps: a carry is renewed at 200."""
    problem, optimizer = tb.problem("logistic", size=100), tb.method("sgd", rate=0.5)
    options = {"steps": 250, "batch": 10, "points": 9, "window": (-1.0, 3.0), "unit": "step"}
    every = sample(problem, optimizer, **options)
    for t in (0, 1, 199, 200, 249):
        alone = sample(problem, optimizer, at=[t], **options)
        for name in ("full", "loss", "slope", "curvature", "optimum"):
            np.testing.assert_allclose(getattr(every, name)[t], getattr(alone, name)[0], rtol=1e-10, err_msg=name)


def test_units():
    """On a quadratic the Newton step is the optimum; a unit of "step" is the step taken; one of "arc" has length 1."""
    problem, optimizer = tb.problem("quadratic", **SMALL["quadratic"]), tb.method("sgd", rate=0.1)
    options = {"steps": 20, "batch": 40, "seeds": (0, 1), "window": (-1.0, 3.0)}
    newton, step, arc, d = (sample(problem, optimizer, unit=u, **options) for u in ("newton", "step", "arc", "d"))
    np.testing.assert_allclose(newton.optimum, 1, rtol=1e-12)
    np.testing.assert_allclose(newton.curvature, -newton.slope, rtol=1e-12)
    assert (step.taken == 1).all()
    np.testing.assert_allclose(arc.arc(arc.taken), arc.trace.arc, rtol=1e-12)
    assert (d.unit == 1).all()
    np.testing.assert_allclose(d.taken, 0.1, rtol=1e-14)
    truth = -d.slope / d.curvature  # in multiples of d
    for lines in (newton, d):
        np.testing.assert_allclose((lines.optimum * lines.unit)[truth < 3], truth[truth < 3], rtol=1e-11)
    np.testing.assert_allclose(newton.lowest, newton.slope / 2, rtol=1e-11)


@pytest.mark.parametrize("unit", ["d", "arc", "step", "newton"])
def test_slopes_and_curvatures_are_per_unit(unit):
    """On a quadratic every recorded point of a line is slope s + curvature s^2 / 2, in whatever unit s counts; the
    values have about 1e-12 of their own, interpolated."""
    problem, optimizer = tb.problem("quadratic", **SMALL["quadratic"]), tb.method("sgd", rate=0.1)
    lines = sample(problem, optimizer, steps=5, batch=10, seeds=(0, 1), unit=unit, window=(-1.0, 2.0), points=7)
    assert unit == "d" or not np.isclose(lines.unit, 1).any()
    for change, slope, curvature in (
        (lines.full, lines.slope, lines.curvature),
        (lines.batch, lines.batch_slope, lines.batch_curvature),
    ):
        parabola = slope[..., None] * lines.s + curvature[..., None] * lines.s**2 / 2
        np.testing.assert_allclose(change, parabola, atol=1e-11 * np.abs(parabola).max())


def test_a_minimum_outside_the_window_is_none():
    problem, optimizer = tb.problem("quadratic", **SMALL["quadratic"]), tb.method("sgd", rate=0.1)
    lines = sample(problem, optimizer, steps=5, batch=40, unit="newton", window=(-1.0, 0.5), points=7)
    assert np.isnan(lines.optimum).all()
    np.testing.assert_allclose(lines.lowest, lines.full[..., -1])


def test_other_batches_are_fresh_ones():
    problem, optimizer = tb.problem("factorization", rank=4), tb.method("sgd", rate=0.1)
    options = {"batch": 10, "seeds": (0, 1)}
    lines = sample(problem, optimizer, steps=4, at=[3], others=3, points=5, unit="d", **options)
    for j in range(3):
        index = problem.draw(np.array([0, 1]), 3, 1000 + j, 10)
        ray, change = brute(problem, optimizer, 3, np.stack([lines.s] * 2), lambda ray, index=index: index, **options)
        np.testing.assert_allclose(lines.others[0, j], change, atol=1e-12)
        np.testing.assert_allclose(lines.others_loss[0, j], problem.at(ray.origin.theta, index).value, rtol=1e-12)


def test_passengers_take_the_steps_they_would_take_on_this_line():
    """Plain rates are multiples of d; PAL asks along the unit vector; a search on all data finds the optimum; and one
    that measures every fifth line keeps its state in between."""
    problem = tb.problem("quadratic", **SMALL["quadratic"])
    methods = {
        "rate": tb.method("sgd", rate=0.3),
        "pal": tb.method("pal", beta=0.0),
        "exact": tb.method("exact"),
        "exact-full": tb.method("exact-full"),
        "fbpal": tb.method("fbpal"),
        "labpal": tb.method("labpal-sgd", reuse=5, alpha=1.0),
    }
    lines = sample(
        problem, tb.method("sgd", rate=0.01), steps=20, batch=10, unit="d", window=(-1, 50.0), methods=methods
    )
    np.testing.assert_allclose(lines.steps["rate"], 0.3, rtol=1e-14)
    vertex = -lines.batch_slope / lines.batch_curvature
    for name in ("pal", "exact"):
        np.testing.assert_allclose(lines.steps[name], vertex, rtol=1e-9)
    whole = np.where(lines.slope < 0, -lines.slope / lines.curvature, 0)
    np.testing.assert_allclose(lines.steps["exact-full"], whole, rtol=1e-9)
    np.testing.assert_allclose(lines.steps["fbpal"], whole, rtol=1e-9)
    for name, s in lines.steps.items():
        np.testing.assert_allclose(
            lines.gains[name], s * (lines.slope + s / 2 * lines.curvature), rtol=1e-9, atol=1e-12
        )
    assert [len(np.unique(part)) for part in np.split(lines.steps["labpal"][:, 0], 4)] == [1, 1, 1, 1]
    assert len(np.unique(lines.steps["labpal"])) == 4


def kinked():
    """mean |a_i . theta - b_i|: piecewise linear along every line."""
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((30, 3)), rng.standard_normal(30)

    def f(theta, index):
        a = A[index]
        r = (a * theta[..., None, :]).sum(-1) - b[index]
        return np.abs(r).mean(-1), (np.sign(r)[..., None] * a).mean(-2)

    return tb.problems.FromFunction(f, 3, 30)


def test_a_line_with_kinks_is_walked_point_by_point():
    problem, optimizer = kinked(), tb.method("sgd", rate=0.1)
    options = {"batch": 10, "seeds": (0, 1)}
    lines = sample(problem, optimizer, steps=4, points=41, window=(-1.0, 2.0), unit="d", **options)
    assert not lines.converged.any()
    assert np.isnan(lines.curvature).all()  # the problem gives no Hessian-vector products
    for t in range(4):
        _, full = brute(problem, optimizer, t, np.stack([lines.s] * 2), **options)
        np.testing.assert_allclose(lines.full[t], full, atol=1e-14)
        _, fine = brute(problem, optimizer, t, np.stack([np.linspace(-1, 2, 20001)] * 2), **options)
        inside = np.isfinite(lines.optimum[t])
        np.testing.assert_allclose(lines.lowest[t][inside], fine.min(-1)[inside], atol=2e-4)


def test_lines_with_and_without_kinks_are_put_together_in_order():
    """A line that is smooth at the first recorded step and kinked later keeps its place."""
    problem, optimizer = kinked(), tb.method("sgd", rate=0.1)
    near = sample(problem, optimizer, steps=6, points=5, window=(0.0, 1e-4), unit="d", batch=10)
    assert near.converged.any()
    for t in range(6):
        _, full = brute(problem, optimizer, t, near.s[None], batch=10)
        np.testing.assert_allclose(near.full[t], full, atol=1e-15)


def test_a_minimum_beside_an_end_of_the_grid():
    """Nearer to the end than to the next point it is inside all the same; beyond the end there is none."""
    at = np.array([-0.3, -1e-9, 0.0, 1e-9, 0.3, 8.7, 9 - 1e-9, 9.0, 9.3])
    s = np.tile(np.arange(10.0), (len(at), 1))
    found = lowest(lambda s: 2 * (s - at), s, (s - at[:, None]) ** 2)
    np.testing.assert_allclose(found, np.where((at > 0) & (at < 9), at, np.nan), rtol=1e-12)


def test_the_lowest_point_of_a_skew_line():
    """exp(s) - 2 s has its minimum at log 2."""
    s = np.linspace(-3, 3, 8)[None]
    found = lowest(lambda s: np.exp(s) - 2, s, np.exp(s) - 2 * s)
    np.testing.assert_allclose(found, np.log(2), rtol=4 * EPS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "metre"}, "unit 'metre' is unknown"),
        ({"window": (1.0, 2.0)}, "window="),
        ({"window": (0.0, np.inf)}, "window="),
        ({"points": 2}, "points=2"),
        ({"at": [5]}, "at="),
        ({"at": []}, "at="),
        ({"at": [-1]}, "at="),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        sample(tb.problem("quadratic"), tb.method("sgd", rate=0.1), steps=5, batch=10, **options)


@pytest.mark.parametrize("backend", [TORCH, "strict"])
def test_other_backends_sample_the_same_lines(backend):
    found = [
        sample(tb.problem("logistic", size=60, backend=b), tb.method("sgd", rate=0.5), steps=5, batch=8, points=11,
               others=1, methods={"fbpal": tb.method("fbpal")})
        for b in ("numpy", backend)
    ]  # fmt: skip
    for name in ("full", "batch", "others", "optimum", "slope", "curvature"):
        np.testing.assert_allclose(getattr(found[1], name), getattr(found[0], name), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found[1].steps["fbpal"], found[0].steps["fbpal"], rtol=1e-9)
