"""Bad input, one row each: what is called, which exception it raises, and the words its one sentence must contain."""

import pickle
from math import inf, nan

import numpy as np
import pytest

import toybox as tb
from toybox.lines import HermiteLine
from toybox.problems.data import MissingData
from toybox.problems.quadratic import expected_risk
from toybox.trace import Trace
from toybox.xp import dtype, namespace

EYE, ROWS = np.eye(2), np.zeros((4, 2))
LABELS = np.array([0, 1, 0, 1])
QUADRATIC = tb.problem("quadratic", dim=2, size=10)
COMMON = tb.problem("quadratic", dim=2, size=10, common=True)
SGD = tb.method("sgd")


def method(name, **hyper):
    return lambda: tb.method(name, **hyper)


def problem(name, **options):
    return lambda: tb.problem(name, **options)


def run(problem=QUADRATIC, optimizer=SGD, **arguments):
    return lambda: tb.run(problem, optimizer, **({"steps": 2, "batch": 2} | arguments))


def quadratic(*arguments, **options):
    return lambda: tb.problems.NoisyQuadratic(*arguments, **options)


def factorization(*arguments, **options):
    return lambda: tb.problems.Factorization(*arguments, **options)


def kernel(X=ROWS, y=LABELS, sigma=1.0, *arguments, **options):
    return lambda: tb.problems.KernelClassifier(X, y, sigma, *arguments, **options)


def function(f, dim=2, size=4, **options):
    return lambda: tb.run(tb.problems.FromFunction(f, dim, size, **options), SGD, steps=1, batch=2)


def fine(theta, index):
    return (theta**2).sum(-1), 2 * theta


def answering(kind, **options):
    """f whose gradients have this dtype."""
    return function(lambda theta, index: ((theta**2).sum(-1), (2 * theta).astype(kind)), **options)


def asking(name, answer):
    """A problem whose function ``name`` answers this."""

    def ask():
        point = tb.problems.FromFunction(fine, 2, 4, **{name: answer}).at(np.ones((1, 2)), np.array([[0, 1]]))
        return point.hvp(np.ones((1, 2))) if name == "hvp" else point.examples(np.ones((1, 2)))

    return ask


def probe(answer, **arguments):
    return run(probes=[tb.Probe("mine", lambda look: answer)], **arguments)


def sampler(sample, **arguments):
    return run(sampler=lambda t, j: sample, **arguments)


def cost(kind):
    return lambda: tb.run(QUADRATIC, SGD, steps=1, batch=2).cost(kind)


def risk(problem=COMMON, rate=0.1, batch=2, steps=3, start=(1.0, 1.0), **options):
    return lambda: expected_risk(problem, rate, batch, steps, start, **options)


def with_nan(shape, value=nan):
    array = np.zeros(shape)
    array.flat[1] = value
    return array


TABLE = [
    # hyper-parameters
    (method("pal", mu=-0.1), "mu=-0.1", "(0, inf)"),
    (method("pal", mu=0), "mu=0.0", "(0, inf)"),
    (method("pal", mu=nan), "mu=nan", "(0, inf)"),
    (method("pal", mu=inf), "mu=inf", "(0, inf)"),
    (method("pal", mu=True), "mu=True", "number", "(0, inf)"),
    (method("pal", mu="0.1"), "mu='0.1'", "number", "(0, inf)"),
    (method("pal", mu=None), "mu=None", "number", "(0, inf)"),
    (method("pal", mu=[0.1, -3.0]), "mu=-3.0", "(0, inf)"),
    (method("pal", mu=[]), "mu", "empty", "(0, inf)"),
    (method("pal", alpha=-1), "alpha=-1.0", "(0, inf)"),
    (method("pal", beta=1), "beta=1.0", "[0, 1)"),
    (method("pal", s_max=0), "s_max=0.0", "(0, inf]"),
    (method("pal", exact_slope="no"), "exact_slope='no'", "True, False"),
    (method("pal", exact_slope=1), "exact_slope=1", "True, False"),
    (method("momentum", beta=1.0), "beta=1.0", "[0, 1)"),
    (method("momentum", beta=-0.1), "beta=-0.1", "[0, 1)"),
    (method("adam", beta2=1.5), "beta2=1.5", "[0, 1)"),
    (method("adam", eps=0), "eps=0.0", "(0, inf)"),
    (method("sgd", rate=-1), "rate=-1.0", "[0, inf)"),
    (method("sgd", rate=[[1], [1, 2]]), "rate=[[1], [1, 2]]", "number", "[0, inf)"),
    (method("sgd", schedule="cosin"), "schedule='cosin'", "'constant'", "did you mean 'cosine'"),
    (method("sgd", schedule=["cosine", "1/t"]), "schedule=['cosine', '1/t']", "'constant'"),
    (method("sls", c=0), "c=0.0", "(0, 1)"),
    (method("sls", c=1), "c=1.0", "(0, 1)"),
    (method("sls", beta=1), "beta=1.0", "(0, 1)"),
    (method("sls", gamma=0.9), "gamma=0.9", "[1, inf)"),
    (method("sls", first=0), "first=0.0", "(0, inf)"),
    (method("sls", max_step=-1), "max_step=-1.0", "(0, inf]"),
    (method("sls", reset=3), "reset=3", "0, 1, 2"),
    (method("sls", reset=True), "reset=True", "0, 1, 2"),
    (method("sls", reset=np.array([0, 1])), "reset=array of shape (2,)", "0, 1, 2"),
    (method("sls", tries=0), "tries=0", "whole number of at least 1"),
    (method("sls", tries=2.5), "tries=2.5", "whole number of at least 1"),
    (method("sls", tries=np.ones((3, 3))), "tries=array of shape (3, 3)", "whole number"),
    (method("sls", steps_per_epoch=0), "steps_per_epoch=0", "whole number of at least 1"),
    (method("sls", variant="relased"), "variant='relased'", "'paper', 'released'", "did you mean 'released'"),
    (method("sls", sample=2), "sample=2", "0, 1"),
    (method("exact", s_max=-1), "s_max=-1.0", "(0, inf]"),
    (method("sgd-hd", form="nestrov"), "form='nestrov'", "did you mean 'nesterov'", "momentum"),
    (method("sgd-hd", hyper_rate=-1), "hyper_rate=-1.0", "[0, inf)"),
    (method("ali-g", momentum=1), "momentum=1.0", "[0, 1)"),
    (method("ali-g", adjusted=1), "adjusted=1", "False, True"),
    (method("golsi", factor=1), "factor=1.0", "(1, inf)"),
    (method("golsi", variant="release"), "variant='release'", "did you mean 'released'"),
    (method("pls", evaluations=1), "evaluations=1", "whole number of at least 2"),
    (method("pls", threshold=1), "threshold=1.0", "(0, 1)"),
    (method("pal-fr", restart=0), "restart=0", "whole number of at least 1, or None"),
    (method("strong-wolfe", c2=0), "c2=0.0", "(0, 1)"),
    (method("labpal-sgd", reuse=0), "reuse=0", "whole number of at least 1"),
    (method("labpal-sgd", schedule="doublin"), "schedule 'doublin'", "did you mean 'doubling'"),
    (method("labpal-nsgd", noise_factor=0), "noise_factor=0", "(0, inf)"),
    (method("fbpal", mu=0), "mu=0.0", "(0, inf)"),
    (run(optimizer=tb.method("pal", mu=[0.1, 0.2], alpha=[1, 2, 3])), "mu (2,)", "alpha (3,)", "broadcast"),
    # names
    (method("slss"), "method 'slss'", "did you mean 'sls'", "accepted: sgd"),
    (method(3), "method 3", "accepted: sgd"),
    (method(np.array(["sgd", "pal"])), "method array of shape (2,)", "accepted: sgd"),
    (method("sgd", rat=1), "option 'rat'", "did you mean 'rate'", "accepted: rate"),
    (problem("mushroom"), "problem 'mushroom'", "did you mean 'mushrooms'", "accepted: quadratic"),
    (problem("quadratic", dims=3), "option 'dims'", "did you mean 'dim'"),
    (problem("quadratic", backend="nunpy"), "backend='nunpy'", "did you mean 'numpy'", "'torch'"),
    (problem("quadratic", backend=["numpy"]), "backend=['numpy']", "'numpy', 'torch'"),
    (problem("quadratic", dtype=["float64"]), "dtype=['float64']", "'float64', 'float32'"),
    (problem("quadratic", dtype="float6"), "dtype='float6'", "did you mean 'float64'", "'float32'"),
    (problem("quadratic", dtype=np.float64), "dtype=<class 'numpy.float64'>", "'float64', 'float32'"),
    (problem("quadratic", line="close"), "line='close'", "did you mean 'closed'", "'generic'"),
    (problem("quadratic", line=np.zeros((2, 2))), "line=array of shape (2, 2)", "'closed', 'generic'"),
    (run(sampler="epoch"), "sampler 'epoch'", "did you mean 'epochs'", "replacement"),
    (run(sampler=None), "sampler None", "epochs"),
    (cost("epoch"), "cost 'epoch'", "did you mean 'epochs'", "values"),
    (lambda: namespace("numpi"), "backend='numpi'", "did you mean 'numpy'"),
    (lambda: dtype(namespace("numpy"), "double"), "dtype='double'", "'float64'"),
    # runs
    (run(steps=-1), "steps=-1", "whole number of at least 0"),
    (run(steps=2.0), "steps=2.0", "whole number"),
    (run(steps=None), "steps=None", "whole number"),
    (run(batch=0), "batch=0", "whole number of at least 1"),
    (run(batch=1.5), "batch=1.5", "whole number of at least 1"),
    (run(batch=True), "batch=True", "whole number of at least 1"),
    (run(batch=np.array([1, 2])), "batch=array of shape (2,)", "whole number"),
    (run(batch=11), "batch=11", "D=10", "1 to 10"),
    (run(every=0), "every=0", "whole number of at least 1"),
    (run(every=0.5), "every=0.5", "whole number"),
    (run(seeds=()), "seeds=()", "non-empty"),
    (run(seeds=3), "seeds=3", "sequence of whole numbers"),
    (run(seeds=[0.5]), "seeds=[0.5]", "whole numbers"),
    (run(seeds=[1.0, 2.0]), "seeds=[1.0, 2.0]", "whole numbers"),
    (run(seeds=["a"]), "seeds=['a']", "whole numbers"),
    (run(seeds="12"), "seeds='12'", "whole numbers"),
    (run(seeds=[True]), "seeds=[True]", "whole numbers"),
    (run(seeds=[None]), "seeds=[None]", "whole numbers"),
    (run(seeds=[2**63]), "seeds=[9223372036854775808]", "below 2^63"),
    (run(seeds=[[0], [1]]), "seeds=[[0], [1]]", "sequence of whole numbers"),
    (run(seeds=np.zeros((50, 50), int)), "seeds=array of shape (50, 50)", "whole numbers"),
    (run(theta=np.zeros(3)), "theta", "(3,)", "(1, 2)"),
    (run(theta=np.zeros((4, 2))), "theta", "(4, 2)", "(1, 2)"),
    (run(theta="start"), "theta='start'", "(1, 2)"),
    (run(theta=object), "theta=<class 'object'>", "(1, 2)"),
    (run(theta=[[1.0], [1.0, 2.0]]), "theta", "(1, 2)"),
    (run(theta=[nan, 1.0]), "theta=[nan, 1.0]", "finite in float64", "(1, 2)"),
    (run(theta=[None, 1.0]), "theta=[None, 1.0]", "finite in float64", "(1, 2)"),
    (run(theta=np.array([1j, 1.0])), "theta=array of shape (2,)", "(1, 2)"),
    (run(tb.problem("quadratic", dim=2, size=10, dtype="float32"), theta=[1e39, 0]), "theta", "finite in float32"),
    (run(seeds=np.array(0.1)), "seeds=array(0.1)", "sequence of whole numbers"),
    (run(probes=6), TypeError, "probes=(6,)", "Probe(name, measure)"),
    (probe(1.5), "probe 'mine'", "shape ()", "step 0", "lanes = (1,)"),
    (probe([[1.0], [2.0]]), "probe 'mine'", "(2, 1)", "lanes = (1,)"),
    (probe([object()]), "probe 'mine'", "dtype object", "numbers, truth values or text"),
    (probe([None]), "probe 'mine'", "dtype object"),
    (sampler(np.zeros((1, 2))), "sampler(0, 0)", "dtype float64", "whole numbers", "(1, 2)"),
    (sampler(np.zeros((1, 2), bool)), "sampler(0, 0)", "dtype bool", "whole numbers"),
    (sampler(np.zeros((1, 3), int)), "sampler(0, 0)", "(1, 3)", "(*lanes, batch) = (1, 2)"),
    (sampler(np.zeros((3, 2), int), seeds=[0, 1]), "sampler(0, 0)", "(3, 2)", "(*lanes, batch) = (2, 2)"),
    (sampler(np.zeros((1, 1, 2), int)), "sampler(0, 0)", "(1, 1, 2)", "(*lanes, batch) = (1, 2)"),
    (sampler(np.array([[1, 10]])), IndexError, "10"),
    (run(probes=[tb.Probe("a", len), tb.Probe("a", len)]), "probes=['a', 'a']", "different names"),
    (run(probes=tb.Probe("a", len)), TypeError, "probes=", "sequence of Probe(name, measure)"),
    (run(probes=["loss"]), TypeError, "probes=('loss',)", "Probe(name, measure)"),
    (run(problem="quadratic"), TypeError, "problem='quadratic'", "tb.problem(name)"),
    (run(problem=None), TypeError, "problem=None", "tb.problem(name)"),
    (run(optimizer="sgd"), TypeError, "optimizer='sgd'", "tb.method(name)"),
    # problems: quadratics
    (quadratic(with_nan((2, 2)), ROWS), "Q", "1 entries", "NaN", "finite"),
    (quadratic(EYE, with_nan((4, 2), inf)), "m", "1 entries", "infinite", "finite"),
    (quadratic(EYE, np.zeros((4, 3))), "Q of shape (2, 2)", "m of shape (4, 3)", "Q (n, n)"),
    (quadratic(np.zeros((2, 3)), ROWS), "Q of shape (2, 3)", "Q (n, n)"),
    (quadratic(1.0, 2.0), "Q of shape ()", "m of shape ()"),
    (quadratic(np.zeros((3, 2, 2)), ROWS), "Q (3, 2, 2)", "m (4, 2)", "same D"),
    (quadratic(EYE, ROWS, [1.0, 2.0, 3.0]), "offsets (3,)", "same D"),
    (quadratic("Q", ROWS), "Q of type str", "array of numbers"),
    (quadratic(EYE, ROWS, start=[1.0]), "start has shape (1,)", "(2,)"),
    (problem("quadratic", dim=0), "dim=0", "whole number of at least 1"),
    (problem("quadratic", dim=2.5), "dim=2.5", "whole number"),
    (problem("quadratic", condition=0.5), "condition=0.5", "[1, inf)"),
    (problem("quadratic", condition="big"), "condition='big'", "[1, inf)"),
    (problem("quadratic", condition=[1.0, 2.0]), "condition=[1.0, 2.0]", "one number"),
    (problem("quadratic", spread=-1), "spread=-1.0", "[0, inf)"),
    (problem("quadratic", spread=None), "spread=None", "[0, inf)"),
    (problem("quadratic", spectrum="lin"), "spectrum='lin'", "'linear'"),
    (problem("quadratic", common=1), "common=1", "True, False"),
    (problem("quadratic", data_seed=-1), "data_seed=-1", "whole number of at least 0"),
    (problem("quadratic", data_seed="a"), "data_seed='a'", "whole number"),
    (problem("quadratic", data_seed=1.5), "data_seed=1.5", "whole number"),
    (problem("paths", size=0), "size=0", "whole number of at least 1"),
    (problem("nqm", dim=10, size=10), "size=10", "dim=10"),
    (problem("nqm", noise=-1), "noise=-1.0", "[0, inf)"),
    (problem("alternating", delta="a"), "delta='a'", "(-inf, inf)"),
    (problem("alternating", curvature=0), "curvature=0.0", "(0, inf)"),
    (risk(problem=QUADRATIC), "problem", "common Q"),
    (risk(sampler="epochs"), "sampler='epochs'", "'replacement', 'fresh'"),
    (risk(batch=0), "batch=0", "whole number of at least 1"),
    (risk(batch=11, sampler="fresh"), "batch=11", "1 to 10"),
    (risk(steps=-1), "steps=-1", "whole number of at least 0"),
    (risk(rate=-0.1), "rate=-0.1", "[0, inf)"),
    (risk(momentum=1.0), "momentum=1.0", "[0, 1)"),
    (risk(start=None), "start=None", "array (n,)"),
    (risk(start=(1.0,)), "start has shape (1,)", "(2,)"),
    # problems: factorizations
    (factorization(ROWS, np.zeros((3, 2))), "X of shape (4, 2)", "Y of shape (3, 2)", "Y (n, outputs)"),
    (factorization(np.zeros(4), ROWS), "X of shape (4,)", "X (n, inputs)"),
    (factorization(np.zeros((0, 2)), np.zeros((0, 2))), "X of shape (0, 2)", "X (n, inputs)"),
    (factorization(with_nan((4, 2)), ROWS), "X", "NaN", "finite"),
    (factorization(ROWS, with_nan((4, 2), -inf)), "Y", "infinite", "finite"),
    (factorization(ROWS, ROWS, 0), "rank=0", "whole number of at least 1"),
    (factorization(ROWS, ROWS, 1.0), "rank=1.0", "whole number"),
    (factorization(ROWS, ROWS, 1, (np.zeros((3, 5)), np.zeros((3, 2)))), "test X has shape (3, 5)", "(3, 2)"),
    (factorization(ROWS, ROWS, 1, (ROWS, np.zeros((3, 2)))), "test Y has shape (3, 2)", "(4, 2)"),
    (lambda: factorization(ROWS, ROWS)().test_loss(np.zeros((1, 4))), "test=None", "test=(X, Y)"),
    (problem("factorization", rank=0), "rank=0", "whole number of at least 1"),
    (problem("factorization", rank="true"), "rank='true'", "whole number"),
    (problem("factorization", rows="log"), "rows='log'", "'linspace', 'logspace'"),
    (problem("factorization", split="random"), "split='random'", "'shuffled', 'ordered'"),
    # problems: kernels
    (kernel(sigma=0), "sigma=0.0", "(0, 1e150]"),
    (kernel(sigma=-1), "sigma=-1.0", "(0, 1e150]"),
    (kernel(sigma=inf), "sigma=inf", "(0, 1e150]"),
    (kernel(sigma="wide"), "sigma='wide'", "(0, 1e150]"),
    (kernel(sigma=None), "sigma=None", "(0, 1e150]"),
    (kernel(sigma=[1.0, 2.0]), "sigma=[1.0, 2.0]", "one number"),
    (kernel(sigma=1e300), "sigma=1e+300", "(0, 1e150]"),
    (kernel(sigma=1e-300), "sigma=1e-300", "too small", "at least 1e-150"),
    (kernel(X=ROWS + 4, sigma=1e-5), "sigma=1e-05", "too small", f"at least {2.0**-16 * 4 * 2**0.5:.3g}"),
    (kernel(y=np.array([0, 1, 2, 1])), "y has the label 2", "labels 0 and 1"),
    (kernel(y=np.array([-1, 1, -1, 1])), "y has the label -1", "labels 0 and 1"),
    (kernel(y=np.zeros((4, 1))), "y has shape (4, 1)", "(n,)"),
    (kernel(y=["a", "b", "a", "b"]), "y of type list", "numbers"),
    (kernel(y=[0, 1]), "X of shape (4, 2)", "y of shape (2,)", "y (n,)"),
    (kernel(X=with_nan((4, 2))), "X", "NaN", "finite"),
    (kernel(X=np.zeros(4)), "X of shape (4,)", "X (n, features)"),
    (kernel(test=(np.zeros((3, 5)), [0, 1, 0])), "test X has shape (3, 5)", "(3, 2)"),
    (kernel(outputs=3), "outputs=3", "1, 2"),
    (kernel(outputs=[1, 2]), "outputs=[1, 2]", "1, 2"),
    (kernel(outputs=np.array([1, 2])), "outputs=array of shape (2,)", "1, 2"),
    (kernel(loss="logistics"), "loss='logistics'", "did you mean 'logistic'", "'squared_hinge'"),
    (kernel(loss="softmax"), "loss='softmax'", "'logistic', 'squared_hinge'"),
    (kernel(outputs=2, loss="squared_hinge"), "loss='squared_hinge'", "'softmax'"),
    (kernel(storage="disk"), "storage='disk'", "'auto', 'full', 'tiles'"),
    (kernel(memory=-1), "memory=-1", "whole number of at least 0"),
    (kernel(memory=None), "memory=None", "whole number"),
    (lambda: kernel()().accuracy(np.zeros((1, 4))), "test=None", "test=(X, y)"),
    (problem("mushrooms", rows=9000), "rows=9000", "8124", "5 to 8124"),
    (problem("mushrooms", rows=2), "rows=2", "whole number of at least 5"),
    (problem("mushrooms", rows="all"), "rows='all'", "whole number"),
    (problem("ijcnn1", part="test"), "part='test'", "'tr', 'full'"),
    (problem("misfire", rows=10), "rows=10", "whole number of at least 100"),
    (problem("logistic", size=5), "size=5", "whole number of at least 10"),
    (problem("logistic", overlap=-1), "overlap=-1.0", "[0, inf)"),
    # problems: functions
    (function(3), "f=3", "not callable", "function"),
    (function(None), "f=None", "not callable"),
    (function(fine, samples=1), "samples=1", "function or None"),
    (function(fine, dim=0), "dim=0", "whole number of at least 1"),
    (function(fine, size=2.5), "size=2.5", "whole number"),
    (function(lambda theta, index: 1.0), "f returned 1.0", "(value, gradient)"),
    (function(lambda theta, index: (1.0, theta)), "f returned as value 1.0", "accepted: an array of shape (1,)"),
    (function(lambda theta, index: (theta, theta)), "f returned as value an array of shape (1, 2)", "shape (1,) and"),
    (function(lambda theta, index: (theta[:, 0], theta[:, 0])), "f returned as gradient", "(1,)", "of shape (1, 2)"),
    *(
        (answering(kind), "f returned as gradient an array of", f"dtype {np.dtype(kind).name};", "dtype float64")
        for kind in ("float16", "float32", "longdouble", "complex128", "int64", "bool", "object")
        if np.dtype(kind) != np.float64
    ),
    (answering("float16", dtype="float32"), "dtype float16", "accepted", "dtype float32 or float64"),
    (function(fine, start=lambda seed: [0.0]), "start(seed) for seed=0 has shape (1,)", "(2,)"),
    (function(fine, start=lambda seed: [nan, 0.0]), "start(seed)", "NaN", "finite"),
    (function(fine, start=lambda seed: [1j, 0.0]), "start(seed)", "not numeric", "array of numbers"),
    (function(fine, start=lambda seed: [1e300, 0.0], dtype="float32"), "start(seed)", "beyond float32", "finite"),
    (
        asking("hvp", lambda theta, index, v: v[0]),
        "hvp returned an array of shape (2,)",
        "accepted: an array",
        "(1, 2)",
    ),
    (asking("hvp", lambda theta, index, v: v.astype(int)), "hvp returned", "int64", "dtype float64"),
    (asking("samples", lambda theta, index: theta), "samples returned array", "a pair (values, gradients)"),
    (asking("samples", lambda theta, index: (index + 0.0, theta)), "samples returned as gradients", "(1, 2, 2)"),
    (asking("samples", lambda theta, index: (index, theta)), "samples returned as values", "int64", "float64"),
    (function(fine, dtype="float16"), "dtype='float16'", "'float64', 'float32'"),
    # the rest
    (lambda: HermiteLine([0.0, 0.0], [1.0, 1.0], [0.0, 0.0]), "s=[0.0, 0.0]", "must increase"),
    (lambda: tb.a_typo, AttributeError, "'a_typo'"),
]


def unpacked(row):
    call, *words = row
    kind = words.pop(0) if isinstance(words[0], type) else ValueError
    return call, kind, words


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(w for w in row[1:] if isinstance(w, str))[:60])
def test_bad_input_gets_one_clear_sentence(row):
    call, kind, words = unpacked(row)
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert type(caught.value) is kind
    assert "\n" not in message
    assert len(message) < 300
    for word in words:
        assert word in message, f"{word!r} is not in {message!r}"


def needs(word, ask):
    problem = tb.problems.FromFunction(fine, 2, 4)
    point = problem.at(np.ones((1, 2)), np.array([[0, 1]]))
    with pytest.raises(NotImplementedError, match=rf"^{word}=None: .*; pass {word}= to FromFunction$"):
        ask(point.along(np.ones((1, 2))))


def test_a_function_without_hessian_products_or_examples_says_what_to_pass():
    needs("hvp", lambda line: line.curvature(np.ones((1, 1))))
    needs("samples", lambda line: line.samples(np.ones((1, 1))))


@pytest.mark.parametrize("part", ["tr", "full"])
def test_missing_data_say_where_they_were_looked_for_and_how_to_get_them(part, monkeypatch, tmp_path):
    import pooch

    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    cache.mkdir()
    monkeypatch.setenv("TOYBOX_DATA", str(data))
    monkeypatch.setattr(pooch, "os_cache", lambda project: cache)
    with pytest.raises(MissingData) as caught:
        tb.problem("ijcnn1", part=part)
    message = str(caught.value)
    assert "\n" not in message
    for word in ("ijcnn1.tr.bz2", str(data), str(cache), "TOYBOX_DATA", "toybox data fetch ijcnn1"):
        assert word in message


def test_nothing_runs_before_arguments_are_checked():
    called = []
    with pytest.raises(ValueError, match="batch=99"):
        tb.run(QUADRATIC, SGD, steps=1, batch=99, progress=called.append, sampler=lambda t, j: called.append(t))
    assert not called


def test_a_file_that_is_no_trace_says_so(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, a=1)
    with pytest.raises(ValueError, match=r"is no trace; accepted: a file that Trace\.save wrote"):
        Trace.load(path)


def test_errors_travel_between_processes():
    with pytest.raises(ValueError, match="mu") as caught:
        tb.method("pal", mu=-1)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("steps", [10**10, 10**20])
def test_a_record_that_memory_does_not_hold_is_refused(steps):
    with pytest.raises(
        ValueError, match=rf"steps={steps} of 3 lanes leave a record of .* GB.*accepted: at most \d+ steps"
    ):
        tb.run(QUADRATIC, SGD, steps=steps, batch=2, seeds=range(3))


def test_the_record_of_a_step_takes_what_is_said():
    """Every array of a trace that grows with its steps, per step and lane; and a list of Python's integers."""
    from toybox.optimizer import RECORDED

    trace = tb.run(QUADRATIC, SGD, steps=7, batch=2, seeds=range(64), every=None)
    arrays = [trace.loss, trace.size, trace.arc, trace.status, trace.trials, *trace.counts.values()]
    assert 0.8 * RECORDED < sum(array.nbytes for array in arrays) / trace.loss.size <= RECORDED


def answering(**wrong):
    """An optimizer whose rule answers something else than it should."""

    @tb.hyper.hyperparameters
    class Wrong:
        def init(self, xp, lanes):
            return ()

        def step(self, ray, state):
            zero = 0 * ray.line().slope0
            right = {"size": zero, "state": (), "status": ray.xp.astype(zero, ray.xp.int8), "point": None}
            return wrong["answer"] if "answer" in wrong else tb.Step(**right | wrong)

    return tb.Optimizer(SGD.direction, Wrong())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"answer": 0.1}, r"Wrong.step answered 0.1; accepted: toybox.Step\(size, state, status\)"),
        ({"answer": (0.1, (), 0)}, r"Wrong.step answered \(0.1, \(\), 0\); accepted: toybox.Step"),
        ({"size": 0.1}, r"Wrong.step answered size=0.1; accepted: an array of shape \(3,\) of float64"),
        ({"size": np.zeros((3, 1))}, r"size=an array of shape \(3, 1\) and dtype float64; accepted: .*shape \(3,\)"),
        ({"size": np.zeros(3, np.float32)}, "size=an array of shape .* dtype float32; accepted: .* of float64"),
        ({"status": np.zeros(3)}, "status=an array of shape .* dtype float64; accepted: .* of whole numbers"),
        ({"status": tb.Status.FOUND}, "Wrong.step answered status=.*FOUND.*; accepted: an array"),
        ({"point": tb.rays.Iterate(np.zeros(3))}, r"point.theta=.*; accepted: an array of shape \(3, 2\) of float64"),
    ],
)
def test_the_first_answer_of_a_rule_is_looked_at(wrong, message):
    with pytest.raises(ValueError, match=message):
        tb.run(QUADRATIC, answering(**wrong), steps=1, batch=2, seeds=range(3))


def test_a_rule_that_is_no_record_is_refused():
    class Bare:
        def init(self, xp, lanes):
            return ()

        def step(self, ray, state):
            return tb.Step(0 * ray.norm, state, 0 * ray.norm)

    for rule in (Bare(), type(SGD.rule), None):
        with pytest.raises(
            TypeError, match=r"optimizer.rule=.* is no rule \(.*\); accepted: .* decorated with @hyperparameters"
        ):
            tb.run(QUADRATIC, tb.Optimizer(SGD.direction, rule), steps=1, batch=2)
