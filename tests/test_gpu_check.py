"""The check on a device: on an emulated one it goes through, writes what it found, and hides no failure."""

import pytest

from toybox_benchmarks import gpu


@pytest.mark.cupy
def test_everything_is_measured_and_written(cupy_backend, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "REPEATS", 1)
    out = tmp_path / "GPU.md"
    assert gpu.main(["--small", "--out", str(out)]) == 0
    text = out.read_text("utf-8")
    assert text.endswith(capsys.readouterr().out)
    assert "failed" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ") and "measured" not in line]
    assert {part for part in ("factorization", "quadratic", "mushrooms", "kernel of", "held") if part in text} == {
        "factorization", "quadratic", "mushrooms", "kernel of", "held"
    }  # fmt: skip
    assert all(row.count("|") == 7 for row in rows)


@pytest.mark.cupy
def test_a_part_that_fails_is_written_down(cupy_backend, tmp_path, monkeypatch):
    def broken(xp, sizes):
        yield "| one | 1 | two | 2 | .5 | |"
        raise ValueError("no\nluck")

    def fine(xp, sizes):
        yield "| three | 1 | four | 2 | .5 | |"

    monkeypatch.setattr(gpu, "steps", broken)
    for name in ("floors", "lines", "large"):
        monkeypatch.setattr(gpu, name, fine)
    out = tmp_path / "GPU.md"
    assert gpu.check(cupy_backend, gpu.SMALL, out, with_tests=False) == 1
    assert "| broken failed: ValueError: no luck |" in out.read_text("utf-8")
    assert "| one |" in out.read_text("utf-8")
    assert out.read_text("utf-8").count("| three |") == 3


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 1)])
def test_failing_tests_fail_the_check(code, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "tests", lambda: f"Tests: 3 passed (exit code {code})")
    monkeypatch.setattr(gpu, "device", lambda xp: "a card")
    for name in ("steps", "floors", "lines", "large"):
        monkeypatch.setattr(gpu, name, lambda xp, sizes: iter(()))
    assert gpu.check(None, gpu.SMALL, tmp_path / "GPU.md", with_tests=True) == expected
    assert f"exit code {code}" in (tmp_path / "GPU.md").read_text("utf-8")


def test_without_a_device_nothing_is_written(tmp_path, monkeypatch, capsys):
    def missing(name):
        raise gpu.BackendError("backend='cupy' finds no CUDA device")

    monkeypatch.setattr(gpu, "namespace", missing)
    out = tmp_path / "GPU.md"
    assert gpu.main(["--out", str(out)]) == 2
    assert not out.exists()
    assert "nothing was measured" in capsys.readouterr().err
