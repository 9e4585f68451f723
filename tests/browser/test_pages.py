"""The demos' pages in a real browser, without a network: needs playwright and Chromium (or skips, and says so)."""

import io

import pytest

from optional import needs
from toybox.demos import DEMOS
from toybox.demos.serve import served

pytestmark = [needs("marimo"), needs("playwright")]
PATIENCE = 60_000  # ms until a page must have drawn; pages are waited for, not timed


@pytest.fixture(scope="module")
def server():
    with served() as (home, _):
        yield home


@pytest.fixture
def page(browser):
    tab = browser.new_page(viewport={"width": 1600, "height": 1000})
    tab.set_default_timeout(PATIENCE)
    tab.asked = []
    tab.on("request", lambda request: tab.asked.append(request.url))
    yield tab
    tab.close()


def drawn(page, address):
    page.goto(address)
    page.get_by_text("Homework.").wait_for()
    page.locator("img, marimo-matplotlib canvas").first.wait_for()


def picture(page):
    """What the picture shows, as the text of its source."""
    image = page.locator("img").first
    return (
        image.get_attribute("src")
        if image.count()
        else page.locator("marimo-matplotlib").get_attribute("data-chart-base64")
    )


def until(page, says, *arguments):
    """Wait until something becomes true."""
    for _ in range(PATIENCE // 100):
        if says(*arguments):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {says.__name__}{arguments}")


@pytest.mark.parametrize("name", DEMOS)
def test_each_demo_opens_without_a_network(name, server, page):
    drawn(page, f"{server}?demo={name}")
    page.get_by_text(DEMOS[name].title, exact=True).first.wait_for()
    for trouble in ("Traceback", "exception", "is not accepted"):
        assert not page.get_by_text(trouble).count()
    outside = [
        url for url in page.asked if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))
    ]
    assert not outside


def test_a_moved_slider_stands_in_the_address_and_leads_back(server, page):
    drawn(page, f"{server}?demo=dial")
    before = picture(page)
    page.locator("[role=slider]").first.focus()
    page.keyboard.press("End")
    until(page, lambda: "spread=1" in page.url)
    until(page, lambda: picture(page) != before)
    drawn(page, page.url)
    page.get_by_text("toybox demo dial --set spread=1 --out dial.png").wait_for()
    page.locator("[role=slider]").first.focus()
    page.keyboard.press("Home")
    until(page, lambda: "spread" not in page.url)


def test_a_wrong_address_is_said(server, page):
    drawn(page, f"{server}?demo=dial&spread=7")
    page.get_by_text("spread=7 is not accepted; accepted: 0, 0.001").wait_for()
    page.goto(f"{server}?demo=dail")
    page.get_by_text("demo=dail is unknown").wait_for()


def test_prediction_and_revelation(server, page):
    drawn(page, f"{server}?demo=dial")
    words = DEMOS["dial"].answer(**{name: control.value for name, control in DEMOS["dial"].controls.items()}).words
    assert not page.get_by_text(words).count()
    page.get_by_text(DEMOS["dial"].answers[0]).click()
    page.get_by_text("Reveal").click()
    page.get_by_text(words).wait_for()


def test_another_seed(server, page):
    drawn(page, f"{server}?demo=dial")
    before = picture(page)
    page.get_by_text("another seed").click()
    until(page, lambda: "seed=1" in page.url and picture(page) != before)


def test_step_and_play(server, page):
    drawn(page, f"{server}?demo=valley")
    page.get_by_text("step", exact=True).first.click()
    until(page, lambda: "t=10" in page.url)
    page.get_by_text("play", exact=True).click()
    until(page, lambda: "t=13" in page.url)
    page.get_by_text("play", exact=True).click()


def test_the_start_is_dragged(server, page):
    drawn(page, f"{server}?demo=valley&noise=0")
    before = picture(page)
    box = page.locator("marimo-matplotlib canvas").first.bounding_box()
    figure = DEMOS["valley"].draw(**{name: control.value for name, control in DEMOS["valley"].controls.items()})
    figure.savefig(io.BytesIO(), dpi=figure.dpi)  # lays it out
    ax, (width, height) = figure.axes[0], figure.get_size_inches() * figure.dpi

    def at(x, y):
        """Where a point of the plane is on the page."""
        px, py = ax.transData.transform((x, y))
        return box["x"] + px / width * box["width"], box["y"] + (1 - py / height) * box["width"] * height / width

    page.mouse.move(*at(-5, 2))
    page.mouse.down()
    page.mouse.move(*at(-2, 1), steps=8)
    page.mouse.move(*at(3, -1), steps=8)
    page.mouse.up()
    until(page, lambda: "start=" in page.url and picture(page) != before)
    x, y = map(float, page.url.split("start=")[1].split("&")[0].replace("%2C", ",").split(","))
    assert abs(x - 3) < 0.3
    assert abs(y + 1) < 0.3


def test_words_with_spaces_stand_in_the_address(server, page):
    drawn(page, f"{server}?demo=parabolas")
    page.locator("select").first.select_option("both in one batch")
    until(page, lambda: "averaging=both" in page.url)
    drawn(page, page.url)
    page.get_by_text("--set 'averaging=both in one batch'").wait_for()
