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
	chmod -R u+w "$dir" 2> /dev/null
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
# eventually SECONDS COMMAND...: true as soon as the command is.
eventually() {
	local until=$(($(date +%s%N) + $1 * 1000000000))
	shift
	until "$@"; do
		[ "$(date +%s%N)" -lt $until ] || return 1
		read -rt 0.02 <> <(:) || :
	done
}
# descendants PID: its children, theirs and so on.
descendants() {
	cat /proc/[0-9]*/stat 2> /dev/null | awk -v root="$1" '
		{ line = $0; sub(/^[0-9]+ \(.*\) /, "", line); split(line, f, " "); parent[$1] = f[2] }
		END {
			for (p in parent) {
				q = parent[p]
				while (q != root && (q in parent))
					q = parent[q]
				if (q == root)
					print p
			}
		}'
}
# gone PID...: none of them runs any more (one that nobody has waited for yet does not).
gone() {
	local pid state
	for pid; do
		state=$(sed 's/^[0-9]* (.*) \(.\).*/\1/' "/proc/$pid/stat" 2> /dev/null)
		[ -z "$state" ] || [ "$state" = Z ] || return 1
	done
}
# background OUT ARGS...: mtlspec run in the background; sets $run.  What it says is in OUT.log.
background() {
	local out=$1
	shift
	"$mtlspec" run --out "$out" "$@" > "$out.log" 2>&1 &
	run=$!
	pids+=("$run")
}
# How far a run has come: bytes of its journal; 0 before it is there.
journal_bytes() { stat -c %s "$1/journal" 2> /dev/null || echo 0; }
half_way() { [ "$(journal_bytes "$1")" -ge "$2" ]; }
