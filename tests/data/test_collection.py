import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from filelock import FileLock

from digitlib.data import Digits, collection, load_mnist
from digitlib.data.archives import encode_png, hash_digit, read_digits
from digitlib.data.collection import Collection, choose_lesson
from digitlib.errors import CollectionError

SOME = load_mnist("validation").take(slice(60))


@pytest.fixture
def drawings(tmp_path: Path) -> Collection:
    return Collection(tmp_path / "deep" / "drawings")


def read_labels(drawings: Collection) -> dict[bytes, int]:
    digits = drawings.read().digits
    pixels = [image.tobytes() for image in digits.images]
    assert len(set(pixels)) == len(pixels)
    return dict(zip(pixels, digits.labels.tolist(), strict=True))


def list_hidden(drawings: Collection) -> list[str]:
    return [path.name for path in drawings.folder.iterdir() if path.suffix == ".png"]


def test_an_empty_collection_makes_no_folder(drawings):
    assert len(drawings.read()) == 0
    assert drawings.read().digits.images.shape == (0, 28, 28)
    assert drawings.count().tolist() == [0] * 10
    assert not drawings.folder.exists()


def test_a_drawing_is_kept_as_a_picture_that_says_what_it_is(drawings):
    assert drawings.add(SOME.images[0], 7) is None

    [path] = drawings.folder.glob("*.png")
    assert path.name == f"7-{hash_digit(SOME.images[0])}.png"
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), SOME.images[0])
    assert drawings.count().tolist() == [0] * 7 + [1, 0, 0]
    assert read_labels(drawings) == {SOME.images[0].tobytes(): 7}
    assert drawings.find_label(hash_digit(SOME.images[0])) == 7
    assert drawings.find_label(hash_digit(SOME.images[1])) is None


def test_nothing_says_when_it_was_drawn(drawings):
    drawings.add(SOME.images[0], 7)
    drawings.add_all(SOME)

    assert {path.stat().st_mtime for path in drawings.folder.glob("*.png")} == {0}


def test_a_drawing_told_twice_counts_once_and_told_otherwise_moves(drawings):
    assert drawings.add(SOME.images[0], 7) is None
    assert drawings.add(SOME.images[0], 7) == 7
    assert drawings.count().sum() == 1
    assert drawings.add(SOME.images[0], 1) == 7
    assert drawings.count().tolist() == [0, 1, *[0] * 8]


def test_many_come_at_once_and_those_there_take_the_new_label(drawings):
    drawings.add(SOME.images[0], 9 - SOME.labels[0])

    assert drawings.add_all(SOME) == 59

    pixels = [image.tobytes() for image in SOME.images]
    assert read_labels(drawings) == dict(zip(pixels, SOME.labels.tolist(), strict=True))
    np.testing.assert_array_equal(drawings.count(), np.bincount(SOME.labels, minlength=10))
    np.testing.assert_array_equal(drawings.read().digits.labels, np.sort(SOME.labels))
    assert drawings.add_all(SOME) == 0


def test_the_folder_itself_can_be_read_as_digits(drawings):
    drawings.add_all(SOME)

    assert len(read_digits(drawings.folder)) == 60


def test_one_is_taken_away_then_all(drawings):
    drawings.add_all(SOME)
    drawings.remove(hash_digit(SOME.images[3]))
    assert SOME.images[3].tobytes() not in read_labels(drawings)
    assert drawings.count().sum() == 59
    drawings.remove(hash_digit(SOME.images[3]))  # it is gone already
    drawings.clear(drawings.read())
    assert drawings.count().sum() == 0
    assert list_hidden(drawings) == []


def test_what_came_after_they_were_looked_at_is_not_cleared(drawings):
    drawings.add(SOME.images[0], 7)
    damaged = drawings.folder / f"7-{hash_digit(SOME.images[1])}.png"
    damaged.write_bytes(b"torn")
    seen = drawings.read()
    drawings.add(SOME.images[2], 3)
    drawings.add(SOME.images[0], 1)  # one that was seen has got another label

    drawings.clear(seen)

    assert drawings.read().names == (hash_digit(SOME.images[2]),)
    assert not damaged.exists()


@pytest.mark.parametrize(
    "content", [b"", b"torn", encode_png(SOME.images[0])[:90], encode_png(SOME.images[1])]
)
def test_a_damaged_drawing_hides_no_other_and_is_healed_when_told_again(drawings, content):
    drawings.add(SOME.images[0], 7)
    drawings.add(SOME.images[2], 3)
    path = drawings.folder / f"7-{hash_digit(SOME.images[0])}.png"
    path.write_bytes(content)

    read = drawings.read()
    assert len(read) == 1
    assert read.problems == (f"The drawing {path} is damaged and left out: delete it.",)

    drawings.add(SOME.images[0], 7)
    assert len(drawings.read()) == 2
    assert drawings.read().problems == ()


def test_foreign_files_are_let_alone(drawings):
    drawings.add(SOME.images[0], 7)
    (drawings.folder / "notes.png").write_text("mine")

    assert len(drawings.read()) == 1
    drawings.clear(drawings.read())

    assert (drawings.folder / "notes.png").exists()


def test_a_full_collection_takes_no_more_but_lets_labels_change(drawings, monkeypatch):
    monkeypatch.setattr(collection, "MOST_DIGITS", 3)
    drawings.add_all(SOME.take(slice(3)))

    with pytest.raises(CollectionError, match="it holds up to 3 drawings"):
        drawings.add(SOME.images[4], 1)
    with pytest.raises(CollectionError, match="The collection is full"):
        drawings.add_all(SOME.take(slice(2, 5)))

    assert drawings.count().sum() == 3
    assert drawings.add(SOME.images[0], 9) == SOME.labels[0]


def fill_disk(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the disk be full after so many drawings; half of the next one is written."""
    write, written = Path.write_bytes, []

    def write_some(path: Path, content: bytes) -> int:
        if len(written) == after:
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_some)


def test_a_full_disk_is_named_and_leaves_nothing_behind(drawings, monkeypatch):
    drawings.add(SOME.images[0], 7)
    with monkeypatch.context() as patch:
        fill_disk(patch, after=0)
        with pytest.raises(
            CollectionError, match=r"^The disk is full, and the drawing is not kept"
        ):
            drawings.add(SOME.images[1], 7)
    with monkeypatch.context() as patch:
        fill_disk(patch, after=20)
        with pytest.raises(CollectionError, match="The disk is full"):
            drawings.add_all(SOME)

    assert read_labels(drawings) == {SOME.images[0].tobytes(): 7}
    assert len(list_hidden(drawings)) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CollectionError, match=r"cannot be written .* set DIGITLIB_COLLECTION"):
        Collection(tmp_path / "file" / "drawings").add(SOME.images[0], 7)
    with pytest.raises(CollectionError, match=r"cannot be read \(Not a directory\)"):
        Collection(tmp_path / "file").read()


def test_whoever_waits_too_long_is_told(drawings, monkeypatch):
    monkeypatch.setattr(collection, "LOCK_SECONDS", 0.1)
    drawings.folder.mkdir(parents=True)

    with (
        FileLock(drawings.folder / ".lock"),
        pytest.raises(CollectionError, match="Too many want to keep a drawing at once"),
    ):
        drawings.add(SOME.images[0], 7)


ADD = """
import sys
from digitlib.data import load_mnist
from digitlib.data.collection import Collection
from pathlib import Path
drawings, first = Collection(Path(sys.argv[1])), int(sys.argv[2])
digits = load_mnist("validation")
print("ready", flush=True)
input()
for place in range(first, first + 40):
    drawings.add(digits.images[place], int(digits.labels[place]))
"""


def start_adding(folder: Path, first: int) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", ADD, str(folder), str(first)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def test_many_processes_and_threads_add_at_once_and_none_is_lost(drawings):
    processes = [start_adding(drawings.folder, first) for first in (0, 20, 40, 60)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    digits = load_mnist("validation").take(slice(200, 230))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(drawings.add, digits.images, digits.labels))

    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert drawings.count().sum() == 100 + 30
    assert len(drawings.read()) == 130
    assert drawings.read().problems == ()


KILL = """
import os, signal, sys
from pathlib import Path
import numpy as np
from digitlib.data import collection

def write_half(path, digit):
    content = collection.encode_png(digit)
    path.write_bytes(content[: len(content) // 2])
    os.kill(os.getpid(), signal.SIGKILL)

collection._write_png = write_half
collection.Collection(Path(sys.argv[1])).add(np.full((28, 28), 9, np.uint8), 7)
"""


def test_a_process_that_is_killed_while_it_writes_leaves_no_half_drawing(drawings):
    drawings.add(SOME.images[0], 7)

    killed = subprocess.run([sys.executable, "-c", KILL, str(drawings.folder)])

    assert killed.returncode < 0
    assert len(list_hidden(drawings)) == 2  # what it had begun to write
    assert read_labels(drawings) == {SOME.images[0].tobytes(): 7}
    assert drawings.read().problems == ()
    drawings.add(SOME.images[1], 3)  # nobody holds the lock any more
    assert drawings.count().sum() == 2
    assert len(list_hidden(drawings)) == 2


def test_about_one_in_five_is_kept_aside_whatever_comes_later(drawings):
    digits = load_mnist("validation").take(slice(400))
    drawings.add_all(digits.take(slice(200)))
    before = {image.tobytes() for image in choose_lesson(drawings.read()).images}
    drawings.add_all(digits)
    after = {image.tobytes() for image in choose_lesson(drawings.read()).images}

    assert before == after & {image.tobytes() for image in digits.images[:200]}
    # 400 coins that show tails once in five: 80 +- 8, here within four deviations.
    assert 48 < 400 - len(after) < 112


def test_of_few_drawings_all_are_learnt(drawings):
    digits = Digits(SOME.images[:9], SOME.labels[:9])
    drawings.add_all(digits)

    assert len(choose_lesson(drawings.read())) == 9
