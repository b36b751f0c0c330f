# `make` or `make help` lists what can be done. Every target installs the Debian packages it lacks (with sudo when not root).

SWIFT ?= swift
JOBS ?= 2
PREFIX ?= /usr/local
DESTDIR ?=

support := Tests/Support
packages := $(support)/install-packages
binary := .build/release/lifeboat
debug := .build/debug/lifeboat
root := $(DESTDIR)$(PREFIX)

.DEFAULT_GOAL := help
.PHONY: help swift-present build demo test bench lint coverage install clean

help: ## Show this list
	@echo "Lifeboat. Targets:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Settings: JOBS=2 build jobs, PREFIX=/usr/local and DESTDIR= for install, S3=1 for demo,"
	@echo "          FILTER=name for test (a part of the suite), BENCH='--quick' for bench."

swift-present:
	@command -v $(SWIFT) >/dev/null || { echo "error: no '$(SWIFT)' found; Swift 6.3 or later is needed, see https://www.swift.org/install/linux/" >&2; exit 1; }

build: swift-present ## Build .build/release/lifeboat, Swift runtime linked in
	@$(packages) build
	$(SWIFT) build -c release -j $(JOBS) --static-swift-stdlib --product lifeboat

demo: build ## Back up, destroy, restore, compare: files, SQLite, a MariaDB with uploads; then a drill; S3=1: through Ceph
	@$(packages) demo databases staging runbooks $(if $(filter 1,$(S3)),s3)
	$(support)/demo $(if $(filter 1,$(S3)),--s3) $(binary)

test: swift-present ## Run all tests, against real servers and a real restic
	@$(packages) build test
	$(SWIFT) build --build-tests -j $(JOBS)
	$(support)/run-tests $(SWIFT) test --skip-build -j $(JOBS) $(if $(FILTER),--filter '$(FILTER)')
	$(if $(FILTER),,$(support)/test-scripts)
	$(if $(FILTER),,$(support)/side-by-side $(JOBS) '$(support)/test-drills $(debug)' '$(support)/test-faults $(debug)' \
		'$(support)/test-fence $(debug)' $(support)/test-staging '$(support)/test-other-application $(debug)')

bench: build ## Measure against restic, borg and tar|zstd|openssl; BENCH='--help' lists the options
	@$(packages) bench databases staging runbooks $(if $(findstring --s3,$(BENCH)),s3)
	$(support)/bench --lifeboat $(binary) $(BENCH)
	$(support)/bench-databases --lifeboat $(binary)
	$(support)/bench-recovery --lifeboat $(binary) $(filter --quick,$(BENCH))
	$(support)/bench-drills --lifeboat $(binary) $(filter --quick,$(BENCH))
	$(support)/bench-catalog --lifeboat $(binary) $(if $(filter --quick,$(BENCH)),--events 10000)

lint: swift-present ## Check format, sizes, leftovers and scripts
	@$(packages) lint
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift
	$(support)/tidy

coverage: swift-present ## Run the tests with coverage and print lines covered by module
	@$(packages) build test
	$(SWIFT) test --enable-code-coverage -j $(JOBS) --scratch-path .build/coverage
	$(support)/coverage "$$($(SWIFT) test --show-codecov-path --scratch-path .build/coverage)"

# As root after a build by somebody else, what was built is installed: root may have no Swift, and leaves no files behind.
install: ## Install binary (stripped), completions and man pages under DESTDIR/PREFIX
	@test -x $(binary) || $(MAKE) build
	@$(packages) install
	$(support)/install $(binary) '$(root)'

clean: ## Remove everything that was built
	rm -rf .build
