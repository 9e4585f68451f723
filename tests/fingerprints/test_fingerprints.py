"""Numbers change when somebody means it: what methods do is what fingerprints.csv says."""

import pytest

import fingerprint


@pytest.fixture(scope="module")
def written():
    return fingerprint.read()


@pytest.mark.parametrize("place", fingerprint.PROBLEMS)
def test_every_method_does_what_is_written_down(place, written):
    problem = fingerprint.tb.problem(place, **fingerprint.PROBLEMS[place])
    known = {(row["method"], row["options"]): int(row["known"]) for row in written if row["problem"] == place}
    found = [
        fingerprint.row(place, problem, name, options, known.get((name, fingerprint.cases.title(options))))
        for name, options in fingerprint.cases.VARIANTS
    ]
    changed = fingerprint.differences([row for row in written if row["problem"] == place], found)
    assert not changed, "\n".join([*changed, "if this is meant: make fingerprints"])


def test_what_is_written_down_says_something(written):
    known = [int(row["known"]) for row in written]
    assert min(known) >= 1
    assert sum(known) > 0.8 * fingerprint.STEPS * len(known)
    assert {letter for row in written for letter in row["statuses"]} >= {"F", "C", "A", "U"}


def test_a_change_is_seen_and_shown(written):
    for column, value in {
        "loss_5": f"{float(written[0]['loss_5']) * (1 + 3e-9):.12g}",
        "statuses": "C" + written[0]["statuses"][1:],
        "values": str(int(written[0]["values"]) + 1),
    }.items():
        changed = [written[0] | {column: value}, *written[1:]]
        (line,) = fingerprint.differences(written, changed)
        assert f"{column} {written[0][column]} -> {value}" in line
    nearly = f"{float(written[0]['loss_5']) * (1 + 1e-11):.12g}"
    assert nearly != written[0]["loss_5"]
    assert not fingerprint.differences(written, [written[0] | {"loss_5": nearly}, *written[1:]])
    (line,) = fingerprint.differences(written, written[1:])
    assert line.endswith("gone")
