"""The figure recipes, one file per figure; the command line finds them as the plugin "figures"."""

from . import f1_factorization, f2_kernels, f3_steps, f4_costs, f5_axes, f8_belief, f9_strip

_ALL = (f1_factorization, f2_kernels, f3_steps, f4_costs, f5_axes, f8_belief, f9_strip)
RECIPES = {module.RECIPE.id: module.RECIPE for module in _ALL}
