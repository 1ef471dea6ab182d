import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, strategies
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from digitlib.reading.statistics import (
    Accuracy,
    ErrorComparison,
    compare_errors,
    find_interval,
    find_p_value,
    format_chance,
)

LUCK = "by luck alone that would happen"
PERHAPS = "which may well be luck: by luck alone a difference this large would happen"
EQUAL = "dense and cnn are equally good: each is right on"
COUNTS = strategies.integers(1, 70_000)


@given(COUNTS, COUNTS)
def test_the_interval_is_wilsons(one, other):
    right, count = sorted((one, other))
    expected = proportion_confint(right, count, 0.05, "wilson")
    assert find_interval(right, count) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (9813, 10_000), (70_000, 70_000)])
def test_the_interval_is_wilsons_at_any_confidence(right, count, confidence):
    expected = stats.binomtest(right, count).proportion_ci(confidence, "wilson")
    assert find_interval(right, count, confidence) == pytest.approx(tuple(expected), abs=1e-12)


def test_the_interval_never_leaves_0_to_1():
    for count in range(1, 200):
        assert find_interval(0, count)[0] == 0
        assert find_interval(count, count)[1] == 1
        low, high = find_interval(count - 1, count)
        assert 0 <= low <= (count - 1) / count <= high < 1


def test_of_no_digit_nothing_is_known():
    assert find_interval(0, 0) == (0, 1)
    assert np.isnan(Accuracy(0, 0).share)


@pytest.mark.parametrize(("right", "count"), [(-1, 10), (11, 10), (1, 0)])
def test_more_digits_cannot_be_right_than_there_are(right, count):
    with pytest.raises(ValueError, match="cannot be right"):
        find_interval(right, count)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(ValueError, match="confidence"):
        find_interval(1, 2, confidence)


def test_an_accuracy_is_written_with_its_interval():
    assert str(Accuracy(9800, 10_000)) == "98.00% (97.71–98.26%)"
    assert str(Accuracy(100, 100)) == "100.00% (96.30–100.00%)"


@given(strategies.integers(0, 400), strategies.integers(0, 400))
def test_the_p_value_is_mcnemars(fixed, broke):
    expected = mcnemar([[9, broke], [fixed, 9]], exact=True).pvalue if fixed + broke else 1
    assert find_p_value(fixed, broke) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("fixed", "broke"),
    [(0, 0), (1, 0), (0, 1), (35_000, 35_000), (35_100, 34_900), (36_000, 34_000), (70_000, 0)],
)
def test_the_p_value_holds_for_70_000_digits(fixed, broke):
    expected = stats.binomtest(fixed, fixed + broke).pvalue if fixed + broke else 1
    assert find_p_value(fixed, broke) == pytest.approx(expected, rel=1e-7, abs=1e-300)


def test_models_are_compared_digit_by_digit():
    labels = np.array([1, 2, 3, 4, 5, 6])
    first = np.array([1, 2, 0, 0, 0, 0])
    second = np.array([1, 0, 3, 4, 5, 9])
    comparison = compare_errors(labels, first, second)
    counted = (comparison.count, comparison.fixed, comparison.broke, comparison.both_miss)
    assert counted == (6, 3, 1, 1)
    assert comparison.p_value == pytest.approx(0.625)  # 2 (1 + 4) / 16
    assert comparison.difference == 2


@given(strategies.integers(0, 2**32 - 1))
def test_the_comparison_counts_as_a_table_does(seed):
    labels, first, second = np.random.default_rng(seed).integers(0, 3, (3, 50))
    comparison = compare_errors(labels, first, second)
    table = stats.contingency.crosstab(
        first == labels, second == labels, levels=([True, False], [True, False])
    ).count
    assert [[50 - comparison.fixed - comparison.broke - comparison.both_miss, comparison.broke],
            [comparison.fixed, comparison.both_miss]] == table.tolist()  # fmt: skip
    expected = mcnemar(table, exact=True).pvalue if table[0, 1] + table[1, 0] else 1
    assert comparison.p_value == pytest.approx(expected, rel=1e-9)


def test_only_the_same_digits_are_compared():
    with pytest.raises(ValueError, match="different digits"):
        compare_errors(np.zeros(3), np.zeros(3), np.zeros(4))


def compare(fixed: int, broke: int, both_miss: int = 7, count: int = 10_000) -> ErrorComparison:
    return ErrorComparison(count, fixed, broke, both_miss, find_p_value(fixed, broke))


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (compare(30, 9), f"cnn is better by 21 digits; {LUCK} 1 time in 940."),
        (compare(9, 30), f"dense is better by 21 digits; {LUCK} 1 time in 940."),
        (compare(1000, 9), f"cnn is better by 991 digits; {LUCK} less than 1 time in 1,000,000."),
        (
            compare(70_000, 0, 0, 70_000),
            f"cnn is better by 70,000 digits; {LUCK} less than 1 time in 1,000,000.",
        ),
        (compare(10, 6), f"cnn is better by 4 digits, {PERHAPS} 5 times in 10."),
        (compare(0, 5), f"dense is better by 5 digits, {PERHAPS} 1 time in 16."),
        (compare(1, 0), f"cnn is better by 1 digit, {PERHAPS} every time."),
        (compare(12, 12), f"{EQUAL} 12 digits that the other misreads."),
        (compare(1, 1), f"{EQUAL} 1 digit that the other misreads."),
        (compare(0, 0), "dense and cnn misread the same digits."),
        (compare(0, 0, 0), "dense and cnn read every digit right."),
        (compare(0, 0, 0, 0), "There is no digit to compare them by."),
    ],
)
def test_the_comparison_is_a_sentence(comparison, sentence):
    assert comparison.describe("dense", "cnn") == sentence


def test_models_without_a_name_are_a_and_b():
    assert compare(30, 9).describe().startswith("B is better by 21 digits")


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (0, "less than 1 time in 1,000,000"),
        (9.9e-7, "less than 1 time in 1,000,000"),
        (1e-6, "1 time in 1,000,000"),
        (1 / 437, "1 time in 440"),
        (1 / 400, "1 time in 400"),
        (0.0995, "1 time in 10"),
        (0.1, "1 time in 10"),
        (0.4, "4 times in 10"),
        (0.94, "9 times in 10"),
        (0.96, "nearly every time"),
        (1, "every time"),
    ],
)
def test_chances_are_counted(p_value, words):
    assert format_chance(p_value) == words


def test_it_needs_no_large_library():
    code = (
        "import sys, digitlib.reading.statistics; "
        "print({'scipy', 'statsmodels', 'sklearn', 'pandas'} & set(sys.modules))"
    )
    found = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert found.strip() == "set()"
