#!/bin/bash
# JUnit as readers take it: well-formed, one name a case over all files and shards, the same counts as everywhere else.
# usage: ci/e2e/junit.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
command -v xmllint > /dev/null || skip "no xmllint (Debian package libxml2-utils)"
some=(--select 'tls=1.3,http=1.1' --seed 2)

sum() { # DIR ATTRIBUTE: of all test suites
	grep -hoE '<testsuite [^>]*>' "$1"/junit/*.xml | grep -oE " $2=\"[0-9]*\"" | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'
}
total() { grep -oE "<totals [^>]*>" "$1/results.xml" | grep -oE " $2=\"[0-9]*\"" | tr -dc 0-9; }
names() { grep -hoE '<testcase classname="[^"]*" name="[^"]*"' "$@" | sort; }

# check DIR LOG: files, names and counts of a run with --junit-cells all.
check() {
	local dir=$1 log=$2 file passed failed skipped ran root level cases suites rows mute long said found
	for file in "$dir"/junit/*; do
		case $(basename "$file") in TEST-*.xml) ;; *) fail "$file: readers look for TEST-*.xml" ;; esac
	done
	xmllint --noout "$dir/results.xml" "$dir"/junit/*.xml || fail "$dir: not well-formed"
	for file in "$dir"/junit/*.xml; do
		# root, cases at the only level and in all, suites and cases that lack an attribute, results without message or body,
		# bodies over 8 kB; then what each suite says of itself and what is inside
		read -r root level cases suites rows mute long said found <<< "$(xmllint --xpath "concat(name(/*), ' ',
			count(/testsuites/testsuite/testcase), ' ', count(//testcase), ' ',
			count(//testsuite[not(@name and @tests and @failures and @errors and @skipped and @time and @timestamp and @hostname)]), ' ',
			count(//testcase[not(@name and @classname and @time) or @name='']), ' ',
			count(//*[self::failure or self::error or self::skipped][not(@message) or @message='' or string-length(.) = 0]), ' ',
			count(//*[self::failure or self::error][string-length(.) > 8192]), ' ',
			sum(//testsuite/@tests), '/', sum(//testsuite/@failures), '/', sum(//testsuite/@errors), '/', sum(//testsuite/@skipped), ' ',
			count(//testcase), '/', count(//failure), '/', count(//error), '/', count(//skipped))" "$file")"
		[ "$root" = testsuites ] && [ "$level" = "$cases" ] || fail "$file: root or levels"
		[ "$suites $rows $mute $long" = '0 0 0 0' ] || fail "$file: $suites suites and $rows cases lack an attribute, $mute results say nothing, $long too much"
		[ "$said" = "$found" ] || fail "$file: says $said tests/failures/errors/skipped, has $found"
	done
	names "$dir"/junit/*.xml | uniq -d > twice
	[ ! -s twice ] || { head -n 3 twice; fail "$dir: names that occur twice"; }
	grep -hoE ' classname="[^"]*"' "$dir"/junit/*.xml | grep -vE ' classname="mtls\.[a-z0-9-]+(\.[a-z-]+\.h[0-9-]+|\.not-run|\.run)?(\.shard-[0-9]+-of-[0-9]+)?"' | head -n 3 | grep . && fail "$dir: class names"

	# Console, results.xml and JUnit count the same.
	read -r passed failed skipped <<< "$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log")"
	ran=$(grep -c '<case ' "$dir/results.xml")
	[ "$(total "$dir" run)" = "$ran" ] || fail "$dir: totals say $(total "$dir" run) run, there are $ran"
	[ $((passed + failed + skipped)) = "$(total "$dir" cells)" ] || fail "$dir: console $passed + $failed + $skipped, $(total "$dir" cells) cells"
	[ "$failed" = $(($(sum "$dir" failures) + $(sum "$dir" errors))) ] || fail "$dir: console $failed failed, JUnit $(sum "$dir" failures) + $(sum "$dir" errors)"
	[ "$skipped" = $(($(sum "$dir" skipped) + ${3:-0})) ] || fail "$dir: console $skipped skipped, JUnit $(sum "$dir" skipped)"
	[ "$passed" = $(($(sum "$dir" tests) - $(sum "$dir" failures) - $(sum "$dir" errors) - $(sum "$dir" skipped))) ] || fail "$dir: console $passed passed, JUnit otherwise"
}

# Failures, deviations, crashes, several targets of one product, one that is not there.
expect 1 timeout 240 "$mtlspec" run --out failures --junit-cells all --fault accepts-expired "${some[@]}"
check failures out
[ "$(sum failures failures)" -ge 2 ] || fail "no failures to look at"
expect 0 timeout 240 "$mtlspec" run --out deviations --junit-cells all --fault resets-instead-of-alert "${some[@]}"
check deviations out
deviations=$(count deviations '^deviation ')
[ "$deviations" -gt 10 ] || fail "no deviations to look at"
[ "$(grep -l '<system-out>' deviations/junit/*.xml | wc -l)" -ge 1 ] || fail "a deviation leaves no note"
expect 1 timeout 240 "$mtlspec" run --out strict --junit-cells all --fault resets-instead-of-alert --strict "${some[@]}"
check strict out
[ "$(sum strict failures)" = "$deviations" ] || fail "--strict: $(sum strict failures) failures of $deviations deviations"
targets=(--target reference)
[ -x /usr/sbin/nginx ] && targets+=(--target nginx --target nginx:default-depth --target nginx:forgotten)
timeout 240 "$mtlspec" run --out several --junit-cells all "${targets[@]}" "${some[@]}" > out 2>&1
[ $? -le 1 ] || { tail -n 5 out; fail "several targets"; }
check several out

# The short form: cells that did not run are one row a scenario and reason, and still no name comes twice.
expect 0 timeout 240 "$mtlspec" run --out short "${targets[@]:0:2}" "${some[@]}"
xmllint --noout short/junit/*.xml || fail "short: not well-formed"
names short/junit/*.xml | uniq -d | grep . && fail "short: names that occur twice"
# with every cell a row they would be 7000; some 60 scenarios with a few reasons each, at two targets, are what may stand beside the cases
[ "$(sum short tests)" -lt 1000 ] || fail "short: $(sum short tests) rows"

# Parts: together they have each name once, and the sums are those of the whole.
for k in 1 2 3; do
	expect 0 timeout 240 "$mtlspec" run --out part-$k --junit-cells all --shard $k/3 "${some[@]}"
	check part-$k out "$(grep -hoE 'reason="another shard accounts for it"' part-$k/results.xml > /dev/null && grep -oE '<cells [^>]*reason="another shard accounts for it"[^>]*>' part-$k/results.xml | grep -oE ' n="[0-9]*"' | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }')"
	expect 0 timeout 240 "$mtlspec" report part-$k --format junit # rendered again where no variable tells the part
done
names part-*/junit/*.xml | uniq -d | head -n 3 | grep . && fail "names that occur in two parts"
expect 0 timeout 240 "$mtlspec" run --out whole --junit-cells all "${some[@]}"
cmp -s <(names whole/junit/*.xml) <(names part-*/junit/*.xml) || fail "the parts have other names than the whole"
for k in 1 2 3; do verdicts part-$k; done | sort | cmp -s - <(verdicts whole) || fail "the parts have other verdicts than the whole"
for short in 1 2; do
	"$mtlspec" run --out short-$short --shard $short/2 "${some[@]}" > /dev/null 2>&1
done
names short-?/junit/*.xml | uniq -d | head -n 3 | grep . && fail "short: names that occur in two parts"

# A part without a case is seen, not missing.
one=(--select 'chain/chain[tls=1.3,negotiation=required,http=1.1,condition=valid]')
for k in 1 2 3 4; do
	timeout 240 "$mtlspec" run --out lone-$k --shard $k/4 "${one[@]}" > out 2>&1
	code=$?
	[ $code = 0 ] || [ $code = 4 ] || { cat out; fail "shard $k/4 of one case: exit $code"; }
	xmllint --noout lone-$k/junit/*.xml || fail "shard $k/4 of one case: no JUnit"
	codes+=" $code"
done
[ "$(tr ' ' '\n' <<< "$codes" | sort | uniq -c | tr -s ' \n' ' ')" = ' 1 1 0 3 4 ' ] || fail "one case in 4 shards: exits $codes"
echo "JUnit: $(names ./*/junit/*.xml | wc -l) rows looked at"
