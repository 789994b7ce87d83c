#!/bin/bash
# Every input that once taught us something, through the fuzzers that "make fuzz" drives; here without a fuzzing engine.
# usage: ci/e2e/corpus.sh MTLSPEC
exec "$(dirname "$0")/../fuzz.sh" --replay "$(dirname "$(readlink -f "$1")")"
