"""Lists the entries of grub.cfg; with arguments, tells which entry each of them boots as GRUB_DEFAULT."""

import re
import sys

# [start:read]
ENTRY = re.compile(r"\s*(menuentry|submenu) '([^']*)'.*\$menuentry_id_option '([^']*)' {")


def read(lines):
    """A menu: a list of (title, id, the menu below it, or None where it boots)."""
    open_blocks = [[]]
    for line in lines:
        if entry := ENTRY.match(line):
            kind, title, name = entry.groups()
            below = [] if kind == "submenu" else None
            open_blocks[-1].append((title, name, below))
            open_blocks.append(below)
        elif line.endswith("{\n"):
            open_blocks.append([])
        elif line.strip() == "}":
            open_blocks.pop()
    return open_blocks[0]


# [end:read]


# [start:choose]
def choose(menu, default):
    """The title that GRUB boots, as run_menu() in normal/menu.c finds it."""
    first, _, rest = default.partition(">")
    if number := re.match("[0-9]+", first):
        chosen = menu[int(number[0]) :]
    else:
        chosen = [entry for entry in menu if first in entry[:2]]
    title, _, below = (chosen or menu)[0]
    return title if below is None else choose(below, rest)


# [end:choose]


def show(menu, numbers=(), titles=()):
    """Prints the path of each entry that boots, by numbers and by titles."""
    for number, (title, _, below) in enumerate(menu):
        path, words = (*numbers, str(number)), (*titles, title)
        if below is None:
            print(f"{'>'.join(path):5}{'>'.join(words)}")
        else:
            show(below, path, words)


with open("grub.cfg") as lines:
    top = read(lines)
if len(sys.argv) == 1:
    show(top)
for value in sys.argv[1:]:
    print(f"{value}\n    {choose(top, value)}")
