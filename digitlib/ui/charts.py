"""Charts: a frame goes in, an Altair chart comes out."""

import itertools
from collections.abc import Iterable

import altair as alt
import numpy as np
import pandas as pd

from digitlib.runs.history import History
from digitlib.ui.style import Palette

MAX_POINTS = 300
LINES = "lines"  # the name of the dataset that collect_lines makes
HEIGHT = 316
PADDING = {"top": 36, "left": 46, "right": 108, "bottom": 62}

# measure -> axis title, domain, scale and ticks. The axes stay as they are from the first batch to
# the last: what moves is the curve. Roots spread out the small losses, where most is decided.
AXES = {
    "loss": (
        "Loss",
        (0.0, 2.5),
        {"type": "sqrt"},
        ([0, 0.1, 0.25, 0.5, 1, 2], "~g"),
    ),
    "accuracy": (
        "Accuracy (the axis starts at 70%)",
        (0.7, 1.0),
        {},
        ([0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0], ".0%"),
    ),
}


def learning_chart(
    measure: str, end: float, joints: tuple[float, ...], palette: Palette
) -> alt.LayerChart:
    """Draw how a measure goes while a network learns; what it draws is the dataset ``LINES``.

    A thin line for the batches, thick ones for the epochs, each with its name and value at its end.
    The chart is made once and the data sent again and again, for it is the chart that takes time.

    Args:
        measure: ``"loss"`` or ``"accuracy"``.
        end: how many epochs the axis reaches.
        joints: where one run went on from another, in epochs.
        palette: of the theme.
    """
    title, domain, scale, ticks = AXES[measure]
    step = max(1, round(end / 10))
    x = alt.X("epoch:Q").title("Epoch").scale(domain=(0, end), nice=False)
    x = x.axis(**_ticks(range(0, int(end) + 1, step), "d"), grid=False)
    y = alt.Y("value:Q").title(title).scale(domain=domain, clamp=True, nice=False, **scale)
    y = y.axis(
        titleAnchor="start", titleAngle=0, titleAlign="left", titleY=-14, titleX=0, **_ticks(*ticks)
    )
    names = ["batches", "training", "validation"]
    colours = [palette.training, palette.training, palette.validation]
    colour = alt.Color("line:N").scale(domain=names, range=colours).legend(None)
    base = alt.Chart(alt.NamedData(LINES)).encode(x=x, color=colour)
    tooltip = [
        alt.Tooltip("line:N", title="Line"),
        alt.Tooltip("epoch:Q", title="Epoch", format=".2f"),
        alt.Tooltip("value:Q", title=measure.capitalize(), format=".4f"),
    ]
    thin = base.transform_filter(alt.datum.line == "batches")
    thick = base.transform_filter(alt.datum.line != "batches")
    label = {"align": "left", "dx": 7, "fontSize": 12, "fontWeight": "bold"}
    gone_on = alt.Chart(alt.sequence(len(joints)))
    gone_on = gone_on.transform_calculate(epoch=f"{list(joints)}[datum.data]")
    return (
        alt.layer(
            gone_on.mark_rule(strokeDash=[4, 4], color=palette.quiet).encode(x=x),
            thin.mark_line(strokeWidth=1.2, opacity=0.5).encode(y=y),
            thick.mark_line(strokeWidth=2.5, point={"size": 36}).encode(y=y, tooltip=tooltip),
            base.transform_filter(alt.datum.label != "")
            .mark_text(**label)
            .encode(y=alt.Y("label_at:Q").scale(domain=domain, clamp=True), text="label:N"),
        )
        # Laid out by hand, with room for the labels at the right: Vega does it once, while the
        # chart is empty, and again in another way when it is full.
        .properties(
            height=HEIGHT,
            padding=PADDING,
            autosize={"type": "none", "contains": "padding"},
        )
        .configure_view(strokeWidth=0)
    )


def confusion_chart(confusion: np.ndarray, palette: Palette) -> alt.LayerChart:
    """Draw a confusion matrix, the diagonal muted so that the mistakes show.

    Args:
        confusion: int (10, 10); row is the truth, column the answer.
        palette: of the theme.
    """
    truth, answer = np.indices(confusion.shape)
    cells = pd.DataFrame({
        "truth": truth.ravel(),
        "answer": answer.ravel(),
        "count": confusion.ravel(),
        "wrong": np.where(truth == answer, 0, confusion).ravel(),
    })  # fmt: skip
    cells["right"] = cells["truth"] == cells["answer"]
    most = max(1, int(cells["wrong"].max()))
    cells["strong"] = cells["wrong"] > 0.55 * most
    axis = {"labelAngle": 0, "ticks": False, "domain": False, "labelPadding": 6}
    base = alt.Chart(cells).encode(
        alt.X("answer:O").title("Read as").axis(orient="top", **axis),
        alt.Y("truth:O").title("Truth").axis(**axis),
        tooltip=[
            alt.Tooltip("truth:O", title="Truth"),
            alt.Tooltip("answer:O", title="Read as"),
            alt.Tooltip("count:Q", title="Digits", format=","),
        ],
    )
    squares = base.mark_rect(cornerRadius=3, stroke=palette.quiet, strokeOpacity=0.18).encode(
        color=alt.condition(
            alt.datum.right,
            alt.value(palette.quiet + "26"),
            alt.Color("wrong:Q")
            .scale(domain=(0, most), range=[palette.wrong + "00", palette.wrong], type="sqrt")
            .legend(None),
        )
    )
    counts = base.transform_filter(alt.datum.count > 0).encode(text=alt.Text("count:Q", format=","))
    plain = counts.transform_filter(~alt.datum.strong).mark_text(fontSize=12, color=palette.text)
    strong = counts.transform_filter(alt.datum.strong).mark_text(fontSize=12, color="white")
    return alt.layer(squares, plain, strong).properties(height=400).configure_view(strokeWidth=0)


def collect_lines(history: History, measure: str) -> pd.DataFrame:
    """Return what ``learning_chart`` draws, a row per point.

    The columns are ``line``, ``epoch``, ``value``, ``label`` and ``label_at``. The last point of a
    line carries its label, at a height where labels do not meet.
    """
    thinned, epochs = _thin(history.batches), history.epochs
    epochs = epochs.iloc[:: len(epochs) // MAX_POINTS + 1]
    lines = {
        "batches": (thinned["at"], thinned[measure]),
        "training": (epochs["at"], epochs[measure]),
        "validation": (epochs["at"], epochs[f"validation_{measure}"]),
    }
    counts = [len(at) for at, _ in lines.values()]
    ends = dict(zip(lines, np.cumsum(counts) - 1, strict=True))
    labels, label_at = np.full(sum(counts), "", dtype=object), np.full(sum(counts), np.nan)
    labelled = [name for name in ("training", "validation") if len(epochs)] or ["batches"]
    labelled = [name for name in labelled if len(lines[name][0])]
    heights = _spread([float(lines[name][1].iloc[-1]) for name in labelled], measure)
    for name, height in zip(labelled, heights, strict=True):
        value = float(lines[name][1].iloc[-1])
        shown = f"{value:.1%}" if measure == "accuracy" else f"{value:.3f}"
        labels[ends[name]] = f"{'training' if name == 'batches' else name} {shown}"
        label_at[ends[name]] = height
    return pd.DataFrame({
        "line": np.repeat(np.array(list(lines), dtype=object), counts),
        "epoch": np.concatenate([at.to_numpy(float) for at, _ in lines.values()]),
        "value": np.concatenate([values.to_numpy(float) for _, values in lines.values()]),
        "label": labels,
        "label_at": label_at,
    })  # fmt: skip


def _ticks(values: Iterable[float], number_format: str) -> dict:
    values = list(values)
    # Without the count Vega leaves out every other value where it holds them to be too many.
    return {"values": values, "tickCount": len(values), "format": number_format}


def _thin(batches: pd.DataFrame) -> pd.DataFrame:
    """Return at most ``MAX_POINTS`` rows: means of neighbours, the last row's place kept."""
    if len(batches) <= MAX_POINTS:
        return batches
    starts = np.arange(MAX_POINTS) * len(batches) // MAX_POINTS
    counts = np.diff(starts, append=len(batches))
    columns = {
        name: np.add.reduceat(batches[name].to_numpy(), starts) / counts
        for name in ("loss", "accuracy")
    }
    return pd.DataFrame(columns | {"at": batches["at"].to_numpy()[starts + counts - 1]})


def _spread(values: list[float], measure: str) -> list[float]:
    """Return heights for labels at these values, no two closer than a line of text."""
    _, (low, high), scale, _ = AXES[measure]
    power = 0.5 if scale else 1.0
    gap = 16 / (HEIGHT - PADDING["top"] - PADDING["bottom"])
    heights = ((np.clip(values, low, high) - low) / (high - low)) ** power
    order = np.argsort(heights, kind="stable")
    for below, above in itertools.pairwise(order):
        heights[above] = max(heights[above], heights[below] + gap)
    heights -= max(0.0, heights.max(initial=0.0) - 1.0)
    return list(low + (high - low) * np.clip(heights, 0, None) ** (1 / power))
