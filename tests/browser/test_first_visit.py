import json
import re

from playwright.sync_api import expect

from tests.browser.conftest import serve, settle
from tests.browser.trainer import live


def test_the_first_visitor_may_come_by_a_link_to_any_page(open_page, tmp_path):
    with serve(tmp_path) as fresh:
        page = open_page(f"{fresh.url}/train")
        expect(page.get_by_role("heading", level=1)).to_have_text("Train a network")
        for name, path in {"Draw": "/", "Train": "/train", "Mistakes": "/mistakes"}.items():
            link = page.get_by_test_id("stTopNavLink").filter(has_text=re.compile(f"{name}$"))
            expect(link).to_have_count(1)
            assert link.evaluate("link => new URL(link.href).pathname") == path
        expect(page).to_have_title("Digit Lab")
        page.close()  # before the server ends, which a page complains of


def test_impatient_clicks_while_the_engine_starts_make_one_run(open_page, tmp_path):
    with serve(tmp_path) as fresh:
        page = open_page(f"{fresh.url}/train")
        page.get_by_role("slider", name="Training digits").press("Home")  # and at once:
        button = page.get_by_role("button", name="Start training")
        for _ in range(4):
            button.click()
            page.wait_for_timeout(150)
        expect(live(page)).to_be_visible()
        settle(page)
        [config] = fresh.runs.glob("*/config.json")
        assert json.loads(config.read_text())["training_digits"] == 1_000
        page.close()
