"""Mistakes in the code, each with the tests that must notice it; ``mutate.py`` tries them.

Every text stands exactly once in its file. ``tests`` are node ids for pytest, or "claims" and the ids of claims.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    file: str  # relative to the project's root
    tests: str
    changes: list[tuple[str, str]]  # a text, and what stands there instead


BACKTRACKING, BRACKETING = "toybox/rules/backtracking.py", "toybox/rules/bracketing.py"
CLOSED, MEASURED = "toybox/rules/closed.py", "toybox/rules/measured.py"
LOSSES, CHEBYSHEV = "toybox/losses.py", "toybox/chebyshev.py"
DIRECTIONS, METHODS, RAYS = "toybox/directions.py", "toybox/methods.py", "toybox/rays.py"
BALANCE, SAMPLE = "toybox/analysis/balance.py", "toybox/analysis/sample.py"

MUTANTS = {
    # --- backtracking
    "goldstein-no-cap": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_goldstein_grows_to_its_largest_step_and_no_further",
        [("xp.minimum(self.grow * s, self.max_step)", "self.grow * s")],
    ),
    "goldstein-cap-is-a-failure": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_goldstein_grows_to_its_largest_step_and_no_further",
        [("~(short & (s >= self.max_step))", "~(short & (s > self.max_step))")],
    ),
    "goldstein-no-smallest": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_goldstein_shrinks_to_its_smallest_step_and_no_further",
        [("xp.maximum(self.beta * s, self.SMALLEST)", "self.beta * s")],
    ),
    "goldstein-other-smallest": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_goldstein_shrinks_to_its_smallest_step_and_no_further",
        [("SMALLEST = 1e-8", "SMALLEST = 1e-6")],
    ),
    "armijo-carries-first": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_after_a_failed_search_armijo_goes_on_from_the_shrunken_step",
        [("return Step(size, s, status)", "return Step(size, xp.where(seeking, self.first, s), status)")],
    ),
    "armijo-carries-its-step": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_after_a_failed_search_armijo_goes_on_from_the_shrunken_step",
        [("return Step(size, s, status)", "return Step(size, size, status)")],
    ),
    "first-trial-no-cap": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_no_first_trial_is_longer_than_the_largest_step",
        [("ray.xp.minimum(0 * s + rule.first if rule.reset == 2 else s, rule.max_step)",
          "0 * s + rule.first if rule.reset == 2 else s")],
    ),
    "first-trial-grown-past-cap": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_no_first_trial_is_longer_than_the_largest_step",
        [("ray.xp.minimum(0 * s + rule.first if rule.reset == 2 else s, rule.max_step)",
          "ray.xp.minimum(0 * s + rule.first, rule.max_step) if rule.reset == 2 else s")],
    ),
    # --- rules without a search
    "piecewise-late": Mutant(
        CLOSED, "tests/test_closed.py::test_the_factors_of_schedules",
        [("1.0 if 2 * t < T", "1.0 if 2 * t <= T")],
    ),
    "piecewise-one-drop": Mutant(
        CLOSED, "tests/test_closed.py::test_the_factors_of_schedules",
        [("else 0.01,", "else 0.1,")],
    ),
    "cosine-a-step-ahead": Mutant(
        CLOSED, "tests/test_closed.py::test_the_factors_of_schedules",
        [("math.cos(math.pi * t / T)", "math.cos(math.pi * (t + 1) / T)")],
    ),
    "inverse-a-step-ahead": Mutant(
        CLOSED, "tests/test_closed.py::test_the_factors_of_schedules",
        [("1 / (t + 1)", "1 / (t + 2)")],
    ),
    "inverse-root-other-power": Mutant(
        CLOSED, "tests/test_closed.py::test_the_factors_of_schedules",
        [("1 / math.sqrt(t + 1)", "(t + 1) ** -0.6")],
    ),
    "pal-found-at-its-cap": Mutant(
        CLOSED, "tests/test_closed.py::test_the_largest_step_of_pal_is_capped",
        [("moving, s >= self.s_max)", "moving, s > self.s_max)")],
    ),
    "pal-capped-before-its-cap": Mutant(
        CLOSED, "tests/test_closed.py::test_the_largest_step_of_pal_is_capped",
        [("moving, s >= self.s_max)", "moving, s + self.mu >= self.s_max)")],
    ),
    "hypergradient-no-guard": Mutant(
        CLOSED, "tests/test_closed.py::test_a_hypergradient_that_overflows_leaves_the_rate_alone",
        [("xp.where(xp.isfinite(h), before + self.hyper_rate * h, before)", "before + self.hyper_rate * h")],
    ),
    "hypergradient-trusts-infinity": Mutant(
        CLOSED, "tests/test_closed.py::test_a_hypergradient_that_overflows_leaves_the_rate_alone",
        [("xp.where(xp.isfinite(h),", "xp.where(h == h,")],
    ),
    "ali-g-whole-velocity-ahead": Mutant(
        CLOSED, "tests/test_closed.py::test_two_steps_of_ali_g_with_momentum",
        [("theta - move + beta * (", "theta - move + (")],
    ),
    "ali-g-velocity-does-not-fade": Mutant(
        CLOSED, "tests/test_closed.py::test_two_steps_of_ali_g_with_momentum",
        [("else beta * velocity)", "else velocity)")],
    ),
    "ali-g-adjusted-without-its-rate": Mutant(
        CLOSED, "tests/test_closed.py::test_two_steps_of_ali_g_with_momentum",
        [("(eta[..., None] * velocity if", "(velocity if")],
    ),
    "nesterov-does-not-look-ahead": Mutant(
        DIRECTIONS, "tests/test_closed.py::test_the_hypergradient_is_that_of_what_was_subtracted",
        [("-(point.gradient + column(self.beta) * m) if self.nesterov else -m, m", "-m, m")],
    ),
    "sgd-hd-no-nesterov": Mutant(
        METHODS, "tests/test_closed.py::test_the_hypergradient_is_that_of_what_was_subtracted",
        [('nesterov=form == "nesterov"', "nesterov=False")],
    ),
    # --- rules on more than the gradient's batch
    "doubling-early": Mutant(
        MEASURED, "tests/test_labpal.py::test_a_schedule_by_hand",
        [("1 if t <= t_max // 2", "1 if t < t_max // 2")],
    ),
    "doubling-once": Mutant(
        MEASURED, "tests/test_labpal.py::test_half_of_the_batches_are_drawn_one_by_one",
        [("else 2 if t <= 3 * t_max // 4 else 4", "else 2")],
    ),
    "k-counts-updates": Mutant(
        MEASURED, "tests/test_labpal.py::test_a_schedule_counts_batches",
        [("drawn += self.rule.pooled(k) if searches else k", "drawn += 1")],
    ),
    "searches-draw-nothing": Mutant(
        MEASURED, "tests/test_labpal.py::test_a_schedule_counts_batches",
        [("drawn += self.rule.pooled(k) if searches else k", "drawn += k")],
    ),
    "labpal-measures-elsewhere": Mutant(
        MEASURED, "tests/test_labpal.py::test_where_a_line_that_is_no_parabola_is_measured",
        [("\nNEAR, FAR = 1e-4, 1e-2", "\nNEAR, FAR = 2e-4, 1e-2")],
    ),
    # --- searches by slopes
    "wolfe-capped-uphill": Mutant(
        BRACKETING, "tests/test_bracketing.py::test_strong_wolfe_is_not_capped_where_the_line_rises",
        [("good & (slope < 0) & (high == inf)", "good & (high == inf)")],
    ),
    "wolfe-never-capped": Mutant(
        BRACKETING, "tests/test_bracketing.py::test_strong_wolfe_conditions_hold_on_smooth_lines",
        [("(s >= self.max_step)\n            seeking", "(s > self.max_step)\n            seeking")],
    ),
    "golsi-state": Mutant(
        BRACKETING, "tests/test_bracketing.py::test_a_gradient_only_search_keeps_its_step_where_it_does_not_search",
        [("xp.where(known, s, state)", "s")],
    ),
    "golsi-starts-again": Mutant(
        BRACKETING, "tests/test_bracketing.py::test_a_gradient_only_search_keeps_its_step_where_it_does_not_search",
        [("xp.where(known, s, state)", "xp.where(known, s, self.first)")],
    ),
    # --- how a step ends, and what a search keeps
    "unmoved-is-found": Mutant(
        "toybox/optimizer.py", "tests/laws/test_steps.py::test_every_status_is_reached",
        [("accepted & stays, np.int8(Status.UNMOVED)", "accepted & stays, np.int8(Status.FOUND)")],
    ),
    "no-decrease-is-enough": Mutant(
        RAYS, "tests/test_backtracking.py::test_a_product_that_underflows_accepts_nothing",
        [("(change <= wanted) & (change < 0)", "(change <= wanted)")],
    ),
    "infinite-decrease": Mutant(
        RAYS, "tests/test_backtracking.py::test_no_search_jumps_into_a_hole_without_a_bottom",
        [("(change < 0) & (change > -inf)", "(change < 0)")],
    ),
    "released-short-gradient": Mutant(
        BACKTRACKING, "tests/test_backtracking.py::test_the_released_search_takes_a_short_gradient_for_0",
        [("xp.where(ray.norm < 1e-8, 0 * slope0, slope0)", "slope0")],
    ),
    "exact-found-after-its-rounds": Mutant(
        BRACKETING, "tests/test_bracketing.py::test_an_exact_search_that_uses_up_its_rounds_has_found_nothing",
        [("found = moving & ~seeking & (s > 0)", "found = moving & (s > 0)")],
    ),
    "exact-stops-at-a-secant": Mutant(
        BRACKETING, "tests/test_bracketing.py::test_an_exact_search_does_not_stop_where_a_secant_does_not_move",
        [("& (root < high) & ~near", "& (root < high)")],
    ),
    "exact-behind-the-wall": Mutant(
        BRACKETING, "tests/test_bracketing.py::test_an_exact_search_stays_in_front_of_a_wall",
        [("xp.where(xp.isfinite(slope), s, low)", "s")],
    ),
    "golsi-never-tires": Mutant(
        BRACKETING, "tests/test_bracketing.py -k after_its_tries",
        [("range(2, self.tries + 2)", "range(2, 100)"), ("if j > self.tries or not", "if not")],
    ),
    "golsi-keeps-its-lines": Mutant(
        BRACKETING, "tests/test_rays.py::test_memory_does_not_grow_with_the_number_of_fresh_batches",
        [("ray.line(j, brief=True)", "ray.line(j)")],
    ),
    "ali-g-uphill": Mutant(
        CLOSED, "tests/test_closed.py::test_ali_g_never_goes_uphill",
        [("xp.minimum(xp.maximum(eta, 0.0), self.max_rate)", "xp.minimum(eta, self.max_rate)")],
    ),
    "pls-accepts-walls": Mutant(
        "toybox/rules/probabilistic.py", "tests/test_pls.py::test_a_wall_is_never_accepted_however_large_the_noise",
        [("good = good & free &", "good = good &"), ("np.where(found, good, free)", "np.where(found, good, True)"),
         ("np.where(free.any(axis=-1), pick(tried.s, lowest), 0.0)", "pick(tried.s, lowest)")],
    ),
    "lengths-underflow": Mutant(
        "toybox/xp.py", "tests/test_closed.py::test_directions_whose_squares_overflow_or_underflow_have_a_length",
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
        [("self._batch, Ledger(),", "self._batch, self._ledger,")],
    ),
    "aside-one-batch": Mutant(
        RAYS, "tests/test_rays.py::test_a_ray_set_aside_is_that_ray_at_its_own_cost",
        [("self._sampler, self._whole, self.batches,", "self._sampler, self._whole,")],
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
    "armijo-sign": Mutant(
        BACKTRACKING, "claims WA-01 SLS-01",
        [("decrease = self.c * slope0", "decrease = -self.c * slope0")],
    ),
    "pal-curvature-without-slope": Mutant(
        CLOSED, "claims PAL-A6 PAL-P1",
        [("a = (change - b * self.mu) / (self.mu * self.mu)", "a = change / (self.mu * self.mu)")],
    ),
    "pal-alpha-after-cap": Mutant(
        CLOSED, "claims PAL-SMAX PAL-RELAX PAL-CASE",
        [("-self.alpha * b / (2 * a)", "-b / (2 * a)"),
         ("xp.minimum(s, self.s_max)", "self.alpha * xp.minimum(s, self.s_max)")],
    ),
    "golsi-other-sign": Mutant(
        BRACKETING, "claims WA-05 GOLS-01",
        [("(slope >= 0) & (slope <= limit)", "(slope < 0) & (slope > -limit)")],
    ),
    "pls-blocks-transposed": Mutant(
        "toybox/rules/probabilistic.py", "claims PLS-01 PLS-03",
        [("blocks[..., :a, b:] = s * low - half", "blocks[..., :a, b:] = t * low - half"),
         ("blocks[..., a:, :b] = t * low - half", "blocks[..., a:, :b] = s * low - half")],
    ),
    "adam-uncorrected": Mutant(
        DIRECTIONS, "claims ADAM-01",
        [("m / (1 - beta1**t), v / (1 - beta2**t)", "m, v")],
    ),
    "batches-with-replacement": Mutant(
        "toybox/sampling.py", "claims NOISE-02 NOISE-05",
        [("return distinct(seeds, t, j, size, population)", "return integers(seeds, t, j, size, population)")],
    ),
    "labpal-length-as-rate": Mutant(
        MEASURED, "claims LAB-01",
        [("if lengths else xp.minimum(s, rule.s_max) / norm", "if lengths else xp.minimum(s, rule.s_max)")],
    ),
}  # fmt: skip
