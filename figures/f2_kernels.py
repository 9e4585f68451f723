"""F2: RBF-kernel classification, loss and test accuracy (Vaswani et al. 2019, sec. 7.3).

The second column shows ijcnn1 where its files are there, and else the synthetic stand-in misfire, labelled as such.
"""

from __future__ import annotations

from toybox.problems.data import MissingData, ijcnn1

from .recipe import COSTS, Recipe, Table, band, curves, group, label, look, overlay_published, show_zeros

METHODS = {
    "sls": {"gamma": 1.5},
    "pal": {},
    "exact": {},
    "adam": {"rate": 1e-3},
    "nsgd": {"rate": 0.1},
}
PUBLISHED = {"SGD+Armijo": "SLS, published", "Adam": "Adam, published"}
EPOCHS = 35
ZERO = 1e-12  # where losses of exactly 0 are drawn


def second(size: str) -> tuple[str, dict, int]:
    """Problem, options and training rows of the second column."""
    if size != "smoke":
        try:
            ijcnn1("tr")
            if size == "full":
                return "ijcnn1", {"part": "full", "dtype": "float32"}, 39992
            return "ijcnn1", {"part": "tr", "rows": 6250, "dtype": "float32"}, 5000
        except MissingData:
            pass
    rows = 500 if size == "smoke" else 5000
    return "misfire", {"rows": rows, "dtype": "float32"}, rows * 4 // 5


def runs(size: str) -> list:
    from toybox.study import Run

    problem, options, rows = second(size)
    columns = [
        (
            "mushrooms",
            {"dtype": "float32"} | ({"rows": 625} if size == "smoke" else {}),
            500 if size == "smoke" else 6499,
        ),
        (problem, options, rows),
    ]
    seeds = (0,) if size == "smoke" else (0, 1, 2)
    found = []
    for name, options, rows in columns:
        steps = EPOCHS * (rows // 100) if size != "smoke" else 20
        every = max(1, steps // 112)
        found += [
            Run(problem=name, options=options, method=m, hyper=h, steps=steps, batch=100, seeds=seeds, every=every)
            for m, h in METHODS.items()
        ]
    return found


def study(size: str):
    from toybox.study import Study

    return Study(name="F2", runs=runs(size))


def title(result) -> str:
    """The data set by its name, with what was left out of it."""
    name, options, rows = result.run.problem, result.run.options, result.meta["size"]
    if name == "misfire":
        return f"misfire (synthetic, {rows} training rows)"
    part = f"{rows} of 28000" if name == "ijcnn1" and options.get("rows") else f"{rows}"
    return f"{name} ({part} training rows)"


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9.5, 6.4), sharex="col", layout="constrained")
    table, columns = Table(), list(dict.fromkeys(r.run.problem for r in results))
    for (problem, _), found in group(results, "problem", "method").items():
        loss, accuracy = axes[:, columns.index(problem)]
        x, y = curves(found, "full_loss", cost)
        band(loss, x, show_zeros(loss, y, ZERO), look(found[0]), label(found[0]), table, f"{problem} loss")
        x, y = curves(found, "test_accuracy", cost)
        band(accuracy, x, 100 * y, look(found[0]), label(found[0]), table, f"{problem} accuracy")
    for problem, (loss, accuracy) in zip(columns, axes.T, strict=True):
        first = next(r for r in results if r.run.problem == problem)
        loss.set_title(title(first))
        loss.set_yscale("log")
        accuracy.set_xlabel(COSTS[cost])
        accuracy.set_ylim(80, 101)
        if overlay and cost == "steps" and problem in ("mushrooms", "ijcnn1") and not first.run.options.get("rows"):
            for series, name in PUBLISHED.items():
                overlay_published(loss, f"{problem.rstrip('1')} loss", series, name, table, at=0.6)
    axes[0, 0].set_ylabel("training loss (logistic)")
    axes[1, 0].set_ylabel("test accuracy in %")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(results)


def caption(results) -> str:
    if "misfire" in {r.run.problem for r in results}:
        second = (
            "misfire is a synthetic stand-in for ijcnn1, whose files may not be redistributed (`toybox data fetch "
            "ijcnn1` brings them)."
        )
    else:
        second = (
            "ijcnn1's rows are overlapping windows of one series: the shuffled split leaks neighbours into the test."
        )
    return (
        "Logistic loss of an RBF-kernel model; shuffled 80/20 split, batch 100, float32; medians and quartiles of "
        f"{len(results[0].run.seeds)} seeds. On mushrooms the kernel matrix is nearly the identity, every batch can be "
        "fitted, and the searches win by long steps. On the harder data the exact search on the batch, which believes "
        "each batch fully, overshoots by orders of magnitude before, in some seeds or all, it fits everything. "
        f"{second} Accuracies below 80 % are cut off. Grey: curves read from Vaswani et al. 2019."
    )


RECIPE = Recipe(
    "F2", "kernels", "Kernel classification: loss and accuracy", study, draw, ("vaswani2019", "mutschler2022")
)
