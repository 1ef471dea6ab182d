"""Model cards: what a model is, how it was made, how well it reads and where it fails.

After Mitchell et al., *Model Cards for Model Reporting* (2019).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from digitlib.data import TEST_DIGITS, load_mnist
from digitlib.reading.evaluation import Evaluation, find_corrected_accuracy, measure
from digitlib.reading.judgement import KEPT
from digitlib.reading.statistics import Accuracy
from digitlib.runs.catalogue import describe_networks
from digitlib.runs.command import format_command
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import Run

MOST_CONFUSIONS = 5
WEAK = 0.9  # a corruption under which less is read right is a known failure


def describe_model(run: Run) -> str:
    """Return the card of a run's model, as Markdown, written from what its folder holds.

    Raises:
        DigitLabError: the answers for the test digits are missing or damaged.
    """
    test, network = load_mnist("test"), describe_networks().get(run.config.network)
    evaluation = measure(run.read_test_probabilities(), test.labels)
    summary = network.summary if network else f"The mean of {', '.join(run.config.members)}."
    parts = [
        f"# {run.id}\n\n{summary}",
        "## How it was made\n\n" + _list(describe_making(run)),
        _describe_accuracy(evaluation),
        _describe_robustness(run.robustness),
        _describe_refusal(run.judgement, run.robustness),
        _describe_failures(evaluation, run),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def describe_making(run: Run) -> list[tuple[str, str]]:
    """Return how a run's model was made: what is told, and in words, code between backticks.

    What is known only at the end of a run is left out before, and so is what runs of old did not
    write down.
    """
    config, metrics = run.config, run.metrics
    network = describe_networks().get(config.network)
    command = format_command(config, network.defaults if network else config)
    rows = [("Command", f"`{command}`")]
    if not metrics:
        return rows
    rows += [("Parameters", f"{metrics['parameters']:,}")]
    if "model_bytes" in metrics:
        rows += [("Size", f"{metrics['model_bytes'] / 1e6:.2f} MB (`model.tflite`)")]
    if not config.members:
        minutes, seconds = divmod(round(metrics["training_seconds"]), 60)
        rows += [
            ("Learnt", _describe_lesson(config, metrics.get("epochs", config.epochs))),
            ("Seed", str(config.seed)),
            ("Time", f"{minutes} min {seconds} s"),
        ]
    if metrics.get("mixed_precision"):
        rows += [("Precision", "mixed: bfloat16 multiplied, float32 kept")]
    changed = [f"{key} {value:g}" for key, value in vars(config.augmentation).items() if value]
    if changed:
        rows += [("Augmentation", ", ".join(changed))]
    rows += [("Machine", metrics.get("machine", "not recorded"))]
    if {"tensorflow", "keras"} <= metrics.keys():
        rows += [("Made with", f"TensorFlow {metrics['tensorflow']}, Keras {metrics['keras']}")]
    return rows


def _describe_lesson(config: TrainingConfig, epochs: int) -> str:
    lesson = f"{epochs} epochs of {config.training_digits:,} digits"
    if config.written_digits:
        lesson += f" and {config.written_digits:,} that a simulated pen wrote"
    if config.drawn_digits:
        lesson += f" and {config.drawn_digits:,} times one of the class's drawings"
    if config.plain_epochs:
        lesson += f", the last {config.plain_epochs} nearly as they are"
    return lesson


def _describe_accuracy(evaluation: Evaluation) -> str:
    rows = [
        (
            "Accuracy",
            f"{evaluation.counted}, {len(evaluation.mistakes):,} of {evaluation.count:,} misread",
        ),
        (
            "By corrected labels",
            f"{find_corrected_accuracy(evaluation)}, ten labels corrected, five digits left out on "
            "which people do not agree",
        ),
        ("Loss", f"{evaluation.loss:.4f}"),
        ("Calibration error", f"{evaluation.calibration_error:.2%}"),
    ]
    return (
        "## How well it reads\n\nThe 10,000 test digits of MNIST, at its last epoch; nothing was "
        "chosen by them. In brackets, here and below, the 95% interval: where the accuracy may lie "
        "on other digits of the kind.\n\n" + _list(rows)
    )


def _describe_robustness(robustness: Mapping[str, Any]) -> str:
    parts = []
    if corruptions := robustness.get("corruptions"):
        rows = [
            (name.replace("_", " "), _count_right(share, TEST_DIGITS).format(1))
            for name, share in corruptions.items()
        ]
        rows.append(("**mean**", f"**{np.mean(list(corruptions.values())):.1%}**"))
        parts.append(
            "The test digits under the fifteen corruptions of MNIST-C, on none of which it was "
            "trained.\n\n" + _tabulate(("corruption", "read right"), rows)
        )
    if handwriting := robustness.get("handwriting"):
        rows = [
            (kind, f"{found['count']:,}", _count_right(found["accuracy"], found["count"]).format(1))
            for kind, found in handwriting.items()
        ]
        parts.append(
            "Other people's handwriting, through the app's own road from picture to digit.\n\n"
            + _tabulate(("kind", "pictures", "read right"), rows)
        )
    return "## Beyond MNIST\n\n" + "\n\n".join(parts) if parts else ""


def _describe_refusal(judgement: Mapping[str, Any], robustness: Mapping[str, Any]) -> str:
    if not judgement:
        return ""
    text = (
        "## What it refuses\n\nIt takes for no digit what scores under 0: "
        f"{1 - KEPT:.0%} of the validation digits do. Learnt from letters, signs, scribbles, "
        "silhouettes and textures that a program drew. Its probabilities are calibrated with a "
        f"temperature of {judgement['temperature']:.2f}."
    )
    if others := robustness.get("others"):
        rows = [
            (kind, f"{found['count']:,}", f"{found['auroc']:.3f}", f"{found['refused']:.1%}")
            for kind, found in others.items()
        ]
        text += (
            "\n\nMeasured against the test digits, with what it had not learnt from; for letters "
            "and signs it was judged by other kinds of them.\n\n"
        )
        text += _tabulate(("what", "pictures", "area under the ROC curve", "refused"), rows)
    return text


def _describe_failures(evaluation: Evaluation, run: Run) -> str:
    confusions = evaluation.mistakes.groupby(["truth", "answer"]).size().sort_values()[::-1]
    worst = evaluation.per_digit.sort_values("recall").iloc[0]
    recall = _count_right(worst["recall"], worst["count"])
    lines = [
        f"- {count} times a {truth} is read as {answer}."
        for (truth, answer), count in confusions.head(MOST_CONFUSIONS).items()
    ]
    lines.append(f"- It reads the {worst['digit']:.0f} worst: {recall} of them.")
    weak = {k: v for k, v in run.robustness.get("corruptions", {}).items() if v < WEAK}
    lines += [f"- {name.replace('_', ' ').capitalize()}: {v:.1%}." for name, v in weak.items()]
    if not run.judgement:
        lines.append("- It takes everything for a digit, also what is none.")
    return "## Known failures\n\n" + "\n".join(lines)


def _count_right(share: float, count: float) -> Accuracy:
    return Accuracy(round(share * count), int(count))


def _list(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- **{name}:** {value}" for name, value in rows)


def _tabulate(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
