import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from digitlib.reading.evaluation import measure
from digitlib.reading.selection import (
    COMPARED_KINDS,
    KINDS,
    ORDERS,
    UNSURE,
    Selection,
    add_second_model,
    count_kinds,
    find_usual_order,
    select_digits,
    tabulate_cells,
)


def make_table(seed: int, count: int = 3_000) -> pd.DataFrame:
    """Return the answers of a model that is right seven times in ten, at every sureness."""
    random = np.random.default_rng(seed)
    labels = np.random.default_rng(1).integers(0, 10, count).astype(np.uint8)
    logits = random.normal(size=(count, 10))
    logits[np.arange(count), labels] += 2.5
    probabilities = np.exp(2 * logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return measure(probabilities.astype(np.float32), labels).table


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    table = add_second_model(make_table(2), make_table(3))
    return table.assign(disagreement=np.random.default_rng(4).random(len(table)))


QUERIES = {
    "misread": "answer != truth",
    "unsure": f"answer == truth and confidence < {UNSURE}",
    "all": "index >= 0",
    "fixed": "answer != truth and other == truth",
    "broke": "answer == truth and other != truth",
    "both": "answer != truth and other != truth",
}
SORTS = {
    "surest": ("confidence", False),
    "unsure": ("confidence", True),
    "loss": ("loss", False),
    "close": ("margin", True),
    "disagreement": ("disagreement", False),
    "place": ("index", True),
}


@pytest.mark.parametrize("kind", KINDS + COMPARED_KINDS)
def test_a_kind_is_what_pandas_finds(table, kind):
    expected = table.query(QUERIES[kind]).sort_values("confidence", ascending=False, kind="stable")
    assert len(expected) > 20
    places = select_digits(table, Selection(kind))
    np.testing.assert_array_equal(table["index"].to_numpy()[places], expected["index"])
    assert count_kinds(table)[kind] == len(expected)


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_that_of_pandas(table, order):
    column, ascending = SORTS[order]
    places = select_digits(table, Selection("all", order=order))
    expected = table.sort_values(column, ascending=ascending, kind="stable")["index"]
    np.testing.assert_array_equal(places, expected)


def test_every_order_is_tried():
    assert SORTS.keys() == ORDERS.keys()


@pytest.mark.parametrize("kind", KINDS + COMPARED_KINDS)
@pytest.mark.parametrize(("truth", "answer"), [(4, 9), (4, None), (None, 9)])
def test_a_filter_leaves_what_pandas_leaves(table, kind, truth, answer):
    read = "other" if kind == "broke" else "answer"
    query = QUERIES[kind]
    query += f" and truth == {truth}" if truth is not None else ""
    query += f" and {read} == {answer}" if answer is not None else ""
    places = select_digits(table, Selection(kind, truth, answer, "place"))
    np.testing.assert_array_equal(places, table.query(query)["index"])


@pytest.mark.parametrize("kind", KINDS + COMPARED_KINDS)
def test_a_cell_has_something_of_the_kind_it_is_shown_with(table, kind):
    selection = Selection().with_kind(kind)
    right, wrong = selection.click(4, 4), selection.click(4, 9)
    assert right.order == ("unsure" if kind == "unsure" else "surest")
    assert wrong.order == "surest"
    places = select_digits(table, right)
    assert (table.iloc[places][["truth", "answer"]] == 4).all(axis=None)
    assert len(places) > 0
    assert Selection(kind, 4).fit_kind() == Selection(kind, 4)


def test_one_model_has_no_kinds_of_two():
    assert tuple(count_kinds(make_table(2))) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_the_cells_of_one_model_are_its_confusion_matrix(table, kind):
    np.testing.assert_array_equal(
        tabulate_cells(table, kind), confusion_matrix(table["truth"], table["answer"])
    )


@pytest.mark.parametrize(("kind", "read"), [("fixed", "answer"), ("broke", "other")])
def test_the_cells_of_two_models_hold_that_kind_alone(table, kind, read):
    rows = table.query(QUERIES[kind])
    cells = tabulate_cells(table, kind)
    np.testing.assert_array_equal(
        cells, confusion_matrix(rows["truth"], rows[read], labels=range(10))
    )
    assert cells.trace() == 0


@pytest.mark.parametrize("kind", KINDS + COMPARED_KINDS)
def test_a_cell_that_is_not_empty_leads_to_as_many_digits(table, kind):
    cells = tabulate_cells(table, kind)
    for truth, answer in np.argwhere(cells):
        clicked = Selection(kind).click(truth, answer)
        found = len(select_digits(table, clicked))
        if kind == "unsure" and truth == answer:
            assert 0 < found < cells[truth, answer]
        else:
            assert found == cells[truth, answer]


def test_a_second_click_lets_go():
    selection = Selection("all", order="loss")
    once = selection.click(4, 9)
    assert once.cell == (4, 9)
    assert once.click(4, 9) == selection
    assert once.click(9, 4).cell == (9, 4)


@pytest.mark.parametrize(
    ("kind", "cell", "expected"),
    [
        ("unsure", (4, 9), "misread"),
        ("unsure", (4, 4), "unsure"),
        ("misread", (4, 4), "all"),
        ("fixed", (4, 4), "all"),
        ("both", (4, 9), "both"),
        ("all", (4, 4), "all"),
    ],
)
def test_a_click_leaves_a_kind_that_has_nothing_there(kind, cell, expected):
    assert Selection(kind).click(*cell).kind == expected


@pytest.mark.parametrize(
    ("cell", "kind", "kept"),
    [
        ((3, 3), "misread", None),
        ((3, 3), "unsure", (3, 3)),
        ((3, 3), "all", (3, 3)),
        ((3, 3), "broke", None),
        ((4, 9), "unsure", None),
        ((4, 9), "fixed", (4, 9)),
    ],
)
def test_who_chooses_a_kind_gets_it_without_a_cell_that_has_none(cell, kind, kept):
    chosen = Selection("all", *cell).choose_kind(kind)
    assert (chosen.kind, chosen.cell) == (kind, kept)


def test_half_a_cell_is_none():
    assert Selection(truth=0).cell is None
    assert Selection(answer=0).cell is None
    assert Selection(truth=0, answer=0).cell == (0, 0)


def test_a_kind_brings_its_order_unless_another_was_chosen():
    assert Selection().with_kind("unsure") == Selection("unsure", order="unsure")
    assert Selection("unsure", order="unsure").with_kind("all").order == "surest"
    assert Selection(order="loss").with_kind("unsure").order == "loss"
    assert find_usual_order("fixed") == "surest"


def test_without_a_second_model_its_kinds_are_mistakes():
    assert Selection("broke", 4).without_second_model() == Selection("misread", 4)
    assert Selection("all").without_second_model() == Selection("all")


def test_choosing_does_not_change_the_table(table):
    before = table.copy()
    select_digits(table, Selection("all", 4, 9, "loss"))
    pd.testing.assert_frame_equal(table, before)


def test_a_selection_has_a_name_for_files():
    assert Selection().name == "misread"
    assert Selection("all", truth=7).name == "all-7"
    assert Selection("misread", truth=4, answer=9).name == "misread-4-as-9"
    assert Selection("unsure", answer=0).name == "unsure-as-0"
