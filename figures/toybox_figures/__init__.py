"""The figure recipes, one file per figure; the command line finds them as the plugin "figures"."""

from pathlib import Path

from toybox import digest

# ruff: noqa: E402 - its sources are read before they are imported
digest.seen(Path(__file__).parent)

# isort: split
from . import (
    f1_factorization,
    f2_kernels,
    f3_steps,
    f4_costs,
    f5_axes,
    f6_lines,
    f7_regions,
    f8_belief,
    f9_strip,
    f10_distances,
    f11_fits,
    f12_strategies,
    f13_batchsize,
    f14_labpal,
    f15_batches,
    f16_walk,
    f17_alignment,
    f18_paths,
    f19_sensitivity,
    f20_angle,
    f21_claims,
    f22_balance,
    f23_dial,
    f24_constant,
    f25_worst,
    own_study,
)

_ALL = (
    *(f1_factorization, f2_kernels, f3_steps, f4_costs, f5_axes, f6_lines, f7_regions, f8_belief, f9_strip),
    *(f10_distances, f11_fits, f12_strategies, f13_batchsize, f14_labpal, f15_batches, f16_walk, f17_alignment),
    *(f18_paths, f19_sensitivity, f20_angle, f21_claims, f22_balance, f23_dial, f24_constant),
    f25_worst,
)
RECIPES = {module.RECIPE.id: module.RECIPE for module in _ALL}
of_study = own_study.of_study
