"""Charts: a frame goes in, an Altair chart comes out."""

import itertools
import math
from collections.abc import Iterable

import altair as alt
import numpy as np
import pandas as pd

from digitlib.runs.history import History
from digitlib.ui.style import Palette

MAX_POINTS = 300
CELLS = "cells"  # the name of the dataset that collect_cells makes
CLICKED = "clicked"  # the name of the selection of a click on one of them
MATRIX_HEIGHT = 392
STRONG = 0.72  # a shade on which black is not to be read
LINES = "lines"  # the name of the dataset that collect_lines makes
HEIGHT = 316
PADDING = {"top": 36, "left": 46, "right": 108, "bottom": 62}
ANSWERS_PADDING = {"top": 32, "left": 46, "right": 40, "bottom": PADDING["bottom"]}

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


def confusion_chart(palette: Palette) -> alt.LayerChart:
    """Draw a confusion matrix whose cells can be clicked; what it draws is the dataset ``CELLS``.

    The diagonal is muted so that the mistakes show. A click puts the cell's ``id`` into the
    selection ``CLICKED``; what is marked as chosen is told by the data alone.

    Args:
        palette: of the theme.
    """
    axis = {"labelAngle": 0, "ticks": False, "domain": False, "labelPadding": 6}
    axis |= {"labelFlush": False}  # or Streamlit's theme moves the first and last away from theirs
    base = alt.Chart(alt.NamedData(CELLS)).encode(
        alt.X("answer:O").title("Read as").axis(orient="top", **axis),
        alt.Y("truth:O").title("Truth").axis(**axis),
        tooltip=[
            alt.Tooltip("truth:O", title="Truth"),
            alt.Tooltip("answer:O", title="Read as"),
            alt.Tooltip("count:Q", title="Digits", format=","),
            alt.Tooltip("share:Q", title="Of all that are this digit", format=".2%"),
        ],
    )
    shade = alt.Color("shade:Q").scale(domain=(0, 1), range=[palette.wrong + "00", palette.wrong])
    # A double click selects, as one click does: its second click is none, and Vega, which takes it
    # for empty ground if nothing else is said, lets go of nothing.
    click = alt.selection_point(
        CLICKED, fields=["id"], toggle=False, on="view:click[event.detail < 2]", clear=False
    )
    # No gaps: what is pressed with a thumb is always some cell.
    squares = (
        base.mark_rect(cornerRadius=3, stroke=palette.quiet, strokeOpacity=0.18, cursor="pointer")
        .encode(
            color=alt.condition(
                alt.datum.right, alt.value(palette.quiet + "26"), shade.legend(None)
            )
        )
        .add_params(click)
    )
    chosen = base.transform_filter(alt.datum.chosen).mark_rect(
        cornerRadius=3, fill=None, stroke=palette.text, strokeWidth=3
    )
    counts = base.transform_filter(alt.datum.count > 0).encode(text="label:N")
    text = {"fontSize": 12, "cursor": "pointer"}
    plain = counts.transform_filter(~alt.datum.strong).mark_text(color=palette.text, **text)
    strong = counts.transform_filter(alt.datum.strong).mark_text(color="white", **text)
    chart = alt.layer(squares, plain, strong, chosen).properties(height=MATRIX_HEIGHT)
    return chart.configure_view(strokeWidth=0)


def collect_cells(
    counts: np.ndarray,
    totals: np.ndarray,
    shares: bool,
    chosen: tuple[int | None, int | None] = (None, None),
    clicks: int = 0,
) -> pd.DataFrame:
    """Return what ``confusion_chart`` draws, a row per cell.

    Args:
        counts: int (10, 10); row is the truth, column the answer.
        totals: int (10,), how many digits there are of each, which shares are of.
        shares: whether cells are labelled with shares rather than counts.
        chosen: truth and answer to mark; with one alone its whole row or column is marked.
        clicks: how many there have been. It is part of the ids, so that every click changes what
            is selected, whatever was chosen elsewhere meanwhile.
    """
    truth, answer = (indices.ravel() for indices in np.indices(counts.shape))
    right, count = truth == answer, counts.ravel()
    share = count / np.maximum(totals, 1)[truth]
    measured = np.where(right, 0, share if shares else count)
    shade = np.sqrt(measured / max(measured.max(), 1e-9))
    labels = [_format_cell(part) for part in share] if shares else [f"{part:,}" for part in count]
    is_chosen = np.full(len(truth), chosen != (None, None))
    for place, wanted in zip((truth, answer), chosen, strict=True):
        if wanted is not None:
            is_chosen &= place == wanted
    return pd.DataFrame({
        "id": [f"{row}-{column}-{clicks}" for row, column in zip(truth, answer, strict=True)],
        "truth": truth,
        "answer": answer,
        "count": count,
        "share": share,
        "label": labels,
        "right": right,
        "shade": shade,
        "strong": shade > STRONG,
        "chosen": is_chosen,
    })  # fmt: skip


def _format_cell(share: float) -> str:
    """Return a share in percent in no more than four characters, never rounded up to all."""
    percent = 100 * share
    if percent < 0.1:
        return "<0.1" if percent else "0"
    return f"{percent:.1f}" if percent < 99.95 else f"{math.floor(10 * percent) / 10:.4g}"


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


def answers_chart(palette: Palette) -> alt.LayerChart:
    """Draw how sure a network was of an answer, and of the truth, after each epoch.

    What it draws is the dataset ``LINES``, as ``collect_answers`` makes it.

    Args:
        palette: of the theme.
    """
    x = alt.X("epoch:Q").title("Epoch").scale(nice=False, padding=12)
    y = alt.Y("probability:Q").title("Probability").scale(domain=(0, 1), nice=False)
    title = {"titleAnchor": "start", "titleAngle": 0, "titleAlign": "left", "titleX": 0}
    colour = alt.Color("kind:N").scale(
        domain=["truth", "answer"], range=[palette.right, palette.training]
    )
    base = alt.Chart(alt.NamedData(LINES)).encode(
        # Of a narrow chart Vega would write an epoch 0 beside the first.
        x=x.axis(
            format="d",
            tickMinStep=1,
            ticks=False,
            grid=False,
            labelExpr="datum.value ? datum.label : ''",
        ),
        y=y.axis(titleY=-14, labelFlush=False, **title, **_ticks([0, 0.5, 1], ".0%")),
        color=colour.legend(None),
        tooltip=[
            alt.Tooltip("line:N", title="Line"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("probability:Q", title="Probability", format=".1%"),
        ],
    )
    label = {"align": "left", "dx": 8, "fontSize": 12, "fontWeight": "bold"}
    return (
        alt.layer(
            base.mark_line(strokeWidth=2.5, point={"size": 36}),
            base.transform_filter(alt.datum.label != "")
            .mark_text(**label)
            .encode(y="label_at:Q", text="label:N"),
        )
        # By hand, as the learning curves: Vega makes room for the labels twice.
        .properties(
            height=236,
            padding=ANSWERS_PADDING,
            autosize={"type": "none", "contains": "padding"},
        )
        .configure_view(strokeWidth=0)
    )


def collect_answers(
    epochs: list[int], history: np.ndarray, truth: int, answer: int
) -> pd.DataFrame:
    """Return what ``answers_chart`` draws, a row per point.

    At the end of a line stands its digit, with a check mark if that is the truth: there is no room
    for words on a phone.

    Args:
        epochs: counted from 1.
        history: float32 (epochs, 10), what was answered then.
        truth: what the digit is.
        answer: what it was read as in the end; one line is left if that is the truth.
    """
    kinds = {"truth": truth, "answer": answer} if truth != answer else {"truth": truth}
    frames = [
        pd.DataFrame({
            "kind": kind,
            "line": f"{digit}, the {kind}",
            "epoch": epochs,
            "probability": history[:, digit],
        }).dropna()
        for kind, digit in kinds.items()
    ]  # fmt: skip
    rows = pd.concat(frames, ignore_index=True)
    rows["label"], rows["label_at"] = "", np.nan
    last = rows.groupby("kind", sort=False).tail(1).sort_values("probability")
    gap, at = 0.11, -1.0
    heights = []
    for value in last["probability"]:
        at = max(value, at + gap)
        heights.append(at)
    over = max(0.0, heights[-1] - 1.0) if heights else 0.0
    rows.loc[last.index, "label"] = last["kind"].map(
        {kind: f"{digit} ✓" if kind == "truth" else str(digit) for kind, digit in kinds.items()}
    )
    rows.loc[last.index, "label_at"] = np.array(heights) - over
    return rows


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
