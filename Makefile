# Sonde: what a person types. Each target is one short script or command.

SWIFT ?= swift
SONDE_DATA ?= ./data
SONDE_PORT ?= 8080
IMAGES ?=

.PHONY: help setup build run demo test tsan soak bench fmt check images images-test chart manifests deb clean

help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that building and running need.
	@scripts/setup.sh build

# With Swift's own libraries inside: they run where no toolchain is, and calls into them cost less.
build: setup ## Build all executables in release mode, into .build/release.
	$(SWIFT) build -c release --static-swift-stdlib
	@scripts/vendor.sh .build/vendor

run: build ## Start the six services; Ctrl-C stops them.
	@exec .build/release/sonde up --data $(SONDE_DATA) --port $(SONDE_PORT)

demo: build ## Run everything in a simulated network of 40 hosts, with an incident under way; takes root.
	@exec scripts/demo.sh .build/demo $(SONDE_PORT)

test: ## Run every test.
	@scripts/test.sh

tsan: setup ## Run the tests of loop, HTTP and JSON-RPC under the thread sanitizer.
	@scripts/tsan.sh

soak: ## Keep the store away for ten minutes, kill the agent 50 times and the store 200 times, and send too much for a minute.
	@SONDE_SOAK_KILLS=50 SONDE_SOAK_SECONDS=600 $(SWIFT) test --filter spoolOverKills
	@SONDE_SOAK_STORE_KILLS=100 $(SWIFT) test --skip-build --filter killedStore
	@SONDE_SOAK_OVERLOAD_SECONDS=60 $(SWIFT) test --skip-build --filter OverloadTests

bench: ## Run the benchmarks beside their peers.
	@scripts/bench.sh

fmt: ## Format the Swift sources.
	$(SWIFT) format --in-place --parallel --recursive Package.swift Benchmarks Services Shared Tests

check: ## Check format, types and scripts without running anything.
	@scripts/check.sh

images: ## Build the container images, with docker or buildah, and say what is in them and how large they are.
	@scripts/images.sh $(IMAGES)

images-test: ## Build the images without a registry and run them as the chart says; takes root, and as long as a release.
	@scripts/setup.sh build test images
	@scripts/tools.sh chart Tests/Chart/requirements.txt >/dev/null
	@scripts/images-test.sh

chart: ## Check the chart and pack it, into .build/chart.
	@scripts/setup.sh check chart
	@scripts/chart.sh

manifests: ## Render the chart's defaults into k8s/.
	@"$$(scripts/tools.sh chart Tests/Chart/requirements.txt)/bin/python" scripts/manifests.py k8s

deb: setup ## Make a Debian package of the agent, for hosts outside a cluster.
	@scripts/deb.sh

clean: ## Remove what was built; data and tools stay.
	rm -rf .build
