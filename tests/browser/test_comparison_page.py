"""The page of a comparison in a real browser, from a file: wide and narrow, without a network."""

import pytest

from optional import needs
from toybox.comparison import compare

pytestmark = needs("playwright")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    methods = ["sls", "sgd", "sgd,rate=1000", "pal"]
    fixed = {"budget": 3, "seeds": 2, "tuning_seeds": 1}
    compare(["quadratic", "factorization"], methods, **fixed, out=folder, store=folder / "store", workers=1)
    return (folder / "report.html").as_uri()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off_or_fetched(browser, address, width):
    tab = browser.new_page(viewport={"width": width, "height": 900})
    asked, complaints = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.goto(address)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    for summary in tab.locator("summary").all():
        if summary.is_visible():
            summary.click()
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.locator("table.pairs:visible").count() > 0
    assert asked == [address]
    assert not complaints
    tab.close()


def test_settings_of_one_method_are_told_apart(browser, address):
    """In the legend of the curves every line has a colour or a dash of its own."""
    tab = browser.new_page()
    tab.goto(address)
    strokes = tab.locator("svg[aria-label=curves] [id*=legend] path").evaluate_all(
        "all => all.map(p => p.getAttribute('style')).filter(s => s && s.includes('stroke-width: 1.4'))"
    )
    assert len(strokes) == 4
    assert len({*strokes}) == 4
    tab.close()
