import pytest

from digitlib.reading.selection import COMPARED_KINDS, KINDS, ORDERS, Selection
from digitlib.ui.address import PAGE_SIZES, View, format_view, parse_view

USUAL = View()


@pytest.mark.parametrize("kind", KINDS + COMPARED_KINDS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_view_comes_back_from_its_address(kind, order):
    view = View(Selection(kind, 0, None, order), 3, PAGE_SIZES[-1], True, "947")
    assert parse_view(format_view(view)) == view


def test_a_cell_in_an_address_has_something_of_its_kind():
    assert parse_view({"truth": "4", "read": "4"}).selection == Selection("all", 4, 4)
    assert parse_view({"truth": "4", "read": "9"}).selection == Selection("misread", 4, 9)


def test_the_usual_is_left_out():
    assert format_view(USUAL) == {}
    assert parse_view({}) == USUAL
    assert format_view(View(Selection("unsure", order="unsure"))) == {"kind": "unsure"}


def test_a_zero_is_a_digit():
    assert format_view(View(Selection(truth=0))) == {"truth": "0"}
    assert parse_view({"read": "0"}).selection.answer == 0


@pytest.mark.parametrize(
    "nonsense",
    ["", "x", "-1", "10", "4.0", "٤", "9" * 30, "\x00", "None", "surest'--"],
)
def test_nonsense_is_left_at_the_usual(nonsense):
    names = ("kind", "truth", "read", "sort", "page", "show", "values")
    view = parse_view(dict.fromkeys(names, nonsense))
    assert view == View(page=10 if nonsense == "10" else 1)


def test_one_word_of_nonsense_spoils_no_other():
    view = parse_view({"truth": "4", "read": "nine", "page": "2", "show": "25"})
    assert view == View(Selection(truth=4), page=2)
