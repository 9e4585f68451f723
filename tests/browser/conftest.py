"""Chromium for the tests of pages, without which they are skipped, with the reason."""

import os
import shutil

import pytest

CHROMIUM = os.environ.get("TOYBOX_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("no Chromium; TOYBOX_CHROMIUM names one")
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as p:
        try:
            chromium = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        except playwright.Error as error:
            pytest.skip(f"{CHROMIUM} does not start: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()
