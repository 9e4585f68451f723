"""Every demo draws and answers in every extreme state, in type for the last row; addresses and command lines lead back
to the state that they name; and the page shows them all."""

import io
import json
import shlex
import signal
import subprocess
import sys
import types
import urllib.request

import matplotlib as mpl
import pytest

from optional import needs
from toybox.cli import main
from toybox.demos import DEMOS, frame
from toybox.extras import install

SMALLEST = 12  # points


def first_and_last(control):
    if isinstance(control, frame.Place):
        return [(control.x[0], control.y[0]), (control.x[1], control.y[1])]
    return [control.values[0], control.values[min(len(control.values), 20) - 1]]


STATES = [
    pytest.param(demo, {name: value}, id=f"{demo.name}-{name}-{frame.shown(value)}")
    for demo in DEMOS.values()
    for name, control in demo.controls.items()
    for value in first_and_last(control)
]
every_demo = pytest.mark.parametrize("demo", DEMOS.values(), ids=lambda demo: demo.name)


def state(demo, changed=()):
    return {name: control.value for name, control in demo.controls.items()} | dict(changed)


@pytest.mark.parametrize(("demo", "changed"), STATES)
def test_every_state_is_drawn_and_answered(demo, changed):
    values = state(demo, changed)
    figure = demo.draw(**values)
    figure.savefig(io.BytesIO(), format="png")
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text().strip() and text.get_visible()]
    small = {text.get_text(): text.get_fontsize() for text in texts if text.get_fontsize() < SMALLEST}
    assert not small
    width, height = figure.get_size_inches()
    assert width == 13
    assert height <= 6.5
    answer = demo.answer(**values)
    assert answer.right in demo.answers
    assert "nan" not in answer.words


@every_demo
def test_what_a_demo_says(demo):
    assert 2 <= len(demo.controls) <= 4
    assert 3 <= len(demo.answers) == len(set(demo.answers)) <= 5
    assert demo.question.endswith("?")
    assert "?" in demo.homework or demo.homework.endswith(".")
    assert all(text for text in (demo.lead, demo.point, demo.homework))


def test_a_place_follows_its_box():
    """To the middle of the box; not where it hardly moved, where a limit has cut it, or where nothing is selected."""
    place = frame.Place("start", (-4.0, 4.0), (0.0, 2.0), (1.0, 1.0))
    box = lambda left, right, low, high: types.SimpleNamespace(x_min=left, x_max=right, y_min=low, y_max=high)
    assert frame.dragged(box(-2.2, -1.8, 0.2, 0.3), place, (1.0, 1.0)) == (-2.0, 0.25)
    assert frame.dragged(box(6.0, 7.0, -3.0, -2.0), place, (1.0, 1.0)) == (4.0, 0.0)
    assert frame.dragged(box(0.9, 1.2, 0.96, 1.05), place, (1.0, 1.0)) == (1.0, 1.0)
    assert frame.dragged(box(3.8, 4.0, 0.95, 1.05), place, (4.0, 1.0)) == (4.0, 1.0)
    assert frame.dragged(None, place, (1.0, 1.0)) == (1.0, 1.0)


def test_ids_and_names_are_those_of_the_list():
    assert [demo.id for demo in DEMOS.values()] == [f"D{i}" for i in range(1, 9)]
    assert all(name == demo.name for name, demo in DEMOS.items())


@every_demo
def test_the_picture_is_the_same_each_time(demo):
    def drawn():
        file = io.BytesIO()
        demo.draw(**state(demo)).savefig(file, format="png")
        return file.getvalue()

    assert drawn() == drawn()


@pytest.mark.parametrize(("demo", "changed"), STATES)
def test_addresses_lead_back(demo, changed):
    texts = {name: frame.shown(value) for name, value in changed.items()}
    assert frame.values(demo, texts) == (state(demo, changed), [])


@every_demo
def test_each_value_has_an_address_of_its_own(demo):
    for name, control in demo.controls.items():
        if not isinstance(control, frame.Place):
            assert control.value in control.values
            for value in list(control.values)[:50]:
                assert frame.values(demo, {name: frame.shown(value)})[0][name] == value


@every_demo
def test_what_is_not_accepted_is_said(demo):
    given = dict.fromkeys([*demo.controls, "colour"], "blue")
    values, complaints = frame.values(demo, given)
    assert values == state(demo)
    assert len(complaints) == len(given)
    assert all(f"{name}=blue is not accepted; accepted: " in text for name, text in zip(given, complaints, strict=True))


def test_the_command_line_of_a_state_draws_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, changed, line in (
        ("dial", {"spread": 0.1, "method": "exact"}, "dial --set spread=0.1 --set method=exact"),
        ("growing", {"data": "factorization, rank 10"}, "growing --set 'data=factorization, rank 10'"),
        ("valley", {"start": (3.0, -1.25)}, "valley --set start=3,-1.25"),
    ):
        values = state(DEMOS[name], changed)
        command = frame.command(DEMOS[name], values)
        assert command == f"toybox demo {line} --out {name}.png"
        assert main(shlex.split(command)[1:]) == 0
        file = io.BytesIO()
        DEMOS[name].draw(**values).savefig(file, format="png")
        assert (tmp_path / f"{name}.png").read_bytes() == file.getvalue()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("demo dail", "did you mean 'dial'?"),
        ("demo dial --set spread=7", "spread=7 is not accepted; accepted: 0, 0.001"),
        ("demo dial --set spread", "spread= is not accepted"),
        ("demo dial --out dial.jpeg", "accepted: a file ending in .png, .pdf or .svg"),
        ("demo --out dial.png", "accepted: with a NAME"),
    ],
)
def test_what_the_command_line_refuses(command, words, capsys):
    assert main(command.split()) == 2
    assert words in capsys.readouterr().err


@needs("marimo")
def test_a_taken_port_is_named(capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["demo", "dial", "--no-browser", "--port", str(port)]) == 2
    assert f"port={port} cannot be had" in capsys.readouterr().err


def test_without_marimo_pictures_can_be_drawn(tmp_path):
    code = f"""
import sys
sys.modules["marimo"] = None
from toybox.cli import main
print(main(["demo", "dial", "--no-browser"]), main(["demo", "dial", "--out", {str(tmp_path / "dial.svg")!r}]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == ["2", "0"]
    assert install("demo") in done.stderr


def page(demo):
    """What the page's cells show, run as a script in a process of its own."""
    code = f"""
import json, warnings
warnings.simplefilter("ignore")
from toybox.demos import DEMOS, frame
from toybox.demos.app import app
demo = DEMOS.get({demo!r})
begin = {{name: control.value for name, control in demo.controls.items()}} if demo else {{}}
outputs, _ = app.run(defs={{"query": {{}}, "demo": demo, "begin": begin, "complaints": ["told"] if demo else []}})
print(json.dumps([getattr(output, "text", "") for output in outputs]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return " ".join(json.loads(done.stdout.splitlines()[-1]))


@needs("marimo")
def test_the_page_shows_a_demo():
    shown = page("dial")
    demo = DEMOS["dial"]
    for words in (demo.title, demo.question, demo.controls["spread"].label, "told", "toybox demo dial"):
        assert words in shown


@needs("marimo")
def test_the_first_page_lists_all():
    shown = page(None)
    assert all(demo.title in shown and f"?demo={demo.name}" in shown for demo in DEMOS.values())


@needs("marimo")
def test_a_page_is_served_until_interrupted():
    code = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have had it ignored
from toybox.cli import main
sys.exit(main(["demo", "valley", "--no-browser", "--set", "start=1,2"]))
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        assert address.endswith("/?demo=valley&start=1,2")
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not process.stderr.read()
