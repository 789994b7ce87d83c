#!/bin/bash
# Where results go: a full disk, a directory that cannot be written, foreign files, older runs, a run that still goes on.
# usage: ci/e2e/disk.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
words=(--seed 5 --select 'tls=1.3,http=1.1,negotiation=required')

# Foreign files are never touched, not even looked at twice.
mkdir foreign
echo precious > foreign/thesis.txt
expect 2 "$mtlspec" run --out foreign "${words[@]}"
has 'foreign is not empty and holds no earlier run'
[ "$(cat foreign/thesis.txt)" = precious ] && [ "$(ls foreign)" = thesis.txt ] || fail "foreign files were touched"
expect 2 "$mtlspec" run --out foreign/thesis.txt "${words[@]}"
has 'is not a directory'
mkdir empty
expect 0 timeout 60 "$mtlspec" run --out empty "${words[@]}"

# Cannot be made or written.
expect 3 "$mtlspec" run --out foreign/thesis.txt/out "${words[@]}"
has 'foreign/thesis.txt'
expect 3 "$mtlspec" run --out /proc/mtlspec-out "${words[@]}"
has 'cannot make directory /proc/mtlspec-out'
mkdir shut && chmod 555 shut
if ! touch shut/x 2> /dev/null; then
	expect 3 "$mtlspec" run --out shut "${words[@]}"
	has 'shut'
	expect 3 "$mtlspec" run --out shut/out "${words[@]}"
	has 'cannot make directory shut/out'
fi

# Older runs are moved aside, never mixed.
cp empty/journal first.journal
expect 0 timeout 60 "$mtlspec" run --out empty/ "${words[@]}"
cmp -s empty.1/journal first.journal || fail "the older run is not in empty.1"
[ -s empty.1/results.xml ] && [ -s empty/results.xml ] || fail "results of one of the two runs are gone"
expect 0 timeout 60 "$mtlspec" run --out empty "${words[@]}"
[ -d empty.2 ] && [ ! -e empty.3 ] || fail "older runs: $(ls -d empty*)"
# The default place, from a directory of its own.
mkdir here
(cd here && expect 0 timeout 60 "$mtlspec" run "${words[@]}" && expect 0 timeout 60 "$mtlspec" run "${words[@]}") || exit 1
[ "$(ls here)" = "$(printf 'mtlspec-out\nmtlspec-out.1')" ] || fail "default --out: $(ls here)"

# A run that still goes on keeps its directory.
background busy "${words[@]}" --rate 30
eventually 20 half_way busy 5000 || fail "the run does not get on"
expect 2 "$mtlspec" run --out busy "${words[@]}"
has 'in use by a run that has not ended'
expect 2 "$mtlspec" run --out busy --resume "${words[@]}"
has 'in use by a run that has not ended'
kill -INT "$run"
wait "$run"
[ $? = 3 ] || fail "the run that was in the way did not end as usual"
[ -s busy/results.xml ] && [ ! -e busy.1 ] || fail "the run in use was moved"

# A full disk: a tiny file system in a mount namespace of its own.
private=(unshare -m)
mkdir tiny
[ "$(id -u)" = 0 ] || private=(unshare -rm)
"${private[@]}" mount -t tmpfs -o size=64k tmpfs tiny 2> /dev/null || skip "directories are right; no tmpfs can be mounted here for a full disk"

size=$(journal_bytes empty)
verdicts empty > whole.verdicts
cat > full.sh <<'EOF'
# usage: full.sh MTLSPEC LIB WHOLE ROOM SENTENCE CODE: runs in a file system of ROOM bytes; CODE of its report once there is room
. "$2" "$1"
whole=$3
words=(--seed 5 --select 'tls=1.3,http=1.1,negotiation=required')
mkdir tiny
mount -t tmpfs -o "size=$4" tmpfs tiny || exit 1
trap 'umount "$dir/tiny"; finish' EXIT
well_formed() {
	find tiny/out -name '*.tmp-*' | grep . && fail "$1: a half file is left"
	find tiny/out -name '*.xml' | while read -r file; do
		tail -c 20 "$file" | grep -qE '</(results|testsuites)>' || { echo "$file"; tail -c 100 "$file"; }
		! command -v xmllint > /dev/null || xmllint --noout "$file"
	done > broken 2>&1
	[ ! -s broken ] || { cat broken; fail "$1: truncated under a final name"; }
}
expect 3 timeout 60 "$mtlspec" run --out tiny/out "${words[@]}"
has 'No space left on device'
has "$5"
has 'exit status 3'
[ ! -e tiny/out/results.xml ] || fail "results.xml on a full disk"
well_formed "disk full"
expect "$6" "$mtlspec" report tiny/out --format console
has ' passed, '
expect 3 "$mtlspec" report tiny/out
has 'No space left on device'
well_formed "report on a full disk"
mount -o remount,size=8m tiny || exit 1
expect "$6" "$mtlspec" report tiny/out
well_formed "report"
verdicts tiny/out > part
[ "$(comm -12 "$whole" part | wc -l)" -gt 2 ] || fail "what was finished is lost"
grep -qE '^(false-|violation|crash)' part && fail "a full disk is judged: $(grep -vE '^pass' part)"
expect 0 timeout 60 "$mtlspec" run --out tiny/out --resume "${words[@]}"
diff "$whole" <(verdicts tiny/out) || fail "resumed: other verdicts than in one go"
EOF
full() {
	"${private[@]}" bash full.sh "$mtlspec" "$root/ci/e2e/lib.sh" "$dir/whole.verdicts" "$@" > full.log 2>&1 ||
		{ cat full.log; fail "full disk of $1"; }
}
full $((size / 2)) 'cannot write tiny/out/journal' 3
full $(((size / 4096 + 3) * 4096)) 'reports are missing' 0

# No room for keys and servers' files.
mkdir keys
"${private[@]}" bash -c 'mount -t tmpfs -o size=8k tmpfs keys && TMPDIR=$PWD/keys timeout 60 "$@"' x "$mtlspec" run --out out-keys "${words[@]}" > out 2>&1
code=$?
[ $code = 3 ] || { cat out; fail "no room in TMPDIR: exit $code"; }
has 'No space left on device'
has "$dir/keys"
grep -q '<error message=' out-keys/junit/*.xml || fail "no room in TMPDIR: JUnit shows no error"
echo "disk: foreign, shut, older, busy and full directories"
