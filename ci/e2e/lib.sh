# lib.sh - what every end-to-end script begins with: sourced, with the binary as $1.
set -u
mtlspec=$(readlink -f "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dir=$(mktemp -d) || exit 1
pids=()
finish() {
	for pid in "${pids[@]:-}"; do
		[ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$dir"
}
trap finish EXIT
cd "$dir" || exit 1

fail() { echo "FAILED: $*"; exit 1; }
skip() { echo "skipped: $*"; exit 77; }

# expect CODE COMMAND...: runs it (output in $dir/out), fails unless it ends with CODE.
expect() {
	local want=$1 got
	shift
	"$@" > "$dir/out" 2>&1
	got=$?
	[ "$got" = "$want" ] || { cat "$dir/out"; fail "exit $got, wanted $want: $*"; }
}
# has TEXT: the last output holds it.
has() { grep -qF -- "$1" "$dir/out" || { cat "$dir/out"; fail "output lacks: $1"; }; }
has_not() { ! grep -qF -- "$1" "$dir/out" || { cat "$dir/out"; fail "output has: $1"; }; }
# verdicts DIR: "VERDICT ID" of every case of a run, sorted.
verdicts() {
	grep -oE '<case [^>]*>' "$1/results.xml" |
		sed -E 's/.* id="([^"]*)".*/\1 &/; s/^([^ ]*) .* verdict="([^"]*)".*/\2 \1/' | sort
}
count() { verdicts "$1" | grep -cE "$2"; }
