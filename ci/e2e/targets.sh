#!/bin/bash
# Every shipped target that is installed and each of its variants, against ci/expect: what is other than pass must be predicted,
# what is predicted must come, nothing is broken.  A target runs the whole suite; a variant, whose one weakness is known, the
# scenarios where that shows, or all with VARIANTS=all.  What is predicted of its target may come of a variant as well, so that its
# own file has only what its directive changes.  BUT=TARGET leaves that one out.  usage: ci/e2e/targets.sh MTLSPEC [TARGET...]
. "$(dirname "$0")/lib.sh"
shift

names() { # the shipped targets, each with its variants; personalities have a script of their own
	for file in "$root"/suites/targets/*/target.xml; do
		name=$(basename "$(dirname "$file")")
		echo "$name"
		grep -oE '<variant id="[^"]*"' "$file" | sed -E "s/.*\"(.*)\"/$name:\1/"
	done | grep -v '^reference:iis-'
}
where() { # TARGET: the scenarios that its expectations are compared in; empty: all
	[ "${VARIANTS:-}" != all ] || return 0
	case $1 in
	apache:no-buffer | kestrel:not-drained) echo bodies ;;
	*:early-data | *:early-data-*) echo early-data ;;
	haproxy:sni-alone | haproxy:default-name | tomcat:no-strict-sni) echo names ;;
	*:*) echo chain ;;
	esac
}
# predictions FILE SUITE: the file with the rows of one suite alone.
predictions() {
	awk -v RS='/>' -v suite="$2/" '
		{ end = /<\/expected>/ ? "" : "/>"; row = match($0, /<verdict /) ? substr($0, RSTART) : "" }
		row != "" && !index(row, "case=\"" suite) { printf "%s", substr($0, 1, RSTART - 1); next }
		{ printf "%s%s", $0, end }' "$1"
}
[ $# -gt 0 ] || set -- $(names | grep -vxF "${BUT:-}")

# A prediction for something that is not shipped would never be tested.
for file in "$root"/ci/expect/*.xml; do
	names | grep -qxF "$(basename "$file" .xml)" || fail "$(basename "$file") is for no shipped target or variant"
done

targets=0 cases=0 absent=0 bad=0
for target; do
	expected=$root/ci/expect/$target.xml
	[ -f "$expected" ] || fail "$target has no ci/expect/$target.xml"
	suite=$(where "$target")
	if [ -n "$suite" ]; then
		predictions "$expected" "$suite" > "expect-$target.xml"
		expected=expect-$target.xml
	fi
	"$mtlspec" run --target "$target" ${suite:+--select "$suite/*"} --out "out-$target" > out.log 2>&1
	rc=$?
	if grep -q 'is not installed' out.log; then
		absent=$((absent + 1))
		continue
	fi
	[ -s "out-$target/results.xml" ] || { tail -n 20 out.log; fail "$target: exit $rc and no results"; }
	grep -qE '<totals [^>]*unfinished="0"' "out-$target/results.xml" || { tail -n 20 out.log; fail "$target: cells were not reached"; }
	allowed=()
	[ "${target%%:*}" = "$target" ] || allowed=(--allowed "$root/ci/expect/${target%%:*}.xml")
	"$mtlspec" gate --expected "$expected" "${allowed[@]}" "out-$target" > out.gate 2>&1 || {
		bad=$((bad + 1))
		echo "$target:"
		head -n 40 out.gate
		tail -n 1 out.gate
	}
	targets=$((targets + 1)) cases=$((cases + $(grep -c '<case ' "out-$target/results.xml")))
done
[ $bad = 0 ] || fail "$bad of $targets targets differ from what is predicted"
[ $targets -gt 0 ] || skip "no server is installed"
echo "$targets targets and variants, $cases cases as predicted, $absent not installed"
