import re
import zipfile

from playwright.sync_api import expect

from digitlib.reading.recogniser import Recogniser
from tests.browser.conftest import PHONE, wait_until
from tests.browser.pen import draw
from tests.browser.trainer import TRAINING, count_points, live, start

RESULT = re.compile(r"([\d.]+)% of the test digits read right")


def test_the_curves_grow_while_it_learns_and_the_page_can_be_left(open_page):
    page = open_page("train")
    run = start(page, epochs=2, digits=30_000)
    seen = [0]
    while len(seen) < 3:
        wait_until(lambda: count_points(page) > seen[-1], page, TRAINING)
        expect(live(page).get_by_role("progressbar")).to_be_visible()  # it has not ended
        seen.append(count_points(page))
    expect(live(page)).to_contain_text(re.compile(r"epoch \d of 2 · batch [\d,]+ of 938"))

    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    page.get_by_role("link", name="Train", exact=True).click()
    expect(live(page)).to_contain_text(run)
    expect(live(page)).to_contain_text(RESULT, timeout=TRAINING)
    expect(live(page)).to_contain_text("101,770 parameters")
    assert float(RESULT.search(live(page).inner_text())[1]) > 90
    assert count_points(page) > seen[-1]


def test_a_training_is_found_again_and_can_be_stopped(open_page):
    page = open_page("train")
    run = start(page, epochs=30, digits=55_000)
    expect(live(page)).to_contain_text(f"{run} · epoch", timeout=TRAINING)

    page.reload()
    expect(live(page)).to_contain_text(f"{run} · epoch")
    other = open_page("train", PHONE)
    expect(live(other)).to_contain_text(f"{run} · epoch")
    before = count_points(other)
    wait_until(lambda: count_points(other) > before, other)

    live(other).get_by_role("button", name="Stop").click()
    for tab in (other, page):
        expect(live(tab)).to_contain_text("was stopped after", timeout=TRAINING)
        expect(live(tab)).to_contain_text(RESULT)
        expect(live(tab).get_by_role("progressbar")).to_have_count(0)


def test_both_files_of_a_finished_run_can_be_had(open_page, trained, tmp_path):
    page = open_page(f"train?run={trained}")
    files = {}
    for suffix in (".keras", ".tflite"):
        with page.expect_download() as download:
            live(page).get_by_role("button", name=suffix).click()
        assert download.value.suggested_filename == trained + suffix
        files[suffix] = tmp_path / f"model{suffix}"
        download.value.save_as(files[suffix])
    assert "model.weights.h5" in zipfile.ZipFile(files[".keras"]).namelist()
    assert Recogniser(files[".tflite"])


def test_a_finished_run_leads_to_its_mistakes_and_draws(open_page, trained):
    page = open_page(f"train?run={trained}")
    accuracy = RESULT.search(live(page).inner_text())[1]
    live(page).get_by_role("link", name="Look at its mistakes").click()
    expect(page.locator(".headline")).to_contain_text(f"{accuracy}%")
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile(trained))

    page = open_page(f"train?run={trained}")
    live(page).get_by_role("link", name="Draw with it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw a digit")
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile(trained))
    draw(page, 1)
    expect(page.locator(".answer-digit")).to_be_visible()


def test_an_earlier_run_is_opened_from_the_table(open_page, trained):
    page = open_page("train")
    table = page.locator(".st-key-runs canvas").first
    expect(table).to_be_visible()
    expect(live(page)).to_have_count(0)
    row = page.locator(".st-key-runs [role=row]").filter(has_text=trained)  # for screen readers
    row.wait_for(state="attached")
    place = int(row.get_attribute("aria-rowindex")) - 1  # the head is row 1
    # By force, because what can be scrolled lies over it.
    table.click(position={"x": 16, "y": 35 * place + 17}, force=True)
    expect(live(page)).to_contain_text(trained)
    expect(page).to_have_url(re.compile(f"run={trained}"))
