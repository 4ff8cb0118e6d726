# Stillpoint. The two commands: `make demo` and `make test`; `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

NAME ?= a
SUITE ?= postgresql
RUNS ?=
SEED ?=
APPS ?=
NAMESPACES ?=
export NAME RUNS SEED APPS NAMESPACES

TS := node --import ./tools/ts.mjs

.PHONY: help machine demo test verify unit alerts generate integration e2e e2e-large proof proof-controls bench cluster-up cluster-down down clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Not `npm ci`: it refuses the lock file where a registry does not serve the optional binaries of other platforms. Versions and
# integrity come from the lock file all the same, and it is not rewritten.
node_modules/.installed: package.json package-lock.json .npmrc
	@command -v node >/dev/null || { echo 'Node.js >= 20.19 is missing: see https://nodejs.org or your distribution' >&2; exit 1; }
	npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

machine: # What lint and the unit tests run besides Node
	@tools/need shellcheck:shellcheck busybox:busybox

demo: node_modules/.installed ## From nothing to a PostgreSQL namespace snapshotted, destroyed, restored and verified (KUBECONFIG set: on that cluster)
	@tools/demo

test: machine node_modules/.installed ## Everything that CI runs; the last line is `N passed, N failed`
	@$(TS) test/run.ts all

verify: machine node_modules/.installed ## Lint, types, generated files, unit tests, unused code
	@$(TS) test/run.ts verify

unit: machine node_modules/.installed ## Unit tests only
	@npm run --silent unit

alerts: ## Alert rules of the chart against promtool, which is built once and kept
	@tools/check-alerts

generate: node_modules/.installed ## Writes crds/ and the chart's copies from src/api
	@npm run --silent generate

integration: node_modules/.installed ## Integration tests on the test cluster NAME
	@$(TS) test/run.ts integration

e2e: node_modules/.installed ## End-to-end suite: make e2e SUITE=postgresql|kafka|cassandra|elasticsearch|four|restore|install|admission|shapes|gate|profile|policy|copies|restore-remote|second-cluster|tenancy|drill|kill|kill-databases|crash|storm|many|proof|vantage-pod|proof-controls|audit; APPS= for kill-databases and proof
	@$(TS) test/run.ts e2e $(SUITE)

e2e-large: node_modules/.installed ## The same suites with larger numbers: RUNS=, SEED=, APPS=; SUITE=many: NAMESPACES=
	@RUNS=$${RUNS:-50} $(TS) test/run.ts e2e $(SUITE)

proof: node_modules/.installed ## Cuts under load through all applications, restored and every token accounted for: RUNS=, SEED=, APPS=
	@RUNS=$${RUNS:-20} $(TS) test/run.ts e2e proof

proof-controls: node_modules/.installed ## Bad cuts that the proof must catch, RUNS= times each
	@RUNS=$${RUNS:-5} $(TS) test/run.ts e2e proof-controls

bench: SUITE = window
bench: node_modules/.installed ## Windows against the bare cut, into test/.artifacts: RUNS=, SIZES=, WRITERS=, RESUME=1; SUITE=databases: all four in one window; SUITE=scale: 100 k objects; SUITE=mover: movers against bare restic, GIB=
	@$(TS) test/run.ts bench $(SUITE)

cluster-up: ## Starts the test cluster NAME=a|b|…|f
	@test/cluster/bed up

cluster-down: ## Stops the test cluster NAME=a|b|…|f
	@test/cluster/bed down

down: ## Stops everything of ours on this machine and checks that nothing is left
	@NAME=all test/cluster/bed down
	@test/cluster/check-clean

clean: ## Removes what builds left in the checkout (caches stay)
	rm -rf dist node_modules test/.artifacts
