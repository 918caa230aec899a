# One door to everything. `make` alone lists the targets.
# A machine needs Python 3.11 or later, make and a package registry; everything else is installed here.

PYTHON ?= python3
ENGINE ?= docker
UV := .tools/bin/uv
RUN := .venv/bin/
# What installs or builds something, or runs test suites of its own: for `make test-clients`.
SLOW := tests/clients tests/image tests/plugin
# Read by the recipes that name them alone.
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' app/together_mock/__init__.py)
REVISION = $(shell git describe --always --abbrev=40 --exclude='*' --dirty)

export UV_PYTHON_DOWNLOADS = never
export UV_COMPILE_BYTECODE = 1

.PHONY: help serve test lint unit test-clients bench docs site dist image lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

serve: .venv/.synced ## run the server on http://127.0.0.1:4010
	@$(RUN)together-mock serve $(ARGS)

test: lint unit ## lint, types, layers, and every test but those of the other client generations

lint: .venv/.synced ## ruff, mypy, import-linter, hadolint
	$(RUN)ruff format --check --quiet app tests benchmarks docs/examples docs/site
	$(RUN)ruff check --quiet app tests benchmarks docs/examples docs/site
	$(RUN)mypy --no-error-summary
	$(RUN)lint-imports --no-logo
	$(RUN)hadolint Dockerfile

unit: .venv/.synced
	$(RUN)pytest -n auto tests docs/examples $(addprefix --ignore=,$(SLOW))

test-clients: .venv/.synced ## every SDK and command-line generation, third-party clients, pages, the image
	$(RUN)pytest -n 2 --dist loadgroup -rs $(SLOW)

bench: .venv/.synced ## the figures, with the machine described
	$(RUN)python -m benchmarks

docs: .venv/.synced ## write the generated tables, and what the walkthroughs really print
	cd tests && ../$(RUN)python -m tables && ../$(RUN)python -m image.sizes && ../$(RUN)python -m clients.walkthroughs

site: $(UV) ## build the pages as a site in .site/, strictly: a broken link or anchor is an error
	@UV_PROJECT_ENVIRONMENT=.clients/site $(UV) sync --quiet --frozen --only-group docs --python $(PYTHON)
	@NO_MKDOCS_2_WARNING=1 .clients/site/bin/mkdocs build --strict --config-file docs/site/mkdocs.yml

dist: $(UV) ## the source distribution and the wheel in dist/, by the build backend of the lock file
	@$(UV) export --quiet --frozen --only-group build --output-file .tools/build.txt
	@$(UV) build --build-constraints .tools/build.txt --require-hashes $(ARGS)

image: ## the image, labelled with version and revision; it needs a container engine
	$(ENGINE) build --tag together-mock --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) $(ARGS) .

lock: $(UV) ## resolve the dependencies anew
	$(UV) lock --upgrade

clean: ## remove what the other targets installed
	rm -rf .venv .tools .clients .site

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'

.venv/.synced: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --python $(PYTHON)
	@touch $@
