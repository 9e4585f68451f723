"""Law: every method keeps its promises on difficult lines, recorded in tests/captured as (s, value, slope).

A line between its knots is a cubic Hermite spline, and a problem of one variable: theta = s, one sample, d = -slope. A
file says how the first search of a method ends; a method that is not in it may use up its tries, too, or throw its
first step away.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import toybox as tb
from contracts import assert_contract
from test_steps import taken_steps
from toybox.lines import HermiteLine
from toybox.problems import FromFunction
from zoo_cases import every_method, numbers

FILES = sorted((Path(__file__).parents[1] / "captured").glob("*.json"))
every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def captured(file):
    record = json.loads(file.read_text("utf-8"))
    return record, HermiteLine(record["s"], record["value"], record["slope"])


def as_problem(line):
    def f(theta, index):
        return line.value0 + line.change(theta)[..., 0], line.slope(theta)

    def samples(theta, index):
        value, slope = f(theta, index)
        return value[..., None] + 0.0 * index, slope[..., None, :] + 0.0 * index[..., None]

    return FromFunction(f, 1, 1, samples=samples, hvp=lambda theta, index, v: v * line.curvature(theta))


@every_file
@every_method
def test_methods_keep_their_promises_on_captured_lines(name, file):
    record, line = captured(file)
    method = tb.method(name)
    taken = list(taken_steps(as_problem(line), method, steps=10, batch=1, theta=[0.0]))
    for step in taken:
        assert_contract(method.rule, step)
    other = tb.method(name, **{hyper: values[1] for hyper, values in numbers(name).items()})
    for step in taken_steps(as_problem(line), other, steps=10, batch=1, theta=[0.0]):
        assert_contract(other.rule, step)
    recorded = record["status"].get(name)
    assert taken[0].status.name in ([recorded] if recorded else ["FOUND", "CAPPED", "EXHAUSTED", "UNMOVED"]), taken[0]


@every_file
def test_records_are_lines_that_descend_at_first(file):
    record, line = captured(file)
    s = np.array(record["s"])
    assert record["about"]
    assert line.slope0 < 0
    assert s[0] == 0
    np.testing.assert_allclose(line.value0 + line.change(s), record["value"], rtol=1e-14, atol=1e-15 * line.value0)
