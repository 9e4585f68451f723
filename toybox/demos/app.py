"""The page of every demo, and the list of them: a marimo app. Its state stands in the address, so a link is a state.

Nothing on the page comes from another machine. ``toybox demo`` serves it.
"""

import marimo

app = marimo.App(width="full", app_title="toybox demos", css_file="page.css")

with app.setup:
    import io

    import marimo as mo

    from toybox.demos import DEMOS, frame


@app.cell
def start():
    query = {name: str(text) for name, text in mo.query_params().to_dict().items()}
    demo = DEMOS.get(query.get("demo", ""))
    begin, complaints = frame.values(demo, {k: v for k, v in query.items() if k != "demo"}) if demo else ({}, [])
    return begin, complaints, demo, query


@app.cell
def contents(demo, query):
    mo.stop(demo is not None)
    _unknown = (
        [mo.callout(f"demo={query['demo']} is unknown; accepted: {', '.join(DEMOS)}", "warn")]
        if "demo" in query
        else []
    )
    mo.vstack(
        [mo.md("# toybox: teaching demos"), *_unknown]
        + [mo.md(f"### [{one.id} {one.title}](?demo={one.name})\n{one.point}") for one in DEMOS.values()]
    )
    return


@app.cell
def controls(begin, demo):
    mo.stop(demo is None)
    inputs = mo.ui.dictionary(
        {
            name: frame.widget(mo, control, begin[name])
            for name, control in demo.controls.items()
            if not isinstance(control, frame.Time | frame.Place)
        }
    )
    clock = next((name for name, control in demo.controls.items() if isinstance(control, frame.Time)), None)
    plane = next((name for name, control in demo.controls.items() if isinstance(control, frame.Place)), None)
    return clock, inputs, plane


@app.cell
def moving(begin, clock, plane):
    time, set_time = mo.state(begin.get(clock))
    place, set_place = mo.state(begin.get(plane))
    return place, set_place, set_time, time


@app.cell
def play(clock, demo, set_time):
    _last = demo.controls[clock].values[-1] if clock else 0
    forward = lambda: set_time(lambda now: now + 1 if now < _last else demo.controls[clock].values[0])
    playing = mo.ui.switch(label="play")
    stepping = mo.ui.button(label="step", on_click=lambda _: forward())
    return forward, playing, stepping


@app.cell
def ticking(clock, playing):
    ticks = mo.ui.refresh(["0.3s", "0.7s", "1.5s"], default_interval="0.7s") if clock and playing.value else None
    return (ticks,)


@app.cell
def tick(forward, ticks):
    if ticks is not None and ticks.value:
        forward()
    return


@app.cell
def timeline(clock, demo, set_time, time):
    slider = (
        mo.ui.slider(
            steps=list(demo.controls[clock].values),
            value=time(),
            label=demo.controls[clock].label,
            show_value=True,
            on_change=set_time,
        )
        if clock
        else None
    )
    return (slider,)


@app.cell
def state(clock, demo, inputs, place, plane, time):
    values = inputs.value | ({clock: time()} if clock else {}) | ({plane: place()} if plane else {})
    _address = mo.query_params()
    for _name, _value in values.items():
        if _value != demo.controls[_name].value:
            _address.set(_name, frame.shown(_value))
        elif _name in _address:
            _address.remove(_name)
    return (values,)


@app.cell
def picture(demo, plane, values):
    _figure = demo.draw(**values)
    if plane:
        shown = frame.draggable(mo, _figure, demo.controls[plane], values[plane])
    else:
        _file = io.BytesIO()
        _figure.savefig(_file, format="png")
        shown = mo.image(_file.getvalue(), alt=demo.title)
    return (shown,)


@app.cell
def drag(demo, plane, set_place, shown, values):
    if plane and (_there := frame.dragged(shown.value, demo.controls[plane], values[plane])) != values[plane]:
        set_place(_there)
    return


@app.cell
def guess(demo):
    mo.stop(demo is None)
    choice = mo.ui.radio(list(demo.answers), label=f"**Predict.** {demo.question}")
    reveal = mo.ui.button(value=False, on_click=lambda now: not now, label="Reveal")
    return choice, reveal


@app.cell
def verdict(choice, demo, reveal, values):
    said = mo.md("")
    if reveal.value:
        _answer = demo.answer(**values)
        said = mo.callout(mo.md(f"**{_answer.right}.** {_answer.words}"), frame.mood(choice.value, _answer))
    return (said,)


@app.cell
def page(choice, clock, complaints, demo, inputs, playing, reveal, said, shown, slider, stepping, ticks, values):
    _row = list(inputs.elements.values())
    if clock:
        _row += [slider, stepping, playing, *([ticks] if ticks is not None else [])]
    mo.vstack(
        [
            mo.md(f"# {demo.title}\n{demo.lead}"),
            *(mo.callout(complaint, "warn") for complaint in complaints),
            mo.hstack(_row, justify="start", gap=1.2, wrap=True),
            shown,
            mo.hstack([mo.vstack([choice, reveal]), said], widths=[1, 1], gap=2),
            mo.md(f"**To remember.** {demo.point}\n\n**Homework.** {demo.homework}"),
            mo.md(f"This picture: `{frame.command(demo, values)}`" + frame.longer(demo) + " &nbsp; [All demos](?)"),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
