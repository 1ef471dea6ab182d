import re
import zipfile

from playwright.sync_api import expect

from digitlib.reading.recogniser import Recogniser
from tests.browser.conftest import PHONE, serve, wait_until
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


def test_a_stopped_training_is_continued_on_one_chart(open_page):
    page = open_page("train")
    stopped = start(page, epochs=30, digits=55_000)
    expect(live(page)).to_contain_text(re.compile("epoch [2-9]"), timeout=TRAINING)
    live(page).get_by_role("button", name="Stop").click()
    expect(live(page)).to_contain_text("was stopped after", timeout=TRAINING)
    learnt = count_points(page)

    live(page).get_by_role("button", name="Continue").click()
    slider = page.get_by_role("slider", name="Further epochs")
    slider.press("Home")
    page.get_by_role("button", name="Continue training").click()

    wait_until(lambda: stopped not in page.url, page)
    expect(live(page)).to_contain_text(page.url.partition("run=")[2])
    expect(live(page)).to_contain_text(RESULT, timeout=TRAINING)
    assert count_points(page) > learnt
    # Where one run went on from the other, a dashed line stands on either chart.
    expect(live(page).locator("svg.marks [stroke-dasharray='4,4']")).to_have_count(2)


def test_the_panel_turns_right_and_goes_back_in_time(open_page, trained):
    page = open_page(f"train?run={trained}")
    right = page.locator(".panel-digit.right")
    expect(page.locator(".panel-digit")).to_have_count(24)
    expect(page.locator(".filters img").first).to_be_visible()
    at_the_end = right.count()
    assert at_the_end > 12  # chance gives 2

    page.get_by_role("slider", name="Back through time").press("Home")

    expect(page.locator(".st-key-panel")).to_contain_text("right after epoch 0")
    assert right.count() < at_the_end / 2
    page.get_by_role("slider", name="Back through time").press("End")
    expect(right).to_have_count(at_the_end)


def test_a_training_outlives_its_server_and_is_shown_by_the_next(open_page, tmp_path):
    with serve(tmp_path) as server:
        page = open_page(f"{server.url}/train")
        run = start(page, epochs=30, digits=55_000)
        expect(live(page)).to_contain_text(f"{run} · epoch", timeout=TRAINING)
        page.close()
        server.process.kill()
        server.process.wait()

        with serve(tmp_path) as after:
            page = open_page(f"{after.url}/train")  # without the run's address
            expect(live(page)).to_contain_text(f"{run} · epoch")
            before = count_points(page)
            wait_until(lambda: count_points(page) > before, page)
            page.close()


def test_both_files_of_a_finished_run_can_be_had(open_page, trained, tmp_path):
    page = open_page(f"train?run={trained}")
    files = {}
    for suffix in (".keras", ".tflite"):
        with page.expect_download() as download:
            live(page).get_by_role("button", name=suffix, exact=True).click()
        assert download.value.suggested_filename == trained + suffix
        files[suffix] = tmp_path / f"model{suffix}"
        download.value.save_as(files[suffix])
    assert "model.weights.h5" in zipfile.ZipFile(files[".keras"]).namelist()
    assert Recogniser(files[".tflite"])


def test_a_finished_run_leads_to_its_mistakes_and_draws(open_page, trained):
    page = open_page(f"train?run={trained}")
    accuracy = RESULT.search(live(page).inner_text())[1]
    live(page).get_by_role("link", name="Look at its mistakes").click()
    expect(page.locator(".headline").first).to_contain_text(f"{accuracy}%")
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
    row = page.locator(".st-key-runs [role=row]").filter(has_text=trained)  # for screen readers
    row.wait_for(state="attached")
    place = int(row.get_attribute("aria-rowindex")) - 1  # the head is row 1
    # By force, because what can be scrolled lies over it.
    table.click(position={"x": 16, "y": 35 * place + 17}, force=True)
    expect(live(page)).to_contain_text(trained)
    expect(page).to_have_url(re.compile(f"run={trained}"))
