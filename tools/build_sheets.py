"""Draw the sheets of test digits that the map on the page Mistakes shows digits from.

    python -m tools.build_sheets

writes ``static/test-digits/00.png`` to ``99.png``, 1 MB in all. They change only if
``digitlib/ui/sheets.py`` does.
"""

from digitlib.data import load_mnist
from digitlib.runs.folder import MODELS_FOLDER
from digitlib.ui.sheets import PER_SHEET, draw_sheet, order_digits

FOLDER = MODELS_FOLDER.parent / "static" / "test-digits"


def main() -> None:
    digits = load_mnist("test")
    ordered = digits.images[order_digits(digits.labels)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number in range(len(ordered) // PER_SHEET):
        images = ordered[number * PER_SHEET :][:PER_SHEET]
        (FOLDER / f"{number:02}.png").write_bytes(draw_sheet(images))


if __name__ == "__main__":
    main()
