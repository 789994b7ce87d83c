#!/bin/sh
# Tests ci/deps.sh without a network or a package: apt-get, apt-cache, dpkg-query, id and sudo are stand-ins that write down
# what they were asked.
set -eu
unset LOCAL OUT 2> /dev/null || : # of the make that runs the checks
here=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
mkdir "$tmp/bin"

fake() { # NAME, body on stdin
	{ echo '#!/bin/sh'; cat; } >"$tmp/bin/$1"
	chmod 755 "$tmp/bin/$1"
}
fake id <<'E2'
echo "$FAKE_UID"
E2
fake sudo <<'E2'
[ -n "${FAKE_SUDO:-}" ] || exit 1
[ "$1" = -n ] && shift
FAKE_UID=0 exec "$@"
E2
fake dpkg-query <<'E2'
for p; do last=$p; done
case " $FAKE_INSTALLED " in *" $last "*) printf installed ;; *) exit 1 ;; esac
E2
fake apt-cache <<'E2'
grep -q lists "$FAKE_LOG" && FAKE_LISTS=1
[ -n "${FAKE_LISTS:-}" ] && printf '%s:\n  Installed: (none)\n  Candidate: 1.0\n' "$2" || printf '%s:\n  Candidate: (none)\n' "$2"
E2
fake apt-get <<'E2'
names=
for w; do case $w in -* | DPkg* | Dpkg*) ;; *) names="$names $w" ;; esac; done
case $1 in update) echo lists >>"$FAKE_LOG" ;; esac
echo "apt-get$names policy=$([ -x "$POLICY" ] && sh "$POLICY" >/dev/null 2>&1; echo $?)" >>"$FAKE_LOG"
if [ "$1" = install ] && [ "${FAKE_FAIL:-0}" -gt "$(grep -c 'apt-get install' "$FAKE_LOG")" ]; then exit 100; fi
exit 0
E2

printf '%s\n' '# comment' '[build]' 'one # first' '' '  two' '[http3]' '[servers]' 'srv-a' 'srv-b#c' >"$tmp/packages.txt"

run() { # WORDS..., with FAKE_... in the environment
	: >"$tmp/log"
	rc=0
	env PATH="$tmp/bin:/usr/bin:/bin" PACKAGES="$tmp/packages.txt" POLICY="$tmp/policy-rc.d" BUILD="$tmp/build" FAKE_LOG="$tmp/log" \
		"$@" >"$tmp/out" 2>&1 </dev/null || rc=$?
	asked=$(grep -v lists "$tmp/log" | sed 's/ policy=[0-9]*//' | tr '\n' ';')
}

is() { # WHAT GOT WANT
	[ "$2" = "$3" ] && return
	echo "FAILED $1: got \"$2\", want \"$3\""
	failed=1
}

has() { # WHAT WORDS
	grep -qF -- "$2" "$tmp/out" && return
	echo "FAILED $1: no \"$2\" in: $(cat "$tmp/out")"
	failed=1
}

deps="sh $here/deps.sh"

run $deps --list build
is "list" "$(tr '\n' ' ' <"$tmp/out")" "one two "
run $deps --list servers
is "list servers" "$(tr '\n' ' ' <"$tmp/out")" "srv-a srv-b "
run $deps --list nothing
is "unknown section" "$rc" 2

run FAKE_UID=0 FAKE_INSTALLED="one two" $deps build http3
is "all there: status" "$rc" 0
is "all there: asks nobody" "$asked" ""

run FAKE_UID=0 FAKE_INSTALLED=one FAKE_LISTS=1 $deps build http3
is "one missing" "$rc $asked" "0 apt-get install two;"

run FAKE_UID=0 FAKE_INSTALLED="" $deps build
is "no lists" "$rc $asked" "0 apt-get update;apt-get install one two;"

run FAKE_UID=0 FAKE_INSTALLED="" FAKE_LISTS=1 FAKE_FAIL=2 $deps build
is "stale lists" "$rc $asked" "0 apt-get install one two;apt-get update;apt-get install one two;"

run FAKE_UID=1000 FAKE_SUDO=1 FAKE_INSTALLED="" FAKE_LISTS=1 $deps build
is "through sudo" "$rc $asked" "0 apt-get install one two;"

run FAKE_UID=1000 FAKE_INSTALLED="" $deps build
is "nobody: status" "$rc $asked" "1 "
has "nobody: line" "apt-get install --no-install-recommends one two"
has "nobody: offer" "make deps LOCAL=1"

run FAKE_UID=0 FAKE_INSTALLED=srv-a FAKE_LISTS=1 $deps servers
is "servers" "$rc $asked" "0 apt-get install srv-b;"
is "starts forbidden meanwhile" "$(sed -n 's/.*policy=//p' "$tmp/log")" 101
is "allowed again" "$([ -e "$tmp/policy-rc.d" ] && echo yes || echo no)" no

echo 'exit 7' >"$tmp/policy-rc.d"
run FAKE_UID=0 FAKE_INSTALLED="" FAKE_LISTS=1 FAKE_FAIL=9 $deps servers
is "failing install" "$([ "$rc" -ne 0 ] && echo fails)" fails
is "starts forbidden all the time" "$(sed -n 's/.*policy=//p' "$tmp/log" | sort -u)" 101
is "old policy is back" "$(cat "$tmp/policy-rc.d")" "exit 7"

[ $failed = 0 ] && echo "deps: all tests passed"
exit $failed
