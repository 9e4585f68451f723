"""F8: the loss on all data is drawn from the zero of what was seen, not from its own."""

import numpy as np
import polars as pl

import toybox as tb
from toybox_figures import f8_belief


def test_truth_and_observations_share_their_zero():
    found = f8_belief.measure("smoke")
    panel = "quadratic, fresh batches of 10"
    name, options, batch, seed, t = f8_belief.STEPS[panel]
    problem = tb.problem(name, **options)
    theta = tb.run(problem, tb.method("pls", first=1.0), steps=t, batch=batch, seeds=(seed,), sampler="fresh").theta
    first = problem.at(theta, problem.draw(np.array([seed]), t, 0, batch, "fresh")).value
    whole = problem.at(theta, problem.population).value
    true = found.filter((pl.col("panel") == panel) & (pl.col("series") == "true"))
    assert true["s"][0] == 0
    np.testing.assert_allclose(true["y"][0], (whole - first)[0], rtol=1e-12)
    assert abs(true["y"][0]) > 0.1  # it matters


def test_without_noise_the_belief_is_the_truth_where_it_was_seen():
    found = f8_belief.measure("smoke").filter(pl.col("panel") == next(iter(f8_belief.STEPS)))
    curve = {name: found.filter(pl.col("series") == name) for name in ("true", "seen")}
    inside = curve["true"]
    assert abs(inside["y"][0]) < 1e-15
    y = inside["y"].to_numpy()
    chord = np.abs(np.diff(y, 2)).max() / 8  # the most by which a curve leaves the chords between its points
    np.testing.assert_allclose(np.interp(curve["seen"]["s"], inside["s"], y), curve["seen"]["y"], atol=1.5 * chord)
