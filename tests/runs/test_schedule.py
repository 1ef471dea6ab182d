import numpy as np
import pytest

from digitlib.runs.schedule import SCHEDULES

SHARES = np.linspace(0, 1, 201)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_largest_rate_is_the_one_that_was_set(name):
    rates = [SCHEDULES[name](share) for share in SHARES]

    assert max(rates) == pytest.approx(1)
    assert min(rates) > 0


def test_a_constant_rate_stays():
    assert {SCHEDULES["constant"](share) for share in SHARES} == {1}


def test_steps_fall_twice_to_a_tenth():
    rates = [SCHEDULES["steps"](share) for share in (0, 0.49, 0.51, 0.74, 0.76, 1)]

    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_a_cosine_is_half_way_down_in_the_middle():
    rates = [SCHEDULES["cosine"](share) for share in (0, 0.5, 1)]

    assert rates == pytest.approx([1, 0.5, 0], abs=0.002)


def test_one_cycle_rises_for_a_quarter_and_then_falls():
    rates = np.array([SCHEDULES["one-cycle"](share) for share in SHARES])

    assert rates[0] == pytest.approx(1 / 25)
    assert SHARES[rates.argmax()] == pytest.approx(0.25)
    assert (np.diff(rates[:51]) > 0).all()
    assert (np.diff(rates[51:]) < 0).all()
    assert rates[-1] < 0.002
