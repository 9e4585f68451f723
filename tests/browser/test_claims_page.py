"""The page of the claims in a real browser, from a file: filters, addresses, narrow screens, no script, paper."""

import pytest

from optional import needs
from proofs_check import report, select, verify_all

pytestmark = needs("playwright")
CLAIMS = select(["ERM-08", "GOLS-02", "LAB-02", "LAB-03", "LS-09", "WA-02", "WALK-09"])  # some of the quickest
ALL = [claim.id for claim in CLAIMS]
WRONG = [claim.id for claim in CLAIMS if claim.verdict in ("corrected", "refuted")]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("claims") / "claims.html"
    report.write_html(path, CLAIMS, verify_all(CLAIMS))
    return path.as_uri()


@pytest.fixture
def page(browser, address):
    """A tab with the page, which has asked for nothing else and complained of nothing."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    asked, complaints = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: complaints.append(error))
    tab.goto(address)
    yield tab
    assert {url.partition("#")[0] for url in asked} == {address}
    assert not complaints
    tab.close()


def shown(page):
    return page.locator("article:visible").evaluate_all("all => all.map(one => one.id)")


def test_every_value_of_every_filter_shows_its_claims(page):
    """As many as it says; a section without any is not there."""
    for field in page.locator("select").all():
        for option in field.locator("option").all()[1:]:
            value, many = option.get_attribute("value"), int(option.inner_text().rpartition("(")[2][:-1])
            field.select_option(value)
            assert len(shown(page)) == many > 0, value
            assert page.locator("output").inner_text() == f"{many} of {len(ALL)} claims are shown"
            families = {id.partition("-")[0] for id in shown(page)}
            assert page.locator("section.family:visible").count() == len(families)
        field.select_option("")
    assert shown(page) == ALL


def test_what_the_filters_mean(page):
    page.get_by_label("verdict").select_option("refuted")
    assert shown(page) == [claim.id for claim in CLAIMS if claim.verdict == "refuted"]
    assert page.locator("tr[data-of]:visible").count() == len(shown(page))
    page.get_by_label("family").select_option("ERM")
    assert shown(page) == ["ERM-08"]
    page.get_by_role("button", name="reset").click()
    assert shown(page) == ALL
    page.get_by_label("document").select_option("A Walk with SGD")
    assert shown(page) == ["WALK-09"]
    page.get_by_role("button", name="reset").click()
    page.get_by_label("degree").select_option("the whole statement proved")
    assert shown(page) == [claim.id for claim in CLAIMS if claim.proved]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("6.7", ["WA-02"]),
        ("6.4", ["LAB-02"]),  # section 6.4.1
        ("floor a walk", ["WALK-09"]),
        ("2.1", []),  # which is not 2.18
        ("2.18 CURVATURE", ["WA-02"]),
        ("wa-0", ["WA-02"]),
        ("c_2", ["WA-02"]),
    ],
)
def test_searching(page, words, found):
    page.get_by_role("searchbox").fill(words)
    assert shown(page) == found


def test_what_is_chosen_stands_in_the_address_and_leads_back(page, address):
    page.get_by_label("verdict").select_option("corrected")
    page.get_by_role("searchbox").fill("batch-size")
    before, here = shown(page), page.url
    assert before == ["LAB-03"]
    assert "verdict=corrected" in here
    page.goto("about:blank")
    page.goto(here)
    assert shown(page) == before
    assert page.get_by_role("searchbox").input_value() == "batch-size"
    page.get_by_role("button", name="reset").click()
    page.wait_for_function("location.hash == ''")
    assert shown(page) == ALL
    page.goto(f"{address}#verdict=none&family=WA")  # an unknown value chooses nothing
    assert shown(page) == ["WA-02"]


def test_a_link_to_what_is_hidden_shows_it(page, address):
    page.get_by_label("family").select_option("WA")
    page.evaluate("location.hash = 'LAB-03'")
    page.locator("#LAB-03").wait_for()
    assert shown(page) == ALL
    page.goto(f"{address}#LAB-02")
    page.locator("#LAB-02 summary").last.click()
    page.locator("#LAB-02 pre").wait_for()
    page.goto(f"{address}#WA-02")
    page.locator("#WA-02 details.code summary").click()
    page.locator("#WA-02").get_by_role("link", name="claims/wa/common.py").click()
    page.get_by_text("class Parabola").wait_for()


def test_keys_are_enough(page):
    page.keyboard.press("Tab")
    page.keyboard.type("curvature")
    assert shown(page) == ["WA-02"]
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # reset
    page.wait_for_function("!document.querySelector('article[hidden]')")
    assert shown(page) == ALL
    page.locator("#LAB-02 summary").first.focus()
    page.keyboard.press("Enter")
    page.locator("#LAB-02 table").first.wait_for()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(page, width):
    """With all details open; what is wide scrolls by itself."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.querySelectorAll('pre')].some(code => code.scrollWidth > code.clientWidth)")


def test_without_scripts_everything_is_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("article:visible").count() == len(ALL)
    assert page.locator("tr[data-of]:visible").count() == len(WRONG)
    assert not page.locator("form").is_visible()
    context.close()


def test_on_paper_the_checks_are_unfolded_and_the_filters_are_gone(page):
    page.get_by_label("family").select_option("LAB")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article table:visible").count() >= len(shown(page)) == 2
    assert not page.locator("form").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("article table:visible").count()
