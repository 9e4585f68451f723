"""A search on a bare line: two functions answer the text that runs answer with arrays."""

import warnings
from fractions import Fraction as F
from math import inf

import numpy as np
import pytest
from scipy.optimize import line_search, rosen, rosen_der

import toybox as tb
from toybox.analysis import watch
from toybox.methods.wolfe import StrongWolfe
from toybox.problems import FromFunction
from toybox.text import ALL, Pool
from zoo_cases import BATCH, VARIANTS, problem, title

PHI, DPHI = (lambda s: (s - 3) ** 2), (lambda s: 2 * (s - 3))


def test_a_name_a_method_and_a_rule_are_the_same_search():
    """sls from 1 with beta = .9 on (s - 3)^2: 1 is good enough at once."""
    for method in ("sls", tb.method("sls"), tb.method("sls").rule, tb.method("sls-polyak")):
        found = tb.search(method, PHI, DPHI)
        assert (found.step, found.status, found.state) == (1, tb.Status.FOUND, 1)
        assert found.questions == [("change", 0, 1, -5)]


def test_every_question_is_told_in_order():
    found = tb.search(StrongWolfe(c2=0.25), PHI, DPHI)
    assert [(q.kind, q.batch, q.s, q.answer) for q in found.questions] == [
        ("both", 0, 1, (-5, -4)), ("both", 0, 2, (-8, -2)), ("both", 0, 4, (-8, 2)),
        ("both", 0, 3, (-9, 0)),
    ][: len(found.questions)]  # fmt: skip
    assert found[:2] == (found.questions[-1].s, tb.Status.FOUND)


def test_on_fractions_all_is_exact():
    """.1 is 1/10: on s^2 / 2 - s sufficient decrease ends at 2 (1 - 1/10) = 9/5, which floats cannot hit."""
    phi, dphi = (lambda s: s * s / 2 - s), (lambda s: s - F(1))
    method = tb.method("sls", first=2.0, reset=0, c=0.1, beta=0.9)
    found = tb.search(method, phi, dphi)
    assert (found.step, found.status) == (F(9, 5), tb.Status.FOUND)
    assert type(found.step) is type(found.state) is F
    assert all(type(question.answer) is F for question in found.questions)
    above = tb.search(tb.method("sls", first=2.01, reset=0, c=0.1, beta=0.9), phi, dphi)
    assert above.step == F("2.01") * F(9, 10) ** 2


def test_what_a_search_sees():
    @tb.hyper.hyperparameters
    class Seeing(tb.Search):
        def search(self, here, state):
            return tb.found((here.slope0, here.value, here.norm, here.fraction, here.t, here.steps, here.batches), state)

    found = tb.search(Seeing(), PHI, DPHI, norm=2, fraction=0.25, t=3, steps=9, state="kept")
    assert found.step == (-6, 9, 2, 0.25, 3, 9, 1)
    assert found.state == "kept"


def test_all_kinds_of_questions():
    @tb.hyper.hyperparameters
    class Asking(tb.Search):
        batch = 2

        def search(self, here, state):
            said = [
                (yield tb.change(1)), (yield tb.change(1, 2)), (yield tb.once(1, batch=3)), (yield tb.slope(1, batch=ALL)),
                (yield tb.both(1, batch=Pool(2))), (yield tb.turn(1)),
            ]  # fmt: skip
            return tb.found(1, said)

    found = tb.search(Asking(), PHI, DPHI, norm=2)
    assert found.state == [-5, [-5, -8], -5, -4, (-5, -4), 1]
    assert [question.batch for question in found.questions] == [2, 2, 3, ALL, (2,), 2]
    assert [question.kind for question in found.questions] == ["change", "change", "once", "slope", "both", "turn"]


def test_without_slopes():
    """Values are enough for Armijo and PAL, if the slope at 0 is told; a search by slopes says what it lacks."""
    assert tb.search("sls", PHI, slope0=-6).step == 1
    assert tb.search("pal", PHI, slope0=-6, norm=1).step == pytest.approx(3)
    with pytest.raises(ValueError, match=r"dphi=None and slope0=None leave the slope at 0 unknown; accepted: one of"):
        tb.search("sls", PHI)
    with pytest.raises(ValueError, match=r"StrongWolfe asks for phi'\(1.0\); accepted: dphi, a function of s"):
        tb.search("strong-wolfe", PHI, slope0=-6)


@pytest.mark.parametrize("method", ["sgd", "pls", "ali-g", tb.method("adam"), 3, None])
def test_a_method_without_a_text_is_refused(method):
    with pytest.raises(ValueError, match="has no search that is written as a text|is unknown; accepted|accepted"):
        tb.search(method, PHI, DPHI)


def test_several_lanes_are_refused():
    with pytest.raises(ValueError, match="has several lanes; accepted: one number per hyper-parameter"):
        tb.search(tb.method("sls", c=np.array([0.1, 0.2])), PHI, DPHI)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="sl is unknown.*accepted|'sl'"):
        tb.search("sl", PHI, DPHI)


# --- a peer


@pytest.mark.parametrize("c2", [0.1, 0.5, 0.9])
def test_scipy_accepts_the_same_first_trial(c2):
    """Where SciPy's strong Wolfe search ends with its first trial, 1 (without a value before it tries no other), ours
    does so too; and where ours does, SciPy does. Both happen."""
    outcomes = set()
    for x in np.random.default_rng(3).uniform(-2, 2, (60, 3)):
        for length in (1e-3, 1e-2, 0.3):
            g = rosen_der(x)
            d = -length * g / np.linalg.norm(g)
            phi, dphi = (lambda s, x=x, d=d: rosen(x + s * d)), (lambda s, x=x, d=d: rosen_der(x + s * d) @ d)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = line_search(rosen, rosen_der, x, d, c1=1e-4, c2=c2)[0]
            ours = tb.search(StrongWolfe(c2=c2), phi, dphi)
            first = len(ours.questions) == 1
            assert first == (theirs == 1.0)
            assert not first or ours.step == 1
            outcomes.add(first)
    assert outcomes == {True, False}


# --- one text, two answerers

CASE = "factorization, rank 4"


def texts():
    """Every variant of every method whose rule is a text."""
    for name, options in VARIANTS:
        rule = tb.method(name, **options).rule
        rule = getattr(rule, "search", rule) if not isinstance(rule, tb.Search) else rule
        if isinstance(rule, tb.Search):
            yield name, options


TEXTS = list(texts())


@pytest.mark.parametrize("t", [0, 1, 4])
@pytest.mark.parametrize(("name", "options"), TEXTS, ids=title)
def test_a_bare_line_gets_the_search_of_a_run(name, options, t):
    """The line of a step of a run, given as two functions, batch by batch: the same step, the same status, the same
    questions and the same state. The functions know losses only, the run their differences: they agree to rounding,
    and the searches as long as no comparison is that close."""
    method = tb.method(name, **options)
    seen = watch(problem(CASE), method, t, batch=BATCH, seeds=[2])
    rule = method.rule if isinstance(method.rule, tb.Search) else method.rule.search
    ray, state, step = seen.ray, seen.state, seen.step
    kept = state if isinstance(method.rule, tb.Search) else state[0]  # of an accelerated one, that of its search
    line = tb.text.line(ray, rule.batch)
    answers = Replayed(ray, rule)
    found = tb.search(
        answers.rule, answers.phi, answers.dphi, slope0=float(line.slope0[0]), norm=float(ray.norm[0]),
        fraction=ray.fraction, t=ray.t, steps=ray.steps, state=kept[0],
    )  # fmt: skip
    assert found.status == step.status[0]
    assert found.step == step.size[0]
    after = step.state if isinstance(method.rule, tb.Search) else step.state[0]
    assert found.state == after[0] or found.state != found.state
