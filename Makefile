# The desk's tasks. `make` lists them; the work is done by the scripts in deploy/.
SHELL := bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.tools:$(PATH)

desk = deploy/desk
BY ?= $(or $(USER),$(shell id -un))
export BY WHY ORDER AS BROKER_ID ACCOUNT ARGS DO DIR

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: tools ## the whole desk on this machine, pages on 8000 to 8004; Ctrl-C stops it
	@echo "building the programs (release)"
	@cargo build --release --bins
	@deploy/local/run

test: tools browser ## every test, against the real programs, bus and browser
	@cargo build --workspace --all-targets
	@deploy/local/test

check: tools browser ## what CI runs: format, lints, build, tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo build --workspace --all-targets
	@deploy/local/test

bench: tools ## start-up time and memory of this machine, printed and not asserted
	@cargo build --release --bins
	@deploy/local/bench

bench-feed: tools ## what the feed bears: stream, poll, reconnects, replay; printed: make bench-feed [ARGS='--seconds 10 stream']
	@deploy/local/bench-feed $(ARGS)

bench-page: tools browser ## what a page costs, beside one that draws all anew: make bench-page [MINUTES=5] [BARS=2000]
	@cargo build --release --bin dashboard
	@cargo build --quiet -p e2e --example bench-page
	@NATS_SERVER_BIN="$$(deploy/nats/install)" BIN_DIR=target/release BENCH_MINUTES="$(or $(MINUTES),5)" \
	  BENCH_BARS="$(or $(BARS),2000)" target/debug/examples/bench-page

screenshots: tools browser ## pictures of every view of the page into screenshots/: make screenshots [DIR=...]
	@cargo build --bins
	@cargo build --quiet -p e2e --example screenshots
	@NATS_SERVER_BIN="$$(deploy/nats/install)" target/debug/examples/screenshots "$(or $(DIR),screenshots)"

status: ## positions, orders, what is unresolved, who holds what
	@$(desk) status

halt: ## stop all trading at once: make halt WHY="..."
	@$(desk) halt --by "$$BY" --why "$$WHY"

reduce: ## allow exits only: make reduce WHY="..."
	@$(desk) reduce --by "$$BY" --why "$$WHY"

resume: ## trade again: make resume WHY="..."
	@$(desk) resume --by "$$BY" --why "$$WHY"

flatten: ## sell everything, after a typed confirmation: make flatten WHY="..."
	@$(desk) flatten --by "$$BY" --why "$$WHY"

settle: ## say what became of an order: make settle ORDER=... AS=placed|absent [BROKER_ID=...] WHY="..."
	@$(desk) settle --order "$$ORDER" --as "$$AS" $${BROKER_ID:+--broker-order-id "$$BROKER_ID"} --by "$$BY" --why "$$WHY"

live-arm: ## give leave to trade an account with real money: make live-arm ACCOUNT=... WHY="..."
	@$(desk) live-arm --account "$$ACCOUNT" --by "$$BY" --why "$$WHY"

replay: ## tell a tape: make replay DO=pause|resume|"step 10"|"speed 60"|"speed max"
	@$(desk) replay $$DO

record: target/release/ingest ## write prices to files that FEED=replay:DIR takes back: make record [DIR=...]; in containers: --profile record
	@exec target/release/ingest record $${DIR:+--folder "$$DIR"}

ticks: ## live prices as JSON, by the nats command line; Ctrl-C stops it
	@deploy/nats/cli sub 'ticks.>'

up: ## the desk in containers, of what stands here now, pages on 8000 to 8004
	@deploy/up

down: ## stop the containers; orders and prices stay in their volumes
	@docker compose --profile '*' down --remove-orphans

logs: ## follow what the containers say; S=executor for one service
	@docker compose logs --follow --tail 50 $(S)

scale: ## so many dashboards in containers: make scale N=7 (one more than the config has is a spare); DASHBOARDS=7 in .env keeps it
	@deploy/scale "$(N)"

nats: ## the nats command line on the bus: make nats ARGS='sub ticks.>'
	@deploy/nats/cli

secrets: ## a password of its own for every user of the bus, once, in secrets/ and .env
	@deploy/secrets

test-compose: ## the containers for real: started, locked down, killed, scaled; PARTS="kills" for some
	@deploy/tests/compose $(PARTS)

test-cluster: ## three nats-servers under a trading desk, whose leaders are killed; BIN_DIR=target/release
	@deploy/tests/cluster

test-observability: ## alerts and panels against the code; with PROMETHEUS=URL also against a running one
	@deploy/tests/observability

test-kubernetes: ## the manifests against Kubernetes' schemas; says what is missing for it
	@deploy/tests/k8s

tools: ## what a build needs: compiler, Rust, Node.js, nats-server; says what it installs
	@deploy/local/toolchain
	@deploy/nats/install >/dev/null

browser: ## what the page test needs: Chromium and its driver; says what it installs
	@deploy/local/browser

target/release/%:
	@echo "building $* (release)"
	@cargo build --release --bin $*

.PHONY: help run test check bench bench-feed bench-page screenshots status halt reduce resume flatten settle live-arm replay record ticks tools browser \
  up down logs scale nats secrets test-compose test-cluster test-observability test-kubernetes
