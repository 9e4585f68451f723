"""Mistakes in the code, each with the tests that must notice it; ``mutate.py`` tries them.

Every text stands exactly once in its file. ``tests`` are arguments of pytest, or "claims" and the ids of claims. Those
in searches stand in ``searches.py``, those in what answers their questions in ``driver.py``.
"""

from driver import DRIVER
from mutant import Mutant
from searches import SEARCHES

LOSSES, CHEBYSHEV, RAYS, TEXT = "toybox/losses.py", "toybox/chebyshev.py", "toybox/rays.py", "toybox/text.py"
BALANCE, SAMPLE = "toybox/analysis/balance.py", "toybox/analysis/sample.py"
FIXED, HYPERGRADIENT, ALIG, MOMENTUM, LABPAL, PLS, PAL, ADAM, GOLSI, ARMIJO = (
    f"toybox/methods/{name}.py"
    for name in ("fixed", "hypergradient", "alig", "momentum", "labpal", "pls", "pal", "adam", "golsi", "armijo")
)

MUTANTS = SEARCHES | DRIVER | {
    # --- rules without a search
    "piecewise-late": Mutant(
        FIXED, "tests/methods/test_fixed.py::test_the_factors_of_schedules",
        [("1.0 if 2 * t < T", "1.0 if 2 * t <= T")],
    ),
    "piecewise-one-drop": Mutant(
        FIXED, "tests/methods/test_fixed.py::test_the_factors_of_schedules",
        [("else 0.01,", "else 0.1,")],
    ),
    "cosine-a-step-ahead": Mutant(
        FIXED, "tests/methods/test_fixed.py::test_the_factors_of_schedules",
        [("math.cos(math.pi * t / T)", "math.cos(math.pi * (t + 1) / T)")],
    ),
    "inverse-a-step-ahead": Mutant(
        FIXED, "tests/methods/test_fixed.py::test_the_factors_of_schedules",
        [("1 / (t + 1)", "1 / (t + 2)")],
    ),
    "inverse-root-other-power": Mutant(
        FIXED, "tests/methods/test_fixed.py::test_the_factors_of_schedules",
        [("1 / math.sqrt(t + 1)", "(t + 1) ** -0.6")],
    ),
    "hypergradient-no-guard": Mutant(
        HYPERGRADIENT, "tests/methods/test_hypergradient.py::test_a_hypergradient_that_overflows_leaves_the_rate_alone",
        [("xp.where(xp.isfinite(h), before + self.hyper_rate * h, before)", "before + self.hyper_rate * h")],
    ),
    "hypergradient-trusts-infinity": Mutant(
        HYPERGRADIENT, "tests/methods/test_hypergradient.py::test_a_hypergradient_that_overflows_leaves_the_rate_alone",
        [("xp.where(xp.isfinite(h),", "xp.where(h == h,")],
    ),
    "ali-g-whole-velocity-ahead": Mutant(
        ALIG, "tests/methods/test_alig.py::test_two_steps_of_ali_g_with_momentum",
        [("theta - move + beta * (", "theta - move + (")],
    ),
    "ali-g-velocity-does-not-fade": Mutant(
        ALIG, "tests/methods/test_alig.py::test_two_steps_of_ali_g_with_momentum",
        [("else beta * velocity)", "else velocity)")],
    ),
    "ali-g-adjusted-without-its-rate": Mutant(
        ALIG, "tests/methods/test_alig.py::test_two_steps_of_ali_g_with_momentum",
        [("(eta[..., None] * velocity if", "(velocity if")],
    ),
    "nesterov-does-not-look-ahead": Mutant(
        MOMENTUM, "tests/methods/test_hypergradient.py::test_the_hypergradient_is_that_of_what_was_subtracted",
        [("-(point.gradient + column(self.beta) * m) if self.nesterov else -m, m", "-m, m")],
    ),
    "sgd-hd-no-nesterov": Mutant(
        HYPERGRADIENT, "tests/methods/test_hypergradient.py::test_the_hypergradient_is_that_of_what_was_subtracted",
        [('nesterov=form == "nesterov"', "nesterov=False")],
    ),
    # --- rules on more than the gradient's batch
    "doubling-early": Mutant(
        LABPAL, "tests/methods/test_labpal.py::test_a_schedule_by_hand",
        [("1 if t <= t_max // 2", "1 if t < t_max // 2")],
    ),
    "doubling-once": Mutant(
        LABPAL, "tests/methods/test_labpal.py::test_half_of_the_batches_are_drawn_one_by_one",
        [("else 2 if t <= 3 * t_max // 4 else 4", "else 2")],
    ),
    "k-counts-updates": Mutant(
        LABPAL, "tests/methods/test_labpal.py::test_a_schedule_counts_batches",
        [("drawn += self.rule.pooled(k) if searches else k", "drawn += 1")],
    ),
    "searches-draw-nothing": Mutant(
        LABPAL, "tests/methods/test_labpal.py::test_a_schedule_counts_batches",
        [("drawn += self.rule.pooled(k) if searches else k", "drawn += k")],
    ),
    # --- how a step ends, and what a search keeps
    "unmoved-is-found": Mutant(
        "toybox/record.py", "tests/laws/test_steps.py::test_every_status_is_reached",
        [("accepted & stays, np.int8(Status.UNMOVED)", "accepted & stays, np.int8(Status.FOUND)")],
    ),
    "fresh-lines-stay-in-memory": Mutant(
        TEXT, "tests/test_rays.py::test_memory_does_not_grow_with_the_number_of_fresh_batches",
        [("brief=batch > 1", "brief=False")],
    ),
    "ali-g-uphill": Mutant(
        ALIG, "tests/methods/test_alig.py::test_ali_g_never_goes_uphill",
        [("xp.minimum(xp.maximum(eta, 0.0), self.max_rate)", "xp.minimum(eta, self.max_rate)")],
    ),
    "pls-accepts-walls": Mutant(
        PLS, "tests/methods/test_pls.py::test_a_wall_is_never_accepted_however_large_the_noise",
        [("good = good & free &", "good = good &"), ("np.where(found, good, free)", "np.where(found, good, True)"),
         ("np.where(free.any(axis=-1), pick(tried.s, lowest), 0.0)", "pick(tried.s, lowest)")],
    ),
    "lengths-underflow": Mutant(
        "toybox/xp.py", "tests/methods/test_fixed.py -k directions_whose_squares_overflow_or_underflow",
        [("plain if self.all(safe) else np.where(safe, plain, super().norm(x))", "plain")],
    ),
    "bounds-in-double-precision": Mutant(
        "toybox/hyper.py", "tests/test_hyper.py::test_bounds_hold_in_the_dtype_of_the_run",
        [("_check_rounded(field.name, value,", "0 and _check_rounded(field.name, value,")],
    ),
    # --- what the papers recommend
    "pal-other-default": Mutant(
        "toybox/methods/pal.py", "tests/fingerprints/test_fingerprints.py -k quadratic",
        [("mu: Hyper = number(0.1,", "mu: Hyper = number(0.2,")],
    ),
    "adam-other-default": Mutant(
        "toybox/methods/adam.py", "tests/fingerprints/test_fingerprints.py -k quadratic",
        [("beta2: Hyper = number(0.999,", "beta2: Hyper = number(0.99,")],
    ),
    # --- losses
    "logistic-always-near": Mutant(
        LOSSES, "tests/test_losses.py::test_values_and_differences",
        [("(h > -1) & (h < 16)", "h < 16")],
    ),
    "logistic-near-too-long": Mutant(
        LOSSES, "tests/test_losses.py::test_values_and_differences",
        [("(h > -1)", "(h > -16)")],
    ),
    "softmax-always-near": Mutant(
        LOSSES, "tests/test_losses.py::test_softmax_of_two_classes",
        [("near = gentle & (gain > -0.5)", "near = gentle")],
    ),
    "softmax-near-too-long": Mutant(
        LOSSES, "tests/test_losses.py::test_softmax_of_two_classes",
        [("(gain > -0.5)", "(gain > -0.9999999)")],
    ),
    # --- Chebyshev interpolants
    "chebyshev-tail-of-one": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py::test_coefficients_that_vanish_by_symmetry_are_no_convergence",
        [("FIRST, TAIL = 20, 3", "FIRST, TAIL = 20, 1")],
    ),
    "chebyshev-tail-of-two": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py::test_coefficients_that_vanish_by_symmetry_are_no_convergence",
        [("FIRST, TAIL = 20, 3", "FIRST, TAIL = 20, 2")],
    ),
    "roots-complex": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py::test_crossings_are_real_and_inside",
        [("(np.abs(found.imag) < 1e-7 * width) & ", "")],
    ),
    "roots-nearly-real": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py::test_crossings_are_real_and_inside",
        [("np.abs(found.imag) < 1e-7 * width", "np.abs(found.imag) < 1e-1 * width")],
    ),
    "roots-outside": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py::test_crossings_are_real_and_inside",
        [(" & (found.real >= low) & (found.real <= high)", "")],
    ),
    "roots-twice": Mutant(
        CHEBYSHEV, "tests/test_chebyshev.py::test_a_level_that_is_nearly_touched_is_crossed_once",
        [("near[np.diff(near, prepend=-np.inf) > 1e-13 * width]", "near")],
    ),
    # --- analysis
    "aside-on-the-same-bill": Mutant(
        RAYS, "tests/test_rays.py::test_a_ray_set_aside_is_that_ray_at_its_own_cost",
        [("self.walk._replace(ledger=Ledger())", "self.walk")],
    ),
    "aside-one-batch": Mutant(
        RAYS, "tests/test_rays.py::test_a_ray_set_aside_is_that_ray_at_its_own_cost",
        [("d, self.t, self.batches, self.whole", "d, self.t, 1, self.whole")],
    ),
    "balance-ddof": Mutant(
        BALANCE, "tests/test_balance.py::test_an_interval_by_hand",
        [(".std(0, ddof=1)", ".std(0)")],
    ),
    "balance-degrees-of-freedom": Mutant(
        BALANCE, "tests/test_balance.py::test_an_interval_by_hand",
        [("stdtrit(n - 1,", "stdtrit(n,")],
    ),
    "batch-curvature-of-one-unit": Mutant(
        SAMPLE, "tests/test_sample.py::test_slopes_and_curvatures_are_per_unit",
        [("_curvature(mine, host) * unit**2", "_curvature(mine, host) * unit")],
    ),
    "batch-curvature-along-d": Mutant(
        SAMPLE, "tests/test_sample.py::test_slopes_and_curvatures_are_per_unit",
        [("_curvature(mine, host) * unit**2", "_curvature(mine, host)")],
    ),
    "curvature-of-one-unit": Mutant(
        SAMPLE, "tests/test_sample.py::test_slopes_and_curvatures_are_per_unit",
        [("curvature * unit**2", "curvature * unit")],
    ),
    # --- noticed by claims
    "claims-armijo-sign": Mutant(
        ARMIJO, "claims WA-01 SLS-01",
        [("s * (self.c * slope0))", "-s * (self.c * slope0))")],
    ),
    "claims-pal-curvature-without-slope": Mutant(
        PAL, "claims PAL-A6 PAL-P1",
        [(" - b * mu) / (mu * mu)", ") / (mu * mu)")],
    ),
    "claims-pal-alpha-after-cap": Mutant(
        PAL, "claims PAL-SMAX PAL-RELAX PAL-CASE",
        [("s = -self.alpha * b", "s = -b"), ("found(min(s, self.s_max)", "found(self.alpha * min(s, self.s_max)")],
    ),
    "claims-golsi-other-sign": Mutant(
        GOLSI, "claims WA-05 GOLS-01",
        [("if 0 <= rise <= limit:", "if -limit < rise < 0:")],
    ),
    "claims-pls-blocks-transposed": Mutant(
        "toybox/methods/belief.py", "claims PLS-01 PLS-03",
        [("blocks[..., :a, b:] = s * low - half", "blocks[..., :a, b:] = t * low - half"),
         ("blocks[..., a:, :b] = t * low - half", "blocks[..., a:, :b] = s * low - half")],
    ),
    "claims-adam-uncorrected": Mutant(
        ADAM, "claims ADAM-01",
        [("m / (1 - beta1**t), v / (1 - beta2**t)", "m, v")],
    ),
    "claims-batches-with-replacement": Mutant(
        "toybox/sampling.py", "claims NOISE-02 NOISE-05",
        [("return distinct(seeds, t, j, size, population)", "return integers(seeds, t, j, size, population)")],
    ),
    "claims-labpal-length-as-rate": Mutant(
        LABPAL, "claims LAB-01",
        [("if lengths else min(s, rule.s_max) / norm", "if lengths else min(s, rule.s_max)")],
    ),
}  # fmt: skip
