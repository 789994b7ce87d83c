#!/bin/bash
# make check: unit tests, then whole runs.  Ends with one line that counts both.
# usage: ci/check.sh MAKE BUILD-DIR
set -u
make=$1
build=$2
passed=0 failed=0 skipped=0
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT

one() { # NAME COMMAND...: one more program that passes, fails, or ends 77: skipped
	local name=$1 rc
	shift
	"$@" > "$log/out" 2>&1
	rc=$?
	case $rc in
	0) passed=$((passed + 1)); echo "ok    $name  $(tail -n 1 "$log/out")" ;;
	77) skipped=$((skipped + 1)); echo "skip  $name  $(tail -n 1 "$log/out")" ;;
	*) failed=$((failed + 1)); echo "FAIL  $name (exit $rc)"; tail -n 60 "$log/out" | sed 's/^/      /' ;;
	esac
}

tests=$(find harness clients reports ci -name '*_test.c' | sort | sed 's/\.c$//')
bins=$(for t in $tests; do echo "$build/$t"; done)
$make -s $bins || { echo "the tests do not build"; exit 1; }
for t in $tests; do
	one "$t" "$build/$t"
done
# Tomcat, which is started a dozen times and leaves a dozen requests without an answer, and the whole self-test take minutes: "make
# servers", or WHOLE=1.
for script in ci/e2e/*.sh; do
	case $script in
	ci/e2e/lib.sh) ;;
	ci/e2e/targets.sh) [ -n "${WHOLE:-}" ] || export BUT=tomcat; one "$script" "$script" "$build/mtlspec" ;;
	*) one "$script" "$script" "$build/mtlspec" ;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
