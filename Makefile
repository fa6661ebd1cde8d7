# Everything a fresh Debian machine with Swift 6.3 needs: `make run` and `make test`.

SWIFT ?= swift
# A module that a target imports and does not name builds here by luck and not from a clean clone: an error.
BUILD := $(SWIFT) build -c release --explicit-target-dependency-import-check=error
BIN = $(shell $(BUILD) --show-bin-path 2>/dev/null)
PACKAGES := librocksdb-dev libzstd-dev libsimdjson-dev libxxhash-dev libssl-dev zlib1g-dev libre2-dev libyaml-dev libmaxminddb-dev uap-core \
    pkg-config
DATA ?= ./weir-data
DEMO ?= ./weir-demo
EVENTS ?= 5000000

.PHONY: help deps build run demo browser test torture lint soak bench-load bench-ingest bench-storage bench-peers bench-growth bench-live clean

help:
	@echo "make run    install what is missing, build, start the server on $(DATA)"
	@echo "make demo   the same on $(DEMO), with a month of generated events and more coming in"
	@echo "make browser  install Chromium, so that make test can try the dashboard and the beacon in it"
	@echo "make test   build, then every test"
	@echo "make torture  kill, starve and damage the server at every place, for about an hour"
	@echo "make soak   keep a server busy with faults and watch whether it grows or errs (DURATION=1h)"
	@echo "make bench-load  load $(EVENTS) generated events and time the queries (EVENTS=N)"
	@echo "make bench-ingest  measure taking events in, beside ClickHouse's engine and nginx (EVENTS=N PEERS=0)"
	@echo "make bench-storage  measure the storage engine, with ClickHouse's beside it (EVENTS=N PEERS=0 EVENTS_BIG=0 JSON=FILE)"
	@echo "make bench-peers  time the queries beside ClickHouse's engine and DuckDB, answers compared (EVENTS=N PEERS=0 JSON=FILE)"
	@echo "make bench-growth  the same over 2, 20 and 200 million events, with memory (SIZES=\"N N\" JSON=FILE)"
	@echo "make bench-live  time a dashboard's queries idle and with ingest at half its maximum (EVENTS=N JSON=FILE)"
	@echo "make lint   check the format of the sources"
	@echo "make clean  remove what was built"

# The Debian packages that Package.swift names; asks for root only if one is missing.
deps:
	@missing=""; for package in $(PACKAGES); do \
	    dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	    echo "installing$$missing"; \
	    if [ "$$(id -u)" = 0 ]; then sudo=""; else sudo="sudo"; fi; \
	    $$sudo apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is needed: https://www.swift.org/install/linux/"; exit 1; }

build: deps
	$(BUILD) --product weir
	$(BUILD) --product loadgen

run: build
	@echo "When it listens: the dashboard is at http://127.0.0.1:8080/, the API is described at /openapi.json."
	exec "$(BIN)/weir" serve --data "$(DATA)"

# Generated events of the last thirty days, up to now, and then some every second until Ctrl-C.
demo: build
	Loadgen/demo.sh "$(BIN)" "$(DEMO)"

# Tests in a browser are left out without it; it is large, and nothing else needs it.
browser:
	@command -v chromium >/dev/null && command -v python3 >/dev/null || { \
	    if [ "$$(id -u)" = 0 ]; then sudo=""; else sudo="sudo"; fi; \
	    $$sudo apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends chromium python3; }

# Tests run optimised: their hot loops are the program's, and one build serves both (`swift test` alone would build all again).
test: build
	$(BUILD) --build-tests
	$(SWIFT) test -c release --skip-build --no-parallel --disable-xctest

# What `make test` samples, in full: every fault point, every file call, every byte of a log's end.
torture: build
	$(BUILD) --build-tests
	WEIR_TORTURE=1 $(SWIFT) test -c release --skip-build --no-parallel --disable-xctest --filter '^TortureTests'

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Storage Queries Loadgen Tests

# Rounds of a minute, each verified; the seed of each is told, so that one can be run again by itself.
soak: DURATION = 1h
soak: build
	Loadgen/soak.sh "$(BIN)" "$(DURATION)"

bench-load: build
	Loadgen/load-bench.sh "$(BIN)" "$(EVENTS)"

# PEERS=0 leaves ClickHouse and nginx out. Needs wrk, and nginx to compare with (Debian packages), which nothing else does.
bench-ingest: EVENTS = 2000000
bench-ingest: build
	EVENTS="$(EVENTS)" Loadgen/ingest-bench.sh "$(BIN)"

# PEERS=0 leaves ClickHouse out, EVENTS_BIG=0 the store of 100 million events; JSON=FILE writes the figures as well.
bench-storage: EVENTS = 20000000
bench-storage: build
	$(BUILD) --product storage-bench
	EVENTS="$(EVENTS)" Loadgen/storage-bench.sh "$(BIN)" $(if $(JSON),--json "$(JSON)")

# What was loaded stays in .build/bench for the next run; the first takes some minutes.
bench-peers: EVENTS = 20000000
bench-peers: build
	$(BUILD) --product storage-bench
	EVENTS="$(EVENTS)" Loadgen/peers-bench.sh "$(BIN)" $(if $(JSON),--json "$(JSON)")

# The first run takes hours and 20 GB of disk.
bench-growth: SIZES = 2000000 20000000 200000000
bench-growth: build
	$(BUILD) --product storage-bench
	SIZES="$(SIZES)" Loadgen/growth-bench.sh "$(BIN)" $(if $(JSON),--json "$(JSON)")

bench-live: EVENTS = 20000000
bench-live: build
	$(BUILD) --product storage-bench
	EVENTS="$(EVENTS)" Loadgen/live-bench.sh "$(BIN)" $(if $(JSON),--json "$(JSON)")

clean:
	$(SWIFT) package clean
