"""A reliability diagram, as SVG: how often answers are right, over how sure they are."""

import pandas as pd

WIDTH, HEIGHT = 388, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 368, 12, 256
TICKS = (0, 0.25, 0.5, 0.75, 1)


def draw_reliability(calibration: pd.DataFrame) -> str:
    """Return the diagram; its colours are those of the page around it.

    A dot for each bin, at its mean confidence and its accuracy, with the 95% interval as a bar. On
    the broken line an answer is right as often as it is sure.

    Args:
        calibration: as ``measure_calibration`` has it.
    """
    parts = [
        f'<svg class="diagram" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Reliability diagram; its numbers are in the table below">'
    ]
    for tick in TICKS:
        x, y = _x(tick), _y(tick)
        parts += [
            f'<path class="grid" d="M{LEFT} {y}H{RIGHT}M{x} {TOP}V{BOTTOM}"/>',
            f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{tick:.0%}</text>',
            f'<text x="{x}" y="{BOTTOM + 17}" text-anchor="middle">{tick:.0%}</text>',
        ]
    parts += [
        f'<path class="ideal" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>',
        f'<text x="{(LEFT + RIGHT) / 2:g}" y="{HEIGHT - 8}" text-anchor="middle">'
        "How sure the answers are</text>",
        f'<text transform="translate(11 {(TOP + BOTTOM) / 2:g}) rotate(-90)" text-anchor="middle">'
        "How many are right</text>",
    ]
    for row in calibration.itertuples():
        x = _x(row.confidence)
        words = (
            f"{row.count:,} answers, {row.confidence:.1%} sure on average: {row.accuracy:.1%} right"
        )
        parts += [
            f"<g><title>{words}</title>",
            f'<path class="interval" d="M{x} {_y(row.accuracy_low)}V{_y(row.accuracy_high)}"/>',
            f'<circle cx="{x}" cy="{_y(row.accuracy)}" r="4"/></g>',
        ]
    return "".join([*parts, "</svg>"])


def _x(share: float) -> float:
    return round(LEFT + share * (RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(BOTTOM - share * (BOTTOM - TOP), 1)
