"""The report, opened as anybody opens it who was sent the file."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from digitlib.data import load_mnist
from digitlib.report import gather_report, write_report
from digitlib.runs.folder import MODELS_FOLDER, read_run
from tests.browser.conftest import DESKTOP, PHONE

GROUND = {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 17, 23)"}

METRICS = read_run(MODELS_FOLDER / "dense").metrics["test"]
MISTAKES = METRICS["mistakes"]

# What a picture shows: the mean of its red over the middle, drawn as the page draws it.
LOOK = """image => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [28, 28];
    const context = canvas.getContext("2d");
    context.filter = getComputedStyle(image).filter;
    context.drawImage(image, 0, 0, 28, 28);
    const {data} = context.getImageData(0, 0, 28, 28);
    let [ink, light] = [0, 0];
    for (let i = 0; i < data.length; i += 4) { ink += data[i + 3]; light += data[i] * data[i + 3]; }
    return {natural: image.naturalWidth, ink: ink, light: light / ink};
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("report")
    dense, cnn = (read_run(MODELS_FOLDER / name) for name in ("dense", "cnn"))
    answers = dense.read_test_probabilities()
    versus = ("cnn", cnn.read_test_probabilities())
    write_report(gather_report(dense, load_mnist("test"), True, answers, versus), folder)
    return (folder / "report.html").as_uri()


def open_report(chromium: Browser, address: str, size: dict, theme: str) -> tuple[Page, list[str]]:
    """Open the page; return it with all that it asked for and complained of."""
    page = chromium.new_context(viewport=size, color_scheme=theme, offline=True).new_page()
    heard = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(address)
    return page, [each for each in heard if not each.startswith("data:")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_report_needs_nothing_and_shows_the_digits(chromium, address, size, theme):
    page, heard = open_report(chromium, address, size, theme)

    assert heard == [address]
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "How dense reads the 10,000 test digits"
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == GROUND[theme]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide == 0, "it scrolls sideways"
    images = page.locator("#mistakes img")
    expect(images).to_have_count(MISTAKES)
    for place in (0, MISTAKES // 2, MISTAKES - 1):
        seen = images.nth(place).evaluate(LOOK)
        assert seen["natural"] == 28
        assert seen["ink"] > 0
        assert (seen["light"] > 200) == (theme == "dark")
    box = images.first.bounding_box()
    assert (box["width"], box["height"]) == (56, 56)
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".confusion a, figcaption, h3, .diagram text")]
            .filter(each => { const {left, right} = each.getBoundingClientRect();
                return left < 0 || right > innerWidth || each.scrollWidth > each.clientWidth + 1
                    && !each.closest("svg"); })
            .map(each => each.outerHTML)"""
    )
    assert cut == []
    page.context.close()


def test_a_cell_leads_to_its_digits(chromium, address):
    page, _ = open_report(chromium, address, PHONE, "light")
    count = METRICS["confusion"][7][2]

    page.get_by_role("link", name=f"{count} times 7 read as 2", exact=True).click()

    group = page.locator("#read-7-2")
    expect(group).to_be_in_viewport()
    expect(page).to_have_url(re.compile("#read-7-2$"))
    expect(group.locator("img")).to_have_count(count)
    page.context.close()
