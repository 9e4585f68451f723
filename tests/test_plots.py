"""``tb.plot`` draws what results say, number by number: medians, quartiles, costs, looks, and the lanes that ended."""

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

import toybox as tb
from toybox.curves import AXES, BEYOND
from toybox.looks import FREE, LOOKS, Look
from toybox.study import Run, Study, compute

SEEDS = range(5)
HOW = {"steps": 20, "batch": 10, "seeds": SEEDS}
MINE = """
import toybox as tb

@tb.register("plain"LOOK)
class Plain(tb.Search):
    def search(self, here, state):
        yield tb.change(0.1)
        return tb.found(0.1)
"""


def panel():
    return Figure().subplots()


def curve(ax, name):
    """The line that the legend calls so."""
    [line] = [line for line in ax.get_lines() if line.get_label() == name]
    return line


def crosses(ax):
    return sorted((*line.get_xdata(), *line.get_ydata()) for line in ax.get_lines() if line.get_marker() == "x")


@pytest.fixture(scope="module")
def traces():
    """SLS with losses every step, and rates of SGD of which the largest diverges on some seeds or all."""
    problem = tb.problem("quadratic", spread=0.1)
    rates = np.array([0.1, 500.0])
    steps = {"steps": 200, "batch": 10, "seeds": SEEDS}
    return {
        "mine": tb.run(problem, tb.method("sls"), **HOW),
        "rates": tb.run(problem, tb.method("sgd", rate=rates), **steps, every=5),
    }


@pytest.mark.parametrize("cost", AXES)
def test_a_curve_is_the_median_over_the_seeds_against_any_cost(traces, cost):
    """Medians and quartiles are values of seeds: of five, the sorted third, second and fourth."""
    trace = traces["mine"]
    ax = panel()
    assert tb.plot({"mine": trace}, cost, ax=ax) is ax
    line = curve(ax, "mine")
    ordered = np.sort(trace.full_loss, axis=1)
    assert np.array_equal(line.get_ydata(), ordered[:, 2])
    assert np.array_equal(line.get_xdata(), np.median(trace.probe_cost(cost), axis=1))
    [band] = ax.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert {*zip(line.get_xdata(), ordered[:, 1], strict=True)} <= corners
    assert {*zip(line.get_xdata(), ordered[:, 3], strict=True)} <= corners
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == (AXES[cost], "full training loss", "log")


def test_lanes_that_ended_are_shown_and_counted(traces):
    """A cross at what each had paid, in reach; the median leaves the panel, since most lanes count as infinite."""
    trace = traces["rates"]
    ended = trace.ended[:, 1]
    assert (ended < 200).all()
    assert (trace.ended[:, 0] == 200).all()
    ax = panel()
    tb.plot(trace, "steps", ax=ax)
    top = BEYOND * trace.full_loss[0].max()
    assert [x for x, _ in crosses(ax)] == sorted(ended.tolist())
    assert all(y <= top for _, y in crosses(ax))
    assert ax.get_ylim()[1] == top
    assert "SGD, rate 0.1" in ax.get_legend_handles_labels()[1]
    assert curve(ax, "SGD, rate 500 (5 of 5 ended)").get_ydata()[-1] > top


def test_an_ended_lane_counts_as_infinite_from_then_on():
    """Two of five lanes end at their first step, which is infinite, and keep a loss of 51; the others stay at 1."""
    problem = tb.problems.NoisyQuadratic(np.eye(1), np.zeros((5, 1)), 1.0)
    start = np.array([0.0, 0.0, 0.0, 10.0, 10.0])[:, None]
    trace = tb.run(problem, tb.method("sgd", rate=1e308), steps=4, batch=5, seeds=SEEDS, theta=start)
    assert trace.full_loss.tolist() == [[1, 1, 1, 51, 51]] * 5
    ax = panel()
    tb.plot({"two": trace}, "steps", ax=ax)
    assert curve(ax, "two (2 of 5 ended)").get_ydata().tolist() == [1] * 5
    assert crosses(ax) == [(0, 51)] * 2
    upper = {tuple(corner) for corner in ax.collections[0].get_paths()[0].vertices if corner[1] > 1}
    assert upper == {(0, 51), *((t, 10 * BEYOND * 51) for t in (1, 2, 3, 4))}
    ax = panel()
    tb.plot({"two": trace}, "steps", "loss", ax=ax)
    assert crosses(ax) == [(0, 51)] * 2


def test_any_column_can_be_drawn_a_probe_too(traces):
    problem = tb.problem("logistic", size=60)
    trace = tb.run(problem, tb.method("pal"), **HOW, probes=[tb.Probe("shift", lambda look: look.theta.sum(-1) - 100)])
    for column, scale, values in (
        ("size", "log", trace.size),
        ("test_accuracy", "linear", trace.test_accuracy),
        ("shift", "linear", trace.probes["shift"]),  # negative
        ("trials", "linear", trace.trials),
    ):
        ax = panel()
        tb.plot({"pal": trace}, "steps", column, ax=ax)
        assert np.array_equal(curve(ax, "pal").get_ydata(), np.sort(values, axis=1)[:, 2]), column
        assert ax.get_yscale() == scale, column


def test_zeros_lie_below_a_logarithmic_axis():
    problem = tb.problem("quadratic", dim=1, size=5, spread=0.0, common=True)
    trace = tb.run(problem, tb.method("exact"), steps=3, batch=5, seeds=SEEDS)
    assert (trace.full_loss[-1] == 0).all()
    ax = panel()
    tb.plot(trace, "steps", ax=ax)
    assert ax.get_yscale() == "log"
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    shown = np.asarray(canvas.buffer_rgba())[::-1, :, :3]  # from the bottom up, as the axes' box
    edge = shown[int(ax.bbox.y0) + 4 : int(ax.bbox.y0) + 8, int(ax.bbox.x0) : int(ax.bbox.x1)]
    assert (edge == np.round(255 * np.array(to_rgb(LOOKS["exact"].color)))).all(axis=-1).any()  # the line gets there


def test_methods_have_the_looks_of_the_figures(traces, tmp_path, monkeypatch):
    """Own ones that of their file, or one that is free; settings of one method another dash and a paler colour."""
    (tmp_path / "said.py").write_text(
        MINE.replace("LOOK", ', look=tb.looks.Look("Plain", "#123456", "D", ":")'), "utf-8"
    )
    (tmp_path / "silent.py").write_text(MINE.replace("LOOK", ""), "utf-8")
    monkeypatch.chdir(tmp_path)
    problem = tb.problem("quadratic", dim=2, size=20)
    runs = {
        name: tb.run(problem, method, steps=3, batch=5)
        for name, method in {
            "a": tb.method("pal"),
            "b": tb.method("said.py:plain"),
            "c": tb.method("silent.py:plain"),
            "d": tb.Optimizer(tb.Gradient(), tb.methods.fixed.Fixed()),
        }.items()
    }
    ax = panel()
    tb.plot(runs, ax=ax)
    drawn = {name: (curve(ax, name).get_color(), curve(ax, name).get_marker()) for name in runs}
    assert drawn["a"] == (LOOKS["pal"].color, LOOKS["pal"].marker)
    assert drawn["b"] == ("#123456", "D")
    assert [drawn[name] for name in "cd"] == [(look.color, look.marker) for look in FREE[:2]]
    ax = panel()
    tb.plot(tb.run(problem, tb.method("sgd", rate=[0.1, 0.2, 0.3]), steps=3, batch=5), ax=ax)
    lines = [line for line in ax.get_lines() if line.get_label().startswith("SGD")]
    assert len({line.get_color() for line in lines}) == len({str(line._dash_pattern) for line in lines}) == 3
    assert to_hex(lines[0].get_color()) == LOOKS["sgd"].color


def test_all_looks_differ():
    looks = [*LOOKS.values(), *FREE]
    assert len({(look.color, look.marker, str(look.dash)) for look in looks}) == len(looks)
    assert not {look.color for look in FREE} & {look.color for look in LOOKS.values()}
    assert len({look.color for look in FREE}) == len(FREE)
    assert all(isinstance(look, Look) for look in looks)


def test_results_of_a_study_are_drawn_with_what_was_chosen(tmp_path):
    runs = [
        Run(problem=problem, method=method, hyper=hyper, steps=5, batch=2, seeds=3, every=1, label=label)
        for problem in ("quadratic", "mirrored")
        for method, hyper, label in (("sls", {"gamma": 1.5}, ""), ("sgd", {"rate": [0.1, 0.2]}, "plain"))
    ]
    found = compute(Study(name="s", runs=runs), tmp_path, workers=1)
    ax = panel()
    tb.plot(found[:2], "epochs", ax=ax)
    names = ["SLS (Armijo), gamma 1.5", "plain, rate 0.1", "plain, rate 0.2"]
    assert ax.get_legend_handles_labels()[1] == names
    losses = found[0].frame.sort("t", "seed")["full_loss"].to_numpy().reshape(6, 3)
    assert np.array_equal(curve(ax, names[0]).get_ydata(), np.median(losses, axis=1))
    ax = panel()
    tb.plot(found, ax=ax)
    assert {*ax.get_legend_handles_labels()[1]} == {
        f"{name}; {run}" for name in names for run in ("quadratic", "mirrored")
    }
    for one in (found[0], [found[0]], {"named": found[0]}):
        ax = panel()
        tb.plot(one, ax=ax)
        assert len(ax.get_legend_handles_labels()[1]) == 1


def test_a_figure_of_its_own_without_axes():
    import matplotlib.pyplot as plt

    trace = tb.run(tb.problem("quadratic"), tb.method("sls"), steps=3, batch=5)
    before, backend = plt.get_fignums(), matplotlib.get_backend()
    ax = tb.plot(trace)
    assert plt.get_fignums() == [*before, ax.figure.number]
    assert matplotlib.get_backend() == backend
    plt.close(ax.figure)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"x": "value"}, "x 'value' is unknown; did you mean 'values'\\?; accepted: steps, batches, "),
        ({"y": "full"}, "y 'full' is unknown; .*accepted: loss, size, "),
        ({"y": "status"}, "y 'status' is unknown"),
        ({"y": "test_accuracy"}, "y 'test_accuracy' is unknown"),  # of a problem without a test set
        ({"results": []}, "results=\\[\\] is not accepted; accepted: a Trace, a dict of traces "),
        ({"results": {"a": 1}}, "results=1 is not accepted; "),
        ({"results": np.ones(3)}, "results=array of shape \\(3,\\) is not accepted; "),
    ],
)
def test_what_cannot_be_drawn_is_refused(traces, call, message):
    with pytest.raises(ValueError, match=message):
        tb.plot(**{"results": traces["mine"], "ax": panel()} | call)
