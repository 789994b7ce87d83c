#!/bin/bash
# Ctrl-C, SIGTERM, kill -9 and --resume: what was finished is reported, nothing is left running, and the whole comes out as if
# nobody had interfered.  usage: ci/e2e/interrupted.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
hostile=$(dirname "$mtlspec")/ci/hostile
export TMPDIR=$dir/tmp
mkdir "$TMPDIR"
# One fault, so that there are failures to be lost, and replays that the end may come before.
# not those that let time pass: with --jobs 0 they would do so one behind the other
past=(--skip 'live/*' --skip 'resumption/*' --skip 'late/*' --skip 'early-data/*')
words=(--seed 7 --fault accepts-expired --select 'tls=1.3,http=1.1' "${past[@]}")
slow=(--rate 150 --in-flight 4)

expect 1 timeout 240 "$mtlspec" run --out whole "${words[@]}"
verdicts whole > whole.verdicts
total=$(wc -l < whole.verdicts)
[ "$total" -gt 100 ] || fail "only $total cases: nothing to interrupt"
grep -q '^false-accept .*leaf-expired' whole.verdicts || fail "the fault shows nothing"
size=$(journal_bytes whole)

same_as_whole() { # DIR
	diff whole.verdicts <(verdicts "$1") > difference || { head difference; fail "$1: other verdicts than in one go"; }
}
well_formed() { # DIR
	command -v xmllint > /dev/null || return 0
	xmllint --noout "$1/results.xml" "$1"/junit/*.xml || fail "$1: broken XML"
}
# part DIR: what it reports came out as in one go; sets $done.  Cases that no control came behind prove nothing: only after kill -9.
part() { # DIR [inconclusive]
	verdicts "$1" | grep -v "^${2:-nothing} " > part
	done=$(verdicts "$1" | wc -l)
	[ "$done" -gt 10 ] && [ "$done" -lt "$total" ] || fail "$1: $done of $total cases: not the middle"
	comm -13 whole.verdicts part > difference
	[ -s difference ] && { cat difference; fail "$1: judged otherwise than in one go"; }
	grep -q 'interrupted="yes"' "$1/results.xml" || fail "$1: results.xml does not say interrupted"
	grep -q '<error message="interrupted' "$1/junit/TEST-mtlspec.xml" || fail "$1: JUnit does not say interrupted"
	well_formed "$1"
}
ended() { # CODE SIGNAL WITHIN-SECONDS: signals the run in $run and waits for its end
	local begin code
	begin=$(date +%s%N)
	for signal in $2; do
		kill "-$signal" "$run"
		eventually 5 taken # two that wait to be delivered are one
	done
	wait "$run"
	code=$?
	[ "$code" = "$1" ] || { cat ./*.log; fail "SIG$2: exit $code, wanted $1"; }
	[ $((($(date +%s%N) - begin) / 1000000000)) -lt "$3" ] || fail "SIG$2: took longer than $3 s"
}
taken() { ! grep -qE '^(Sig|Shd)Pnd:.*[1-9a-f]' "/proc/$run/status" 2> /dev/null; }
nothing_left() {
	eventually 10 gone $family || fail "left running: $(for p in $family; do gone "$p" || tr '\0' ' ' < "/proc/$p/cmdline"; done)"
	eventually 10 empty || fail "left behind: $(ls "$TMPDIR")"
}
empty() { [ -z "$(ls "$TMPDIR")" ]; }

# Ctrl-C and SIGTERM half way: an orderly end, then the rest.
for signal in INT TERM; do
	background out-$signal "${words[@]}" "${slow[@]}"
	eventually 20 half_way out-$signal $((size / 3)) || fail "the run does not get on"
	family=$(descendants "$run")
	ended 1 $signal 10 # failures were found, and they come before "interrupted" (3)
	cp out-$signal.log out
	has 'interrupted: this is what was finished until then'
	has 'not reached'
	has 'exit status 1'
	part out-$signal
	nothing_left
	expect 1 timeout 240 "$mtlspec" run --out out-$signal --resume "${words[@]}"
	has_not 'interrupted'
	same_as_whole out-$signal
	[ ! -e out-$signal/junit/TEST-mtlspec.xml ] || fail "JUnit still says interrupted"
done

# Nothing wrong so far: interrupted is 3.
background sound --seed 7 --select 'tls=1.3,http=1.1' "${past[@]}" "${slow[@]}"
eventually 20 half_way sound $((size / 3)) || fail "the run does not get on"
ended 3 INT 10
cp sound.log out
has 'interrupted: this is what was finished until then'
has 'exit status 3'
has_not 'inconclusive'
expect 0 timeout 240 "$mtlspec" run --out sound --resume --select 'tls=1.3,http=1.1' "${past[@]}"

# kill -9: the journal stands, everything else goes.
background killed "${words[@]}" "${slow[@]}"
eventually 20 half_way killed $((size / 3)) || fail "the run does not get on"
family=$(descendants "$run")
[ "$(wc -w <<< "$family")" -gt 4 ] || fail "no workers and no server: $family"
kill -9 "$run"
wait "$run" 2> /dev/null
nothing_left
[ ! -e killed/results.xml ] || fail "results.xml before the end"
expect 1 "$mtlspec" report killed
has 'interrupted: this is what was finished until then'
part killed inconclusive
# The same with a torn record at the end, and from elsewhere.
truncate -s -7 killed/journal
(cd / && expect 1 "$mtlspec" report "$dir/killed" --format results --format junit) || exit 1
part killed inconclusive
cp -R killed killed-twice

# Other words than before are refused, and nothing is touched.
cp killed/journal journal.before
refused() { # SENTENCE ARGS...
	local sentence=$1
	shift
	expect 2 "$mtlspec" run --out killed --resume "$@"
	has "$sentence"
	cmp -s killed/journal journal.before || fail "a refused --resume changed the journal: $*"
}
refused 'had --seed 7' --seed 8 "${words[@]:2}"
refused '--select is not what' --seed 7 --fault accepts-expired --select 'tls=1.2,http=1.1' "${past[@]}"
refused '--fault is not what' --seed 7 --select 'tls=1.3,http=1.1' "${past[@]}"
refused '--target is not what' "${words[@]}" --target reference --target nginx
refused '--repeat is not what' "${words[@]}" --repeat 2
mkdir suites && cp -R "$root"/suites/. suites/
sed -i '0,/<title>/s//<title>Changed: /' suites/scenarios/chain.xml
MTLSPEC_SUITES=$dir/suites refused 'the suite or a target file has changed' "${words[@]}"
MTLSPEC_SUITES=$dir/suites expect 2 "$mtlspec" report killed
has 'has changed since the run'
expect 2 "$mtlspec" run --out nowhere --resume
has 'holds no journal'
expect 2 "$mtlspec" report nowhere
has 'nowhere'

# Resumed, interrupted again, killed again, resumed to the end; a finished run resumed stays what it is.
background killed --resume "${words[@]}" --rate 60
eventually 20 half_way killed $((size / 2)) || fail "the resumed run does not get on"
ended 1 INT 10
part killed inconclusive # of the first part, whose turn had not come again
expect 1 timeout 240 "$mtlspec" run --out killed --resume "${words[@]:2}" # the seed is remembered
same_as_whole killed
expect 1 timeout 240 "$mtlspec" run --out killed --resume "${words[@]}"
same_as_whole killed
expect 1 timeout 240 "$mtlspec" run --out killed-twice --resume "${words[@]}" --jobs 0
same_as_whole killed-twice

# Two signals end at once, whatever the server keeps back; so does one while a target gets ready.
"$hostile" silent > port 2>&1 &
pids+=($!)
eventually 10 grep -q '^port' port || fail "hostile did not start"
port=$(sed -n 's/^port //p' port)
cat > silent.xml <<XML
<target xmlns="urn:mtlspec:1" id="silent" product="silent" tls="1.3" http="1.1" has="">
  <title>Accepts and says nothing</title>
  <endpoint id="main" negotiation="required" url="https://localhost:$port/" address="127.0.0.1:$port"/>
  <accept status="200"/> <reject status="400"/>
</target>
XML
background silent --target silent.xml --timeout 60s
eventually 20 half_way silent 100 || fail "nothing begins"
ended 3 'INT INT' 4
grep -q 'interrupted' silent.log || fail "two signals: no word of it"
# The same where the case that hangs runs in the process itself.
background inline --timeout 60s --jobs 0 "${words[@]}" "${slow[@]}"
eventually 20 half_way inline $((size / 3)) || fail "the run does not get on"
for server in $(descendants "$run"); do
	tr '\0' ' ' < "/proc/$server/cmdline" | grep -q ' serve ' && kill -STOP "$server"
done
still() { [ "$(journal_bytes inline)" = "$(read -rt 0.3 <> <(:); journal_bytes inline)" ]; }
eventually 10 still || fail "the run goes on without its server"
ended 1 'INT INT' 10
part inline inconclusive
sed -e 's/id="silent"/id="never"/' -e "s/<endpoint/<process id=\"p\"><argument>$(command -v tail | sed 's,/,\\/,g')<\/argument><argument>-f<\/argument><argument>\/dev\/null<\/argument><\/process>&/" \
	silent.xml > never.xml
background never --target never.xml --timeout 60s
eventually 20 half_way never 100 || fail "nothing begins"
family=$(descendants "$run")
ended 3 INT 4
grep -q 'the run ended before this target' never.log || { cat never.log; fail "no word of the target"; }
nothing_left
echo "interrupted: INT, TERM, kill -9, resumed to the same $total verdicts"
