"""``python -m notekit`` is ``notes``."""

from notekit.cli import main

main(prog_name="notes")
