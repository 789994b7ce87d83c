#!/bin/bash
# What the options of run do: pace and workers, repetition, order, verdicts that are known, severities, a baseline, colours.
# usage: ci/e2e/options.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
few=(--select 'chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-*')
bad=(--fault accepts-expired "${few[@]}")
expired='chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]'
run() { # CODE OUT ARGS...
	local code=$1 out=$2
	shift 2
	expect "$code" timeout 240 "$mtlspec" run --out "$out" "$@"
}
verdict() { verdicts "$1" | grep -F " $2" | cut -d' ' -f1; }

run 0 plain --seed 1 "${few[@]}"
verdicts plain > plain.verdicts
total=$(wc -l < plain.verdicts)
[ "$total" -gt 10 ] || fail "only $total cases"
same() { diff plain.verdicts <(verdicts "$1") || fail "$1: other verdicts"; }

# However many at once, the verdicts are the same.
for words in '--jobs 0' '--jobs 1' '--in-flight 1' '--jobs 32 --in-flight 32' '--timeout 5s'; do
	run 0 "out$words" $words --seed 1 "${few[@]}"
	same "out$words"
done
timeout 240 "$mtlspec" run --out null --null-transport --seed 1 "${few[@]}" > out 2>&1
has 'null transport: no connection was made'
begin=$(date +%s%N)
run 0 rate --rate 50 --in-flight 4 --seed 1 "${few[@]}"
same rate
[ $((($(date +%s%N) - begin) / 1000000)) -ge $((total * 20)) ] || fail "--rate 50: $total cases in less than $((total * 20)) ms"
run 0 repeat --repeat 3 --seed 1 "${few[@]}"
same repeat
[ "$(grep -c '<run ' repeat/results.xml)" = $((3 * total)) ] || fail "--repeat 3: $(grep -c '<run ' repeat/results.xml) runs of $total cases"
run 0 stats --stats --seed 1 "${few[@]}"
has "stats: cases=$total "

# The seed decides the order, as the server sees it, and nothing else.
sed 's/.*condition=//; s/]$//' plain.verdicts > conditions
order() {
	"$mtlspec" run --out "order-$1-$2" --seed "$1" --in-flight 1 "${few[@]}" > /dev/null 2>&1
	grep -aoFf conditions "order-$1-$2/journal" | uniq | md5sum
}
[ "$(order 11 a)" = "$(order 11 b)" ] || fail "the same seed, another order"
[ "$(order 11 a)" != "$(order 12 a)" ] || fail "another seed, the same order"
run 0 seeded "${few[@]}"
seed=$(sed -n 's/.*, seed \([0-9]*\),.*/\1/p' out)
grep -q "seed=\"$seed\"" seeded/results.xml || fail "results.xml does not name seed $seed"

# --quick: fewer cases, of every scenario some.
expect 0 "$mtlspec" list
grep -oE '^[a-z0-9-]+/[a-z0-9-]+' out | sort -u > scenarios
slow=$(grep -cE '^[a-z0-9-]+/.*\[' out)
expect 0 "$mtlspec" list --quick
[ "$(grep -cE '^[a-z0-9-]+/.*\[' out)" -lt $((slow * 2 / 3)) ] || fail "--quick leaves out little"
grep -oE '^[a-z0-9-]+/[a-z0-9-]+' out | sort -u | cmp -s - scenarios || fail "--quick leaves whole scenarios out"
run 0 quick --quick --select 'condition=leaf-expired'
# A client that no scenario asks for runs nothing, and says so; one that some ask for runs those.
timeout 240 "$mtlspec" run --out browser --client browser > out 2>&1
case $? in
4) has 'nothing ran' ;;
0) grep -oE '<case [^>]*>' browser/results.xml | grep -v 'client="browser"' | head -n 1 | grep . && fail "--client browser runs another client" ;;
*) cat out; fail "--client browser" ;;
esac

# Failures: their severity, and what fails with --strict.
run 1 bad "${bad[@]}"
[ "$(verdict bad "$expired")" = false-accept ] || fail "the fault shows nothing"
has 'Likely cause'
has "--fault accepts-expired"
run 1 bad-critical --fail-on critical "${bad[@]}"
cat > low.xml <<'XML'
<suite xmlns="urn:mtlspec:1"><scenario id="low" severity="low">
  <title>The same, and nobody minds much</title><why>It tests the threshold.</why>
  <matrix tls="1.3" negotiation="required" http="1.1" condition="leaf-expired"/>
  <expect decision="as-condition"/>
</scenario></suite>
XML
run 1 low --suite low.xml --fault accepts-expired --select 'low/*'
run 0 low-high --suite low.xml --fault accepts-expired --select 'low/*' --fail-on high
grep -q 'verdict="false-accept"' low-high/results.xml || fail "--fail-on hides the verdict"
grep -q '<failure' low-high/junit/*.xml || fail "--fail-on hides the failure"
run 1 low-strict --suite low.xml --fault accepts-expired --select 'low/*' --fail-on high --strict

# Known failures: pinned, fixed meanwhile, out of date, and none of our business.
pins() { # VERDICT UNTIL CASE
	printf '<known-failures xmlns="urn:mtlspec:1"><failure case="%s" target="reference" verdict="%s" reason="%s" link="%s" until="%s"/></known-failures>\n' \
		"$3" "$1" 'vendor works on it' 'https://example.org/4711' "$2" > pins.xml
}
pins false-accept 2099-01-01 "$expired"
run 0 pinned --known-failures pins.xml "${bad[@]}"
[ "$(verdict pinned "$expired")" = known-failure ] || fail "pinned: $(verdict pinned "$expired")"
has 'known-failure: 1'
has 'vendor works on it'
grep -q '<skipped message="known-failure: [^"]*vendor works on it' pinned/junit/*.xml || fail "JUnit: no skipped known-failure"
run 1 fixed --known-failures pins.xml "${few[@]}"
[ "$(verdict fixed "$expired")" = unexpected-pass ] || fail "fixed: $(verdict fixed "$expired")"
pins false-accept 2020-01-01 "$expired"
run 1 expired --known-failures pins.xml "${bad[@]}"
[ "$(verdict expired "$expired")" = unexpected-pass ] || fail "out of date: $(verdict expired "$expired")"
has '2020-01-01'
pins false-reject 2099-01-01 "$expired"
run 1 other --known-failures pins.xml "${bad[@]}"
[ "$(verdict other "$expired")" = false-accept ] || fail "another verdict than pinned: $(verdict other "$expired")"
pins false-accept 2099-01-01 'nobody/*'
run 2 nobody --known-failures pins.xml "${bad[@]}"
has 'nobody/*'
echo '<known-failures xmlns="urn:mtlspec:1"><failure/></known-failures>' > pins.xml
expect 2 "$mtlspec" run --known-failures pins.xml
has 'pins.xml:1'
# A first list is written from a run, and holds.
expect 0 "$mtlspec" gate --write-known first.xml bad
run 0 held --known-failures first.xml "${bad[@]}"

# A baseline: what was bad already is no news; what is new is; what was not asked for has not disappeared.
run 0 base-same --baseline bad "${bad[@]}"
has '1 still failing'
has 'exit status 0, by the baseline'
run 1 base-new --baseline plain/results.xml "${bad[@]}"
has '1 new failures'
has 'exit status 1, by the baseline'
run 0 base-fixed --baseline bad "${few[@]}"
has '1 fixed'
run 0 base-part --baseline bad --fault accepts-expired --select "$expired"
has '1 still failing'
run 0 bad --baseline bad "${bad[@]}" # it is read before the older run is moved aside
[ -d bad.1 ] || fail "bad was not moved aside"
cp bad/journal bad.journal
expect 2 "$mtlspec" run --out bad --baseline low.xml "${bad[@]}"
has 'low.xml'
cmp -s bad/journal bad.journal || fail "a broken baseline is noticed after the older run was touched"

# Colours are for terminals, and for nobody who does not want them.
run 1 pipe "${bad[@]}"
grep -q $'\033' out && fail "colours into a pipe"
if command -v script > /dev/null; then
	script -qec "'$mtlspec' run --out tty ${bad[*]@Q}" /dev/null > out 2>&1 < /dev/null
	grep -q $'\033\[31m' out || fail "no colours on a terminal"
	NO_COLOR=1 script -qec "'$mtlspec' run --out tty ${bad[*]@Q}" /dev/null > out 2>&1 < /dev/null
	grep -q $'\033\[[0-9]*m' out && fail "colours in spite of NO_COLOR"
fi

# Rendered again, one format at a time; with every cell.
rm -r pipe/junit pipe/results.xml
expect 1 "$mtlspec" report pipe --format junit
[ -d pipe/junit ] && [ ! -e pipe/results.xml ] && [ ! -s out ] || fail "report --format junit: $(ls pipe)"
expect 1 "$mtlspec" report pipe --format console
has '1 failed'
[ ! -e pipe/results.xml ] || fail "report --format console writes results.xml"
expect 1 "$mtlspec" report pipe
[ -s pipe/results.xml ] || fail "report writes no results.xml"
echo "options: pace, order, pins, severities, baseline; $total cases a run"
