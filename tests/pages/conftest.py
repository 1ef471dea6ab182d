"""Pages run without a browser, and run folders written by hand for them to show."""

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from digitlib.data.collection import Collection
from digitlib.runs import engine
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import (
    MODELS_FOLDER,
    Run,
    Status,
    collection_folder,
    create_run,
    write_status,
)
from digitlib.ui import warm
from digitlib.ui.collection import load_drawings
from digitlib.ui.live import load_live
from digitlib.ui.loaders import load_measured, load_models, load_refusal, load_runs

FRONT_DOOR = MODELS_FOLDER.parent / "streamlit_app.py"

RESULTS = ("model.keras", "model.tflite", "test_probabilities.npy", "metrics.json")
TABLES = ("batches.csv", "epochs.csv")


@pytest.fixture
def open_page(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page in a session of its own: ``open_page("mistakes", model="dense")``."""
    for load in (load_models, load_measured, load_refusal, load_live, load_runs, load_drawings):
        load.clear()  # what the test before has listed
    monkeypatch.setattr(engine, "warm_engine", lambda: None)
    monkeypatch.setattr(warm, "ensure_engine", lambda: "")
    # AppTest has no browser that could send any.
    monkeypatch.setattr(ContextProxy, "cookies", {})
    # A server learns once that st.navigation rules over the folder pages/; AppTest forgets it
    # before every run, by this name, and would lose clicks to the page's entering anew.
    monkeypatch.setattr(PagesManager, "uses_pages_directory", False)
    monkeypatch.setattr(app_test, "PagesManager", type("Forgetful", (PagesManager,), {}))

    def open_page(name: str = "draw", **address: str) -> AppTest:
        app = AppTest.from_file(FRONT_DOOR, default_timeout=60)
        if name != "draw":
            app.switch_page(f"pages/{name}.py")
        app.query_params.update(address)
        return app.run()

    return open_page


@pytest.fixture
def collection(runs: Path) -> Collection:
    """The class's drawings, of which there are none yet."""
    return Collection(collection_folder())


@pytest.fixture
def submitted(monkeypatch) -> list[Run]:
    """The runs that were handed to the engine; none starts."""
    runs = []
    monkeypatch.setattr(engine, "submit_run", runs.append)
    monkeypatch.setattr(engine, "recover_queue", lambda: None)
    return runs


@pytest.fixture
def make_run(runs: Path) -> Callable[..., Run]:
    """Write the folder of a run in some state, with what a run in that state has left behind."""

    def make_run(state: str, message: str = "", name: str | None = None) -> Run:
        run = create_run(TrainingConfig(network="dense", epochs=5), name)
        created = run.status.created
        started = None if state == "queued" else created
        write_status(run.folder, Status(state, message, created, started))
        files = RESULTS + TABLES if state in ("done", "stopped") else ()
        for file in files:
            shutil.copy(MODELS_FOLDER / "dense" / file, run.folder)
        if state == "running":
            (run.folder / "heartbeat").touch()
            write_rows(run, epoch=2, batch=50)
        load_models.clear()
        load_runs.clear()
        return run

    return make_run


def write_rows(run: Run, epoch: int, batch: int) -> None:
    """Write batches.csv and epochs.csv of a training that has come this far, 100 batches each."""
    rows = ["epoch,batch,batches,seconds,loss,accuracy"]
    for at in range(10, (epoch - 1) * 100 + batch + 1, 10):
        rows.append(f"{(at - 1) // 100 + 1},{(at - 1) % 100 + 1},100,{at / 10},{20 / at},0.9")
    (run.folder / "batches.csv").write_text("\n".join(rows) + "\n")
    rows = ["epoch,seconds,loss,accuracy,validation_loss,validation_accuracy"]
    rows += [f"{at},{10 * at},0.3,0.91,0.2,0.94" for at in range(1, epoch)]
    (run.folder / "epochs.csv").write_text("\n".join(rows) + "\n")
    load_live.clear()


@pytest.fixture
def read_words() -> Callable[..., str]:
    return _read_words


def _read_words(node) -> str:
    """Return the words of a part of a page, its HTML without the tags."""
    words = []
    for element in node:
        for text in (getattr(element, "text", None), getattr(element, "value", None)):
            if isinstance(text, str):
                words.append(html.unescape(re.sub(r"<[^>]+>", " ", text)))
    return " ".join(" ".join(words).split())


@pytest.fixture
def read_chart_rows() -> Callable[[AppTest], list[pd.DataFrame]]:
    """Return the rows that each chart on a page draws."""
    return lambda app: [
        convert_arrow_bytes_to_pandas_df(chart.proto.datasets[0].data.data)
        for chart in app.get("vega_lite_chart")
    ]
