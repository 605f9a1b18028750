# make run and make test set up everything they need. GIL=1 uses python3 instead of a free-threaded Python.
.PHONY: help run test test-threads test-c fuzz soak tsan compile-only bench lint format wheel clean

environment = scripts/environment $(if $(GIL),--gil)
export REQUIRE_FREE_THREADED DIR ROUNDS FUZZ_SECONDS

help:
	@echo 'make run [DIR=folder]  hash a folder and thumbnail photographs on every core, beside the standard library and Pillow'
	@echo 'make test              the tests (ARGS=... for pytest)'
	@echo 'make test-threads      the thread-safety tests, each in several threads at once'
	@echo 'make test-c            the C tests, under the address, undefined-behaviour and thread sanitizers'
	@echo 'make fuzz              the C code of hashes and resizes, with made-up input (FUZZ_SECONDS=600 each; clang)'
	@echo 'make soak              the long forms of the tests that have one: an hour and a half'
	@echo 'make tsan              the thread tests under ThreadSanitizer, with an interpreter built for it (once, 10 minutes)'
	@echo 'make compile-only      compiles against the headers of 3.14(t) and 3.15(t)'
	@echo 'make bench             the benchmarks (ARGS=... for pytest)'
	@echo 'make lint              ruff, mypy, stubtest, clang-format; make format mends what they can'
	@echo 'make wheel             sdist and wheel into dist/, tried out in an empty environment'
	@echo 'make clean             removes what the others made; the built interpreter stays'
	@echo 'GIL=1                  with any of them: python3 instead of a free-threaded Python'

run:
	@set -- $${ROUNDS:+--rounds "$$ROUNDS"} $${DIR:+"$$DIR"} && python=$$($(environment) demo) \
	  && "$$python" benchmarks/hash_folder.py "$$@" && echo && "$$python" benchmarks/thumbnail_photos.py "$$@"

test:
	@python=$$($(environment) test) && "$$python" -m pytest $(ARGS)

# Each test in four threads at once, on the same fixtures; not those that start processes, which keep every core busy alone.
test-threads:
	@python=$$($(environment) test) && "$$python" -m pytest -q --parallel-threads 4 --skip-thread-unsafe true \
	  $(or $(ARGS),tests/sync tests/hashing tests/imaging tests/pool/test_run.py tests/worker '--ignore-glob=*/test_process_*')

test-c:
	tests/csrc/run address
	tests/csrc/run thread

fuzz:
	tests/csrc/run fuzz

# What the tests do a few times, many times, and how long it took and what memory.
soak:
	@python=$$($(environment) test) && "$$python" -m pytest -m soak --soak --timeout 7200 -s $(ARGS)

tsan:
	scripts/tsan $(ARGS)

compile-only:
	scripts/compile-only

bench:
	@python=$$($(environment) bench) && "$$python" -m pytest benchmarks -q --timeout 900 --benchmark-disable-gc --benchmark-columns=min,median,rounds $(ARGS)

lint:
	@python=$$(scripts/environment --gil lint) && scripts/lint "$$python"

format:
	@python=$$(scripts/environment --gil lint) && scripts/lint "$$python" --fix

wheel:
	@python=$$($(environment) test) && scripts/wheel "$$python"

clean:
	rm -rf .venv build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .benchmarks
	find src \( -name '*.so' -o -name '*.pyd' \) -delete
	git clean -Xfq src
