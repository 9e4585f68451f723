"""Large kernel matrices: what is kept, where, in how much memory, and what is said before it is built."""

import math
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import toybox as tb
from optional import TORCH
from toybox import study
from toybox.problems import kernel, named
from toybox.problems.kernel import KernelClassifier, WholePoint, rbf
from toybox.store import Store
from toybox.study import Run, Study, compute
from toybox.xp import BackendError, CupyNamespace, Namespace, OutOfMemory, namespace

BACKENDS = ("numpy", TORCH, "strict")


def clouds(n=60, tests=21, **options):
    rng = np.random.default_rng(1)
    X, test = rng.normal(size=(n, 3)), rng.normal(size=(tests, 3))
    return KernelClassifier(X, np.arange(n) % 2, 0.8, (test, np.arange(tests) % 2), **options)


@pytest.fixture
def free(monkeypatch):
    """Lets every machine have so many bytes available."""
    return lambda bytes: monkeypatch.setattr(Namespace, "free_memory", lambda xp: bytes)


# --- the kernel is an array program ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_kernel_is_correct_to_the_rounding_of_its_storage(monkeypatch, backend, dtype):
    """Distances err by eps(float64) (|a|^2 + |b|^2); what is stored by half an eps of its dtype more."""
    monkeypatch.setattr(kernel, "BLOCK", 8 * 60 * 7)  # the last block is shorter
    problem = clouds(backend=backend, dtype=dtype)
    expected = np.exp(-cdist(problem.X, problem.X, "sqeuclidean") / (2 * 0.8**2))
    distances = 16 * 2.0**-52 * (problem.X**2).sum(1).max() / (2 * 0.8**2)
    found = problem.xp.to_host(problem._K)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=distances + np.finfo(dtype).eps / 2, atol=0)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_tiles_equal_the_stored_kernel_without_leaving_the_device(monkeypatch, backend, dtype, outputs):
    """Rows to the rounding of their distances; sums of at most 60 products in another order."""
    monkeypatch.setattr(kernel, "TILE", np.dtype(dtype).itemsize * 60 * 17)
    stored, tiles = (clouds(storage=s, outputs=outputs, backend=backend, dtype=dtype) for s in ("full", "tiles"))
    assert (tiles._K, tiles._K_test, tiles.bytes) == (None, None, 0)
    xp, host = stored.xp, stored.xp.to_host
    rng, eps = np.random.default_rng(0), np.finfo(dtype).eps
    theta = xp.asarray(rng.normal(size=(2, stored.dim)), dtype=stored.dtype)
    index = xp.asarray(np.array([[0, 5, 59], [7, 7, 1]]))
    with monkeypatch.context() as within:
        within.setattr(xp, "to_host", None)  # nothing of this moves to the host
        rows = [problem.rows(index) for problem in (stored, tiles)]
        points = [[problem.at(theta, sample) for sample in (index, problem.population)] for problem in (stored, tiles)]
        answers = [[(point.value, point.gradient) for point in of_one] for of_one in points]
        accuracies = [problem.accuracy(theta) for problem in (stored, tiles)]
        products = [problem.product(theta[:, :60]) for problem in (stored, tiles)]
    distances = 32 * 2.0**-52 * (stored.X**2).sum(1).max() / (2 * 0.8**2)
    np.testing.assert_allclose(*map(host, rows), rtol=distances + eps, atol=0)
    np.testing.assert_allclose(*map(host, products), rtol=0, atol=60 * 8 * eps)
    for (value, gradient), (value_again, gradient_again) in zip(*answers, strict=True):
        np.testing.assert_allclose(host(value), host(value_again), rtol=300 * eps)
        np.testing.assert_allclose(host(gradient), host(gradient_again), rtol=300 * eps, atol=300 * eps)
    np.testing.assert_array_equal(*map(host, accuracies))


def summed(problem, z) -> float:
    """The mean logistic loss of predictions (n,), without rounding."""
    margins = np.where(problem.y == 1, -z.astype(float), z.astype(float))
    return math.fsum(np.logaddexp(0, margins)) / problem.size


def test_a_full_loss_of_many_examples_in_single_precision():
    """Of 39,992 predictions: their loss errs by an eps or two. A running sum would err by a hundred.

    Measured on all of ijcnn1 against float64, at the start and after 800 steps of SLS: the sum errs by 7e-8 and 2e-8 of
    its value (a running one by 1.3e-5 and 3e-6), the whole loss by 1.2e-7 and 0; the predictions, of 39,992 products
    each, by 9e-9 of at most .046 and by 1.7e-6 of at most 12.8.
    """
    rng, n = np.random.default_rng(0), 39_992
    problem = KernelClassifier(rng.normal(size=(n, 1)), np.arange(n) % 2, 1.0, storage="tiles", dtype="float32")
    z = 4 * rng.normal(size=(1, n)).astype(np.float32)
    assert float(WholePoint(problem, None, z).value[0]) == pytest.approx(summed(problem, z[0]), rel=4 * 2.0**-23)


@pytest.mark.parametrize("storage", ["full", "tiles"])
@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_full_losses_are_summed_pairwise_for_any_number_of_lanes(lanes, storage):
    """Whatever the layout in memory in which products leave the predictions of several lanes."""
    problem = clouds(4000, dtype="float32", storage=storage)
    whole = problem.at(problem.initial(range(lanes)), problem.population)
    exact = [summed(problem, z) for z in whole._z]
    np.testing.assert_allclose(whole.value, exact, rtol=4 * 2.0**-23)


# --- how much memory it takes ------------------------------------------------------------------------------------


def allocated(work) -> int:
    """The largest number of bytes that were allocated at once while it worked."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_building_takes_the_kernel_and_a_few_blocks(monkeypatch):
    """A block of distances, its exponentials, and these rounded: fewer than four blocks besides K."""
    monkeypatch.setattr(kernel, "BLOCK", 1 << 20)
    n = 2000
    problem = clouds(n, 500, dtype="float32", build=False)
    assert "_K" not in problem.__dict__
    assert problem.needs == 4 * n * n
    assert problem.bytes == 4 * n * (n + 500)
    assert 4 * n * n <= allocated(lambda: problem._K) <= 4 * n * n + (4 << 20)
    theta = problem.initial([0, 1])
    assert allocated(lambda: problem.accuracy(theta)) <= 4 * n * 500 + (4 << 20)
    assert problem._K.nbytes + problem._K_test.nbytes == problem.bytes
    assert allocated(lambda: problem.at(theta, problem.population).value) <= 1 << 20


def test_products_by_tiles_take_a_few_tiles(monkeypatch):
    """One pass over the tiles, of which two are there at once, for all vectors; the blocks come on top."""
    monkeypatch.setattr(kernel, "TILE", 1 << 20)
    monkeypatch.setattr(kernel, "BLOCK", 1 << 18)
    n, passes = 2000, []
    problem = clouds(n, 500, dtype="float32", storage="tiles")
    theta = problem.initial([0, 1, 2])
    monkeypatch.setattr(kernel, "rbf", lambda xp, A, *rest: passes.append(len(A)) or rbf(xp, A, *rest))
    assert allocated(lambda: problem.at(theta, problem.population).value) <= 5 << 20
    assert sum(passes) == n
    assert allocated(lambda: problem.accuracy(theta)) <= 5 << 20


def test_a_plain_run_never_asks_for_the_square():
    problem = clouds()
    for method in ("sls", "pal", "exact-full", "pls"):
        tb.run(problem, tb.method(method), steps=3, batch=5)
    assert "square" not in problem.__dict__


# --- what is said where memory does not suffice ------------------------------------------------------------------


def test_a_kernel_without_room_is_refused_with_numbers(free):
    """The rows that would fit do fit, and one more does not."""
    free(kernel.SPARE + 8 * 50 * 50 + 7)
    with pytest.raises(OutOfMemory) as caught:
        clouds(storage="full", build=False)
    sentence = str(caught.value)
    assert sentence.startswith("K of 60 rows takes 2.88e-05 GB, 0.268 GB are available, enough for 50 rows; accepted: ")
    assert sentence.endswith("fewer rows, storage='tiles' or dtype='float32'")
    assert isinstance(caught.value, BackendError | MemoryError)
    assert clouds(50, storage="full").storage == "full"
    with pytest.raises(OutOfMemory, match="K of 51 rows"):
        clouds(51, storage="full")
    assert clouds(storage="full", dtype="float32").storage == "full"
    free(kernel.SPARE)
    with pytest.raises(OutOfMemory, match=r"enough for 0 rows; accepted: fewer rows, storage='tiles'$"):
        clouds(storage="full", dtype="float32")


@pytest.mark.parametrize(
    ("room", "storage", "kept"),
    [
        (8 * 60 * 60 - 1, "tiles", 0),
        (8 * 60 * 60, "full", 60 * 60),
        (8 * 60 * 81 - 1, "full", 60 * 60),
        (8 * 60 * 81, "full", 60 * 81),
    ],
)
def test_what_is_kept_of_itself(free, room, storage, kept):
    """K, then the kernel of the test rows, as far as there is room and as ``memory`` allows; tiles else."""
    free(kernel.SPARE + room)
    roomy = clouds()
    free(1 << 50)
    allowed = clouds(memory=room)
    free(None)  # the system does not say
    unknown = clouds(memory=room)
    for problem in (roomy, allowed, unknown):
        assert (problem.storage, problem.bytes, problem.needs) == (storage, 8 * kept, 8 * 60 * 60)
        assert (problem._K_test is None) == (kept < 60 * 81)


def test_memory_that_runs_out_on_the_way_is_the_same_sentence(monkeypatch, free):
    """What a device raises is a MemoryError, as CuPy's own is."""

    class OutOfDeviceMemory(MemoryError):
        pass

    def full(*arguments):
        raise OutOfDeviceMemory("allocating 12345 bytes")

    monkeypatch.setattr(kernel, "rbf", full)
    with pytest.raises(BackendError, match=r"^K of 60 rows takes 2\.88e-05 GB, .* GB are available, enough for "):
        clouds()
    free(None)
    with pytest.raises(BackendError, match=r"^K of 60 rows takes 2\.88e-05 GB, more than is available; accepted: "):
        clouds()


def test_free_memory():
    """The machine's on the host; of a device what is free, or kept for reuse."""
    assert 0 < namespace("numpy").free_memory() < 1 << 50
    runtime, pool = SimpleNamespace(memGetInfo=lambda: (100, 200)), SimpleNamespace(free_bytes=lambda: 11)
    cupy = SimpleNamespace(cuda=SimpleNamespace(runtime=runtime), get_default_memory_pool=lambda: pool)
    assert CupyNamespace("cupy", cupy).free_memory() == 111


# --- studies ------------------------------------------------------------------------------------------------------


def make(**changes) -> Run:
    fields = {"problem": "logistic", "options": {"size": 100}, "method": "sgd", "steps": 2, "batch": 5}
    return Run(**fields | changes)


@pytest.fixture
def pools(monkeypatch):
    """How many processes were asked for; all is computed in this one. Whatever is kept is large."""
    asked, each = [], study.each
    stopped = SimpleNamespace(shutdown=lambda: asked.append("workers ended"))

    def spy(function, cases, many, apart):
        asked.append(many)
        return each(function, cases, 1)

    monkeypatch.setattr(study, "each", spy)
    monkeypatch.setattr(study, "get_reusable_executor", lambda: stopped)
    monkeypatch.setattr(study, "LARGE", 8 * 80 * 80)
    return asked


@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_no_more_large_problems_at_once_than_memory_holds(tmp_path, pools, free, capfd, monkeypatch, allowed):
    """K of 80 rows and the kernel of 20 test rows: 64 kB. A tenth of the memory is for everything else."""
    monkeypatch.setattr(kernel, "SPARE", 0)
    room = math.ceil(allowed * 64_000 / 0.9)
    free(room)
    runs = [make(method=method) for method in ("sgd", "sls", "pal", "adam")] + [make(problem="quadratic", options={})]
    compute(Study(name="s", runs=runs), tmp_path, workers=4)
    assert pools == [allowed, "workers ended"]
    line = f"toybox: the largest problem needs 6.4e-05 GB of {room / 1e9:.3g} GB: at most {allowed} at once\n"
    assert capfd.readouterr().err == line


def test_the_bound_on_processes(pools, monkeypatch, capfd):
    """2.5 problems and a tenth: two; less than one: one, which will say itself what is wrong."""
    for free_bytes, needs, takes, expected in (
        (28e9, 10e9, 10e9, 2), (23e9, 10e9, 10e9, 2), (22e9, 10e9, 10e9, 1), (2e9, 10e9, 10e9, 1),
    ):  # fmt: skip
        monkeypatch.setattr(study, "_look", lambda run, m=(needs, takes, free_bytes): (80, m))
        assert study._looked_at([make()]) == expected
    monkeypatch.setattr(study, "_look", lambda run: (80, (12.8e9, 0, 6e9)))
    assert study._looked_at([make(), make(steps=3)]) == 2
    assert "needs 12.8 GB of 6 GB: not kept, but computed anew for every step\n" in capfd.readouterr().err
    answers = iter([(12.8e9, 0, 23e9), (10e9, 10e9, 23e9)])
    monkeypatch.setattr(study, "_look", lambda run: (80, next(answers)))
    assert (
        study._looked_at([make(options={"storage": "tiles"}), make()]) == 2
    )  # what is kept decides, not the larger one


def test_small_problems_are_not_worth_a_word(tmp_path, pools, capfd, monkeypatch):
    monkeypatch.setattr(study, "LARGE", 8 * 80 * 100 + 1)
    compute(Study(name="s", runs=[make(), make(steps=3)]), tmp_path, workers=2)
    assert pools == [2]
    assert capfd.readouterr().err == ""


def test_a_result_says_how_its_kernel_was_kept(tmp_path):
    results = compute(
        Study(name="s", runs=[make(options={"size": 100, "storage": s}) for s in ("auto", "tiles")]),
        tmp_path,
        workers=1,
    )
    assert [result.meta["storage"] for result in results] == ["full", "tiles"]


def test_planning_computes_no_kernel(monkeypatch):
    monkeypatch.setattr(kernel, "rbf", None)
    looked = lambda **changes: (lambda size, memory: (size, *memory[:2]))(*study._look(make(**changes)))
    assert looked() == (80, 8 * 80 * 100, 8 * 80 * 100)
    assert looked(options={"size": 100, "storage": "tiles", "dtype": "float32"}) == (80, 4 * 80 * 80, 0)
    assert looked(problem="quadratic", options={}) == (100, 0, 0)


def test_ijcnn1_at_full_size_is_planned_at_once():
    """What the published size takes, without computing it."""
    try:
        problem = named.ijcnn1(part="full", dtype="float32", build=False)
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    assert problem.needs == 4 * 39_992**2
    assert "_K" not in problem.__dict__


# --- the figure at full size --------------------------------------------------------------------------------------


@pytest.fixture
def f2(monkeypatch):
    """The figure with a second column of 160 rows that count as many, and two methods."""
    module = pytest.importorskip("toybox_figures.f2_kernels")
    monkeypatch.setattr(module, "second", lambda size: ("misfire", {"rows": 200, "dtype": "float32"}, 160))
    monkeypatch.setattr(module, "ALONE", 100)
    monkeypatch.setattr(module, "METHODS", {"sls": {"gamma": 1.5}, "adam": {}})
    monkeypatch.setattr(module, "OTHERS", {"sgd": {}})
    return module


def test_the_jobs_of_a_large_panel_are_single_seeds(f2):
    runs = [run for run in f2.runs("full") if run.problem == "misfire"]
    assert [(run.method, run.seeds) for run in runs] == [(m, (s,)) for m in ("sls", "adam", "sgd") for s in (0, 1, 2)]
    assert {(run.steps, run.batch) for run in runs} == {(35, 100)}


def test_the_published_budget(monkeypatch):
    """39,992 training rows make 399 batches of 100; 35 epochs of them are the published axis of 13,900 and a few."""
    module = pytest.importorskip("toybox_figures.f2_kernels")
    options = {"part": "full", "dtype": "float32"}
    monkeypatch.setattr(module, "second", lambda size: ("ijcnn1", options, 39_992))
    runs = [run for run in module.runs("full") if run.problem == "ijcnn1"]
    assert {(run.steps, run.batch, len(run.seeds)) for run in runs} == {(13_965, 100, 1)}
    assert {run.seeds for run in runs if run.method == "pal"} == {(0,), (1,), (2,)}
    assert {"sls", "pal", "adam", "cocob"} <= {run.method for run in runs}


def test_a_killed_figure_goes_on_where_it_was(f2, tmp_path, monkeypatch):
    """Stopped in its second job, it computes that one and the rest; and the panel of single seeds can be drawn."""
    import matplotlib

    matplotlib.use("Agg")
    whole = Study(name="F2", runs=[run for run in f2.runs("full") if run.problem == "misfire"])
    job, done = study._job, []

    def dying(runs, *rest):
        if done:
            raise KeyboardInterrupt
        done.extend(runs)
        return job(runs, *rest)

    with monkeypatch.context() as killed:
        killed.setattr(study, "_job", dying)
        with pytest.raises(KeyboardInterrupt):
            compute(whole, tmp_path, workers=1)
    kept = [run for run in whole.runs if Store(tmp_path).has(run.key)]
    assert kept == [run for run in whole.runs if run.seeds == done[0].seeds]
    assert len(kept) == 3
    monkeypatch.setattr(study, "_job", lambda runs, *rest: done.extend(runs) or job(runs, *rest))
    results = compute(whole, tmp_path, workers=1)
    assert len(done) == len(whole.runs) == 9
    text = f2.caption(results, f2.group(results, "problem", "method"), ["misfire"])
    assert "medians and quartiles of 3 seeds; thin grey: the other methods at their defaults (medians of 3)" in text


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_large_batch_is_gathered_in_pieces(outputs, backend, monkeypatch):
    """Nothing but the last bits depends on whether the rows of a batch are kept."""
    problem, seeds = clouds(outputs=outputs, backend=backend), (3, 4)
    index = problem.xp.asarray(problem.draw(np.array(seeds), 0, 0, 13))
    theta, d = problem.initial(seeds), problem.initial([5, 6])

    def answers():
        point = problem.at(theta, index)
        line = point.along(d)
        moved = line.at(0 * line.value0 + 0.5)
        found = (point.value, point.gradient, point.hvp(d), line.slope0, moved.value, moved.gradient)
        return point, [problem.xp.to_host(x) for x in found]

    kept, expected = answers()
    monkeypatch.setattr(kernel, "KEPT", 12 * problem.sample_bytes)
    for name in ("PIECE", "TILE"):
        monkeypatch.setattr(kernel, name, 5 * problem.sample_bytes)
    pieces, found = answers()
    assert [part for part, _ in kept._pieces()] == [slice(13)]
    assert [part for part, _ in pieces._pieces()] == [slice(0, 5), slice(5, 10), slice(10, 13)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_pieces_change_no_lane(monkeypatch):
    problem, method = clouds(), tb.method("sls")
    monkeypatch.setattr(kernel, "KEPT", 0)
    monkeypatch.setattr(kernel, "PIECE", 3 * problem.sample_bytes)
    together = tb.run(problem, method, steps=5, batch=10, seeds=(0, 1, 2), every=None)
    for lane, seed in enumerate((0, 1, 2)):
        alone = tb.run(problem, method, steps=5, batch=10, seeds=(seed,), every=None)
        np.testing.assert_array_equal(together.theta[lane], alone.theta[0])
