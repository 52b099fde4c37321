"""One module a command of ``notes``: what it does with its arguments, and its exit status."""
