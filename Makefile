# make site    the site in site/, every example run; sets up .venv first (also: make)
# make serve   the site at http://127.0.0.1:8000/, fresh after every save
# make test    everything that CI runs: ruff, mypy, all tests
# make fuzz    the random tests anew, again and again for MINUTES=10
# make bench   what checking and guests cost, measured: docs/guides/speed.md, docs/guides/guests.md and their data; on a
#              machine that does nothing else
# make lock    the lock files anew from pyproject.toml (UPGRADE=1: with newer versions where it allows;
#              NEWEST=1: raises the pins there as well)
# make clean   takes away all that was made here
#
# PYTHON=… names the Python for .venv; otherwise the first of 3.11 to 3.13 is taken that can be used.

.DEFAULT_GOAL := site
.NOTPARALLEL:
.PHONY: site serve test fuzz bench lock clean

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

# Under CI's own profile Hypothesis tries the same examples each time.
fuzz:
	@sh hooks/setup/setup.sh test
	@end=$$(($$(date +%s) + 60 * $(or $(MINUTES),10))); \
	while :; do \
		.venv/bin/pytest -q -m hypothesis -n auto --dist loadfile --hypothesis-profile=pagewalk || exit 1; \
		[ $$(date +%s) -lt $$end ] || break; \
	done

bench:
	@sh hooks/setup/setup.sh test
	.venv/bin/python -m tests.bench

lock:
	@sh hooks/setup/lock.sh $(if $(NEWEST),--newest,$(if $(UPGRADE),--upgrade))

clean:
	rm -rf .venv .cache site build *.egg-info tests/*/node_modules
	find ext -name '*.so' -delete
	find hooks ext tests -name __pycache__ -prune -exec rm -rf {} +
