"""``python -m digitlib``: the command line."""

from digitlib.cli import main

if __name__ == "__main__":
    main()
