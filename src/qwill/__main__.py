"""`python -m qwill`."""

from qwill.cli import main

if __name__ == "__main__":
    main(prog_name="qwill")
