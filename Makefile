# make site    the site in site/, every example run; sets up .venv first (also: make)
# make serve   the site at http://127.0.0.1:8000/, fresh after every save
# make test    everything that CI runs: ruff, mypy, all tests
# make bench   what checking costs, measured: docs/guides/speed.md and its data; on a machine that does nothing else
# make lock    the lock files anew from pyproject.toml (UPGRADE=1: with newer versions where it allows)
# make clean   takes away all that was made here
#
# PYTHON=… names the Python for .venv; otherwise the first of 3.11 to 3.13 is taken that can be used.

.DEFAULT_GOAL := site
.NOTPARALLEL:
.PHONY: site serve test bench lock clean

# Material's notice about a MkDocs that is not used here.
export NO_MKDOCS_2_WARNING := 1

site:
	@sh hooks/setup/setup.sh site
	.venv/bin/mkdocs build --strict

serve:
	@sh hooks/setup/setup.sh site
	.venv/bin/mkdocs serve

# Each of the three is run, so that one run says all that is wrong.
test:
	@sh hooks/setup/setup.sh test
	@failed=0; \
	.venv/bin/ruff check || failed=1; \
	.venv/bin/mypy || failed=1; \
	.venv/bin/pytest -n auto --dist loadfile || failed=1; \
	exit $$failed

bench:
	@sh hooks/setup/setup.sh test
	.venv/bin/python -m tests.bench

lock:
	@sh hooks/setup/lock.sh $(if $(UPGRADE),--upgrade)

clean:
	rm -rf .venv .cache site build *.egg-info tests/micropython/node_modules
	find ext -name '*.so' -delete
	find hooks ext tests -name __pycache__ -prune -exec rm -rf {} +
