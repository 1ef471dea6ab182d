"""The command line: train, queue, predict and evaluate, over the same runs as the app."""

import dataclasses
import glob
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np

from digitlib.data import Digits
from digitlib.data.archives import read_digits
from digitlib.data.augmentation import AUGMENTATION_LIMITS, PRESETS
from digitlib.data.labels import read_labels
from digitlib.errors import ConfigError, DigitLabError, MissingRunError, PictureError, RunError
from digitlib.reading.statistics import Accuracy
from digitlib.runs.config import LIMITS, OPTIMISERS
from digitlib.runs.folder import DEFAULT_MODEL, check_run_id
from digitlib.runs.schedule import SCHEDULES

TERMINAL = "terminal"  # the visitor whose runs are queued here
MOST_ON_SHEET = 200


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=False,
)
def commands():
    """Train networks that read handwritten digits, and read digits with them.

    Everything here meets the app in the run folders: a training started here is shown live by the
    app, and a model trained in the app can be used here.
    """


def main() -> None:
    """Run the command line; every failure ends in one sentence and a status.

    Status 0: all went well. 1: something could not be done. 2: the command was not understood.
    """
    try:
        # Off, so that click leaves the wording of errors to this function.
        sys.exit(commands(standalone_mode=False))
    except click.UsageError as error:
        _fail(error.format_message(), error.ctx)
        sys.exit(2)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(1)
    except (DigitLabError, click.ClickException) as error:
        _fail(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # The reader, such as `head`, has had enough; Python must not try to flush to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _fail(sentence: str, context: click.Context | None = None) -> None:
    hint = f" See `{context.command_path} --help`." if context else ""
    click.echo(f"Error: {' '.join(sentence.split())}{hint}", err=True)


def _limits(name: str) -> str:
    low, high = LIMITS[name]
    return f"{low:,} to {high:,}" if isinstance(low, int) else f"{low:g} to {high:g}"


def _parse_augmentation(context: click.Context, option: click.Parameter, text: str | None):
    if text is None or text in PRESETS:
        return PRESETS.get(text)
    try:
        settings = dict(part.split("=") for part in text.split(","))
        return {name.strip(): float(value) for name, value in settings.items()}
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is none of {', '.join(PRESETS)}, nor settings such as rotation=10,shift=2."
        ) from error


def _check_name(context: click.Context, option: click.Parameter, name: str | None) -> str | None:
    try:
        if name is not None:
            check_run_id(name)
    except RunError as error:
        raise click.BadParameter(str(error)) from error
    return name


@commands.command()
@click.option("--network", help="Its name in digitlib/training/networks.py; dense if left out.")
@click.option("--epochs", type=int, help=f"How often each digit is seen, {_limits('epochs')}.")
@click.option("--batch-size", type=int, help=f"Digits per step, {_limits('batch_size')}.")
@click.option("--learning-rate", type=float, help=f"{_limits('learning_rate')}.")
@click.option("--schedule", help=f"Of the learning rate, one of {', '.join(SCHEDULES)}.")
@click.option("--optimiser", help=f"One of {', '.join(OPTIMISERS)}.")
@click.option("--weight-decay", type=float, help=f"{_limits('weight_decay')}.")
@click.option("--dropout", type=float, help=f"Share of units silenced, {_limits('dropout')}.")
@click.option("--label-smoothing", type=float, help=f"{_limits('label_smoothing')}.")
@click.option("--weight-average", type=float, help=f"{_limits('weight_average')}; 0 for none.")
@click.option("--training-digits", type=int, help=f"{_limits('training_digits')}.")
@click.option(
    "--written-digits",
    type=int,
    help=f"How many more a simulated pen writes, {_limits('written_digits')}.",
)
@click.option(
    "--drawings",
    type=click.Path(path_type=Path),
    help="Labelled drawings to learn from, too: an .npz, a .zip or a folder of PNGs as the app "
    "exports them.",
)
@click.option(
    "--drawn-digits",
    type=int,
    help=f"How many of the drawings are added, over and over, {_limits('drawn_digits')}.",
)
@click.option(
    "--augmentation",
    metavar="SETTINGS",
    is_flag=False,
    flag_value="gentle",
    callback=_parse_augmentation,
    help="off, gentle (so if nothing is said), strong, or settings such as rotation=10,shift=2: of "
    f"{', '.join(AUGMENTATION_LIMITS)}.",
)
@click.option(
    "--plain-epochs",
    type=int,
    help="How many of the last epochs go with digits nearly as they are, "
    f"{_limits('plain_epochs')}.",
)
@click.option(
    "--mixed-precision/--no-mixed-precision",
    default=None,
    help="Multiply in bfloat16 where the processor can.",
)
@click.option(
    "--folds",
    type=int,
    help="Cross-validate instead, in 2 to 10 parts: makes no model, but a list of the labels that "
    "look wrong, see `suspects`.",
)
@click.option(
    "--labels",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --folds: an .npy of labels to doubt instead of MNIST's, in the order of its "
    "training file.",
)
@click.option("--seed", type=int, help="Of everything random.")
@click.option(
    "--name", callback=_check_name, help="Name of the run; made of network and time if left out."
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the run folder is made; DIGITLIB_RUNS or runs/ if left out.",
)
@click.option(
    "--continue",
    "--from",
    "parent",
    metavar="RUN",
    help="Train this run further, as a new one; with --drawings, briefly.",
)
@click.option("--queue", is_flag=True, help="Put it in the app's queue instead of training here.")
def train(network, name, folder, parent, queue, drawings, labels, **settings):
    """Train a network; settings left out are those that suit it, or those of the run continued.

    Ctrl-C stops the training and keeps the model as good as it got.
    """
    from digitlib.runs.catalogue import check_config
    from digitlib.runs.folder import create_run

    if queue and (name or folder):
        raise click.UsageError("--queue names the run by itself, in the folder of the app.")
    chosen = {key: value for key, value in settings.items() if value is not None}
    drawings, labels = drawings and read_digits(drawings), labels and read_labels(labels)
    try:
        config = _start_config(network, parent, drawings)
        config = type(config).from_dict(config.to_dict() | chosen)
        check_config(config)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    if queue:
        from digitlib.runs.engine import submit_run
        from digitlib.runs.queue import admit_run

        run = admit_run(config, TERMINAL, drawings, labels)
        submit_run(run)
        click.echo(f"Run {run.id} is in the queue; `python -m digitlib runs` shows how it stands.")
        return
    run = create_run(config, name, folder, drawings=drawings, labels=labels)
    click.echo(f"Training {config.network} as run {run.id} in {run.folder}")
    _train_here(run)


def _start_config(network: str | None, parent: str | None, drawings: Digits | None):
    """Return the settings to begin with: of the run that is continued, else of the network."""
    from digitlib.runs.catalogue import default_config
    from digitlib.runs.folder import continue_config, load_run
    from digitlib.runs.lesson import count_repeats, teach_config

    if parent is None:
        repeats = 0 if drawings is None else count_repeats(len(drawings))
        return dataclasses.replace(default_config(network or "dense"), drawn_digits=repeats)
    if network is not None:
        raise click.UsageError("A run is continued with its own network: leave out --network.")
    run = load_run(parent)
    return continue_config(run) if drawings is None else teach_config(run, len(drawings))


def _train_here(run) -> None:
    """Train in this process, with a progress bar."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import signal

    from digitlib.runs.folder import request_stop
    from digitlib.runs.lifecycle import carry_out
    from digitlib.runs.out_of_sample import describe_check

    def print_summary(model):
        model.summary(print_fn=click.echo)

    signal.signal(signal.SIGINT, lambda *_: request_stop(run))
    epochs = run.config.all_epochs
    with _TrainingBar(epochs) as bar:
        run = carry_out(run, on_model=print_summary, on_row=bar.show)
    for row in run.read_epochs().to_dict("records"):
        click.echo(
            f"Epoch {row['epoch']:.0f}: loss {row['loss']:.4f}, accuracy {row['accuracy']:.2%}, "
            f"validation loss {row['validation_loss']:.4f}, "
            f"validation accuracy {row['validation_accuracy']:.2%}"
        )
    if not run.metrics:
        click.echo(run.status.message)  # stopped before it began
        return
    if run.config.folds:
        click.echo(f"Done in {run.metrics['training_seconds']:.0f} s: {describe_check(run)}")
        click.echo(f"`python -m digitlib suspects {run.id}` shows the worst ones.")
        return
    test = run.metrics["test"]
    click.echo(
        f"{run.status.state.capitalize()} in {run.metrics['training_seconds']:.0f} s: "
        f"test accuracy {Accuracy.from_summary(test)}, test loss {test['loss']:.4f}, "
        f"{test['mistakes']} of {test['count']:,} misread"
    )


class _TrainingBar:
    """A progress bar over all batches of all epochs, made at the first row."""

    def __init__(self, epochs: int):
        self._epochs = epochs
        self._bar = None
        self._done = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, row: dict) -> None:
        if self._bar is None:
            self._bar = click.progressbar(
                length=self._epochs * row["batches"],
                label="Training",
                item_show_func=lambda text: text,
            )
        done = (row["epoch"] - 1) * row["batches"] + row["batch"]
        self._bar.update(
            done - self._done,
            f"epoch {row['epoch']}/{self._epochs}, loss {row['loss']:.3f}, "
            f"accuracy {row['accuracy']:.1%}",
        )
        self._done = done


@commands.command()
def runs():
    """List the runs made here, the newest first, and how each stands."""
    from digitlib.runs.folder import list_runs
    from digitlib.runs.out_of_sample import describe_check, is_whole
    from digitlib.runs.progress import read_progress
    from digitlib.runs.queue import order_queue

    listed = list_runs()
    queue = [run.id for run in order_queue(listed.runs)]
    click.echo(f"{'run':<32} {'state':<12} ")
    for run in listed.runs:
        words = run.status.message
        if run.id in queue:
            words = f"number {queue.index(run.id) + 1} of {len(queue)} in the queue"
        elif run.active:
            words = f"{read_progress(run).share:.0%} of {run.config.all_epochs} epochs"
        elif is_whole(run):
            words = describe_check(run)
        elif run.status.state in ("done", "stopped") and "test" in run.metrics:
            words = f"{Accuracy.from_summary(run.metrics['test'])} of the test digits read right"
        click.echo(f"{run.id:<32} {run.status.state:<12} {words}".rstrip())
    for problem in listed.problems:
        click.echo(problem, err=True)


@commands.command()
@click.argument("run_id", metavar="RUN")
@click.option(
    "--count",
    type=click.IntRange(1, 2_000),
    default=20,
    show_default=True,
    help="How many, the worst first.",
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write them as a PNG sheet, the first 200.",
)
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all of them as a table.",
)
def suspects(run_id, count, save, table):
    """Show the training labels that look wrong, by a run of `train --folds 5`.

    They are read as something else by networks that have not learnt from them, the least likely
    labels first. The place is that in MNIST's training file, from 0; the quality of a label is its
    probability; what looks wrong is counted so by confident learning.
    """
    from digitlib.data import load_training_file
    from digitlib.reading.sheet import draw_sheet
    from digitlib.runs.folder import load_run
    from digitlib.runs.out_of_sample import describe_check, read_suspects

    run = load_run(run_id)
    found = read_suspects(run)
    worst = found.head(count)
    click.echo(f"Run {run.id}: {describe_check(run)}")
    click.echo("\nplace  label  read as  quality")
    for row in worst.itertuples():
        counted = "  looks wrong" if row.counted else ""
        click.echo(
            f"{row.place:>5}  {row.label:>5}  {row.suggested:>7}  {row.quality:>7.4f}{counted}"
        )
    if save and len(worst):
        shown = worst.head(MOST_ON_SHEET)
        images = load_training_file().images[shown["place"]]
        sheet = draw_sheet(images, shown["label"].to_numpy(), shown["suggested"].to_numpy())
        with _explaining_file(save):
            sheet.save(save, format="PNG")
        click.echo(f"The sheet is in {save}")
    if table:
        with _explaining_file(table):
            found.to_csv(table, index=False, float_format="%.6g", lineterminator="\n")
        click.echo(f"All {len(found):,} are in {table}")


@contextmanager
def _explaining_file(path: Path) -> Iterator[None]:
    """Say it in a sentence where a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise DigitLabError(f"{path} cannot be written: {error.strerror}.") from error


@commands.command()
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
def stop(names):
    """Stop runs: at once in the queue; while they train they keep what they have learnt.

    A cross-validation keeps nothing.
    """
    from digitlib.runs.engine import stop_run
    from digitlib.runs.folder import load_run

    for run in [load_run(name) for name in names]:
        if run.active:
            stop_run(run)
            click.echo(f"{run.id} is told to stop.")
        else:
            click.echo(f"{run.id} is {run.status.state} already.")


@commands.command()
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(names, yes):
    """Delete runs made here, with their models."""
    from digitlib.runs.folder import delete_run, load_run

    chosen = [load_run(name) for name in names]
    if not yes:
        click.confirm(f"Delete {', '.join(run.id for run in chosen)} for good?", abort=True)
    for run in chosen:
        delete_run(run)
        click.echo(f"{run.id} is deleted.")


@commands.command()
@click.argument("members", metavar="RUN...", nargs=-1, required=True)
@click.option("--name", callback=_check_name, help="Name of the run; made by itself if left out.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the run folder is made; DIGITLIB_RUNS or runs/ if left out.",
)
def ensemble(members, name, folder):
    """Make one model of several runs, which answers with the mean of their probabilities."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    members = [_find_run(member) for member in members]
    from digitlib.training.ensemble import combine

    run = combine(members, name, folder)
    test = run.metrics["test"]
    click.echo(f"Run {run.id} in {run.folder}: test accuracy {Accuracy.from_summary(test)}")


@commands.command()
@click.argument("model")
@click.option("--measure/--no-measure", default=True, help="Measure what is not measured yet.")
def card(model, measure):
    """Write a model's card, card.md in its run folder, and print it.

    The first time that takes a minute, for the test digits under fifteen corruptions.
    """
    from digitlib.card import describe_model
    from digitlib.data import load_mnist
    from digitlib.reading.robustness import measure_corruptions
    from digitlib.runs.files import write_json
    from digitlib.runs.folder import load_run

    run = _find_run(model)
    robustness = dict(run.robustness)
    if measure and "corruptions" not in robustness:
        found = measure_corruptions(_load_recogniser(model), load_mnist("test"))
        robustness["corruptions"] = {name: round(share, 4) for name, share in found.items()}
        with _explaining(run.folder):
            write_json(run.folder / "robustness.json", robustness)
    text = describe_model(load_run(run.id))
    with _explaining(run.folder):
        (run.folder / "card.md").write_text(text, encoding="utf-8")
    click.echo(text)


@contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    """Say it in a sentence where a run folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}.") from error


@commands.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="See `models`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in the order given.")
@click.option(
    "--steps",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each step of a picture's way to the network as a PNG, in a folder per picture.",
)
def predict(pictures, model, as_json, steps):
    """Read the digits in pictures (PNG, JPEG, WebP, BMP, GIF or HEIC), in folders or by a pattern.

    Of a folder the pictures right in it are read; quote a pattern like 'scans/**/*.png' for those
    of the folders in it, too.

    A picture that cannot be read gets a sentence while the others go on; the status is then 1.
    """
    recogniser = _load_recogniser(model)
    failures = 0
    for number, path in enumerate(_find_pictures(pictures), 1):
        answer = _read_picture(recogniser, path, steps and steps / f"{number:03} {path.name}")
        failures += "error" in answer
        name = click.format_filename(path)
        if as_json:
            click.echo(json.dumps(answer))
        elif "error" in answer:
            click.echo(f"{name}: {answer['error']}", err=True)
        else:
            click.echo(f"{name}: {_describe_answer(answer)}")
    sys.exit(1 if failures else 0)


@commands.command()
@click.argument("names", metavar="MODEL...", nargs=-1, required=True)
def judge(names):
    """Judge models anew: how sure their answers are, in truth, and what they refuse.

    Every training ends with it. It is for models that were made earlier, or after a change to what
    is no digit (digitlib/data/others.py): the network stays as it was trained, model.tflite and
    what is measured with it are made anew. An ensemble is made anew by `ensemble`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    runs = [_find_run(name) for name in names]
    from digitlib.training.loop import judge_again

    for run in runs:
        if run.active:
            raise RunError(f"{run.id} is {run.status.state}: it will be judged at its end.")
        with _explaining(run.folder):
            judge_again(run)
        judged = _find_run(run.id)
        click.echo(
            f"{run.id}: temperature {judged.judgement['temperature']:.2f}, "
            f"calibration error {judged.metrics['test']['calibration_error']:.2%}"
        )


@commands.command()
@click.argument("names", metavar="MODEL...", nargs=-1, required=True)
def study(names):
    """Compute what the page Mistakes shows of models beyond their answers for the test digits.

    That is their answers for the other 60,000 digits, what their last layer weighs of each, and the
    map of the test digits. It is kept in the run folder; what is there already is not computed
    again. The app does it by itself where it is asked to.
    """
    from digitlib.runs.study_files import PARTS
    from digitlib.study import make_study

    for run in [_find_run(name) for name in names]:
        if not run.model_file.exists():
            raise RunError(f"{run.id} has no model yet: wait for the end of its training.")
        with _native_silence(), _explaining(run.folder), _StepBars() as bars:
            made = make_study(run, bars.show)
        if made:
            click.echo(f"{run.id} has {', '.join(PARTS)} in {run.folder / 'study'}")
        else:
            click.echo(f"Another process is at {run.id} already.")


class _StepBars:
    """A progress bar for each step, one after the other."""

    def __init__(self):
        self._bar, self._step = None, ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, step: str, share: float) -> None:
        if step != self._step:
            self.__exit__()
            self._bar, self._step = click.progressbar(length=1000, label=step), step
        self._bar.update(round(1000 * share) - self._bar.pos)


def _find_pictures(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files that paths mean: the pictures in a folder, the files of a pattern ``*.png``.

    What is none of these is yielded as it is, to be told that there is no such file, or no picture
    in such a folder.
    """
    from digitlib.vision.pictures import SUFFIXES

    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        elif glob.has_magic(str(path)) and not path.exists():
            found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        else:
            found = [path]
        yield from found or [path]


def _read_picture(recogniser, path: Path, steps: Path | None) -> dict:
    from digitlib.transcript import transcribe_picture
    from digitlib.vision import open_picture
    from digitlib.vision.steps import write_steps

    try:
        transcript = transcribe_picture(open_picture(path), recogniser)
        if steps:
            write_steps(transcript.prepared, steps)
    except PictureError as error:
        return {"file": str(path), "error": str(error)}
    answer = transcript.largest.answer
    return {
        "file": str(path),
        "digit": answer.digit,
        "confidence": answer.confidence,
        "probabilities": answer.probabilities.astype(float).tolist(),
        "rows": list(transcript.texts),
        "glyphs": [_describe_glyph(read) for read in transcript.glyphs],
    }


def _describe_glyph(read) -> dict:
    box = read.glyph.box
    return {
        "box": [box.left, box.top, box.width, box.height],
        "digit": read.answer.digit,
        "confidence": read.answer.confidence,
        "score": read.score,
        "accepted": read.accepted,
    }


def _describe_answer(answer: dict) -> str:
    """Return what was read in a line: ``7 (98.1%)``, ``12345 / 67890 (each at least 93.0%)``, and
    what does not look like a digit."""
    from digitlib.reading.recogniser import format_share

    accepted = [glyph["confidence"] for glyph in answer["glyphs"] if glyph["accepted"]]
    if not accepted and len(answer["glyphs"]) > 1:
        return "nothing in it looks like a digit"
    if not accepted:
        read = f"{answer['digit']} ({format_share(answer['confidence'])})"
        return f"does not look like a digit; if it is one, {read}"
    least = format_share(min(accepted))
    share = least if len(accepted) == 1 else f"each at least {least}"
    refused = len(answer["glyphs"]) - len(accepted)
    rest = f"; {refused} more {'does' if refused == 1 else 'do'} not look like a digit"
    return f"{' / '.join(answer['rows'])} ({share}){rest if refused else ''}"


@commands.command()
@click.argument("model")
@click.option(
    "--digits",
    type=click.Path(path_type=Path),
    help="Labelled digits to measure it on instead: an .npz, a .zip or a folder of PNGs.",
)
@click.option(
    "--samples", type=click.IntRange(1, 100), help="Show this many random digits of them."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Of the choice of samples; another each time if left out.",
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the samples as a PNG sheet.",
)
@click.option(
    "--versus", metavar="MODEL", help="Another model: what it fixed and broke, and is it luck?"
)
@click.option(
    "--report",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write report.html, which needs no other file, metrics.json, confusion.csv and "
    "mistakes.csv there.",
)
def evaluate(model, digits, samples, seed, save, versus, folder):
    """Measure a model on the 10,000 test digits, or others, reading them with its model file."""
    if save and not samples:
        raise click.UsageError("--save needs --samples: how many digits the sheet shall show.")
    if versus == model:
        raise click.UsageError("--versus needs another model than the one that is measured.")
    from digitlib.data import load_mnist
    from digitlib.reading.evaluation import find_corrected_accuracy, measure

    run, _ = _find_run(model), versus and _find_run(versus)
    if folder:
        from digitlib.report import gather_report, make_folder, write_report

        make_folder(folder)  # before the digits are read: that it cannot be made is soon known
    given, kind = load_mnist("test"), "test digit"
    if digits is not None:
        given, kind = read_digits(digits), "digit"
    probabilities = _load_recogniser(model).read(given.images)
    other = (versus, _load_recogniser(versus).read(given.images)) if versus else None
    evaluation = measure(probabilities, given.labels)
    click.echo(f"Model {model} on {evaluation.count:,} {kind}{'s' if len(given) > 1 else ''}")
    click.echo(f"accuracy {evaluation.counted}: in brackets the 95% interval")
    if digits is None:
        click.echo(f"accuracy by corrected labels {find_corrected_accuracy(evaluation)}")
    click.echo(f"loss {evaluation.loss:.4f}")
    click.echo("\ndigit  count  precision  recall      F1")
    for row in evaluation.per_digit.to_dict("records"):
        click.echo(
            f"{row['digit']:>5}  {row['count']:>5,}  {row['precision']:>9.2%}  "
            f"{row['recall']:>6.2%}  {row['f1']:>6.2%}"
        )
    click.echo("\nConfusion matrix: a row is the truth, a column what was read")
    click.echo("     " + "".join(f"{digit:>6}" for digit in range(10)))
    for digit, counts in enumerate(evaluation.confusion):
        click.echo(f"{digit:>5}" + "".join(f"{count:>6}" for count in counts))
    if samples:
        _show_samples(given, kind, probabilities, min(samples, len(given)), seed, save)
    if other:
        _show_comparison(model, probabilities, *other, given.labels)
    if folder:
        write_report(gather_report(run, given, digits is None, probabilities, other), folder)
        click.echo(f"\nThe report is in {folder / 'report.html'}")


def _show_comparison(model, probabilities, other, others, labels) -> None:
    from digitlib.reading.statistics import compare_errors

    answers, others_answers = probabilities.argmax(axis=1), others.argmax(axis=1)
    errors = compare_errors(labels, answers, others_answers)
    accuracy = Accuracy(int((others_answers == labels).sum()), len(labels))
    click.echo(f"\n{other}, beside it: accuracy {accuracy}")
    click.echo(
        f"{other} fixed {errors.fixed:,}, broke {errors.broke:,}; both misread {errors.both_miss:,}"
    )
    click.echo(errors.describe(model, other))


def _show_samples(given, kind, probabilities, count, seed, save) -> None:
    from digitlib.reading.recogniser import format_share
    from digitlib.reading.sheet import draw_sheet

    chosen = np.random.default_rng(seed).choice(len(given), count, replace=False)
    answers = probabilities[chosen].argmax(axis=1)
    click.echo(f"\n{count} random {kind}s")
    for index, answer in zip(chosen, answers, strict=True):
        mark = "right" if answer == given.labels[index] else "wrong"
        click.echo(
            f"{kind} {index}: read as {answer} ({format_share(probabilities[index, answer])}), "
            f"is {given.labels[index]}: {mark}"
        )
    if save:
        sheet = draw_sheet(given.images[chosen], given.labels[chosen], answers)
        with _explaining_file(save):
            sheet.save(save, format="PNG")
        click.echo(f"The sheet is in {save}")


@commands.command()
def models():
    """List the models that can read digits: those shipped, then those trained here."""
    from digitlib.runs.folder import list_models

    listed = list_models()
    click.echo(f"{'model':<32} {'network':<10} {'accuracy':>24} {'parameters':>11} {'state':<8}")
    for run in listed.runs:
        test = run.metrics.get("test")
        accuracy = str(Accuracy.from_summary(test)) if test else "unknown"
        parameters = run.metrics.get("parameters")
        click.echo(
            f"{run.id:<32} {run.config.network:<10} {accuracy:>24} "
            f"{parameters or 0:>11,} {run.status.state:<8}"
        )
    for problem in listed.problems:
        click.echo(problem, err=True)


def _find_run(model: str):
    from digitlib.runs.folder import load_run

    try:
        run = load_run(model)
    except MissingRunError as error:
        raise click.UsageError(
            f"There is no model {model!r}; `python -m digitlib models` lists those there are."
        ) from error
    if run.config.folds:
        raise click.UsageError(
            f"{model} is a cross-validation, which makes no model: see `python -m digitlib "
            f"suspects {model}`."
        )
    return run


def _load_recogniser(model: str):
    from digitlib.reading.recogniser import Recogniser

    run = _find_run(model)
    with _native_silence():
        return Recogniser(run.model_file)


@contextmanager
def _native_silence() -> Iterator[None]:
    """Keep LiteRT from announcing its XNNPACK delegate on stderr, which it has no setting for.

    For a process with a single thread: whatever writes to stderr meanwhile is lost.
    """
    if sys.stderr is None:  # closed, as by `2>&-`: there is nothing to silence
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
