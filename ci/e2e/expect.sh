#!/bin/bash
# Runs every target of ci/expect (its file name is the --target) and compares both ways: what did not pass must be predicted, and
# what is predicted must come.  A target that is not installed is left out.
. "$(dirname "$0")/lib.sh"

# Tab-separated attributes of the elements of one name: rows TAG FILE ATTRIBUTE...
attributes() {
	local tag=$1 file=$2
	shift 2
	tr '\n' ' ' < "$file" | grep -oE "<$tag [^>]*>" | awk -v names="$*" '{
		n = split(names, want, " ")
		for (i = 1; i <= n; i++) {
			value = match($0, "[ ]" want[i] "=\"[^\"]*\"") ? substr($0, RSTART, RLENGTH) : ""
			sub(/^[^"]*"/, "", value)
			sub(/"$/, "", value)
			printf "%s%s", value, i < n ? "\t" : "\n"
		}
	}'
}

compare() { # EXPECTED RESULTS
	attributes verdict "$1" case when verdict > rows
	attributes case "$2" id verdict tls negotiation http client condition scenario > cases
	awk -F'\t' '
	function regex(glob) {
		gsub(/[][\\.^$+(){}|\/]/, "\\\\&", glob)
		gsub(/\*/, ".*", glob)
		gsub(/\?/, ".", glob)
		return "^" glob "$"
	}
	function term_holds(term,   key, n, alternative, i) {
		key = substr(term, 1, index(term, "=") - 1)
		n = split(substr(term, index(term, "=") + 1), alternative, "|")
		for (i = 1; i <= n; i++)
			if ((key in value) && value[key] != "" && value[key] ~ regex(alternative[i]))
				return 1
		return 0
	}
	function row_holds(r,   n, term, i) {
		if (value["id"] !~ regex(glob[r]))
			return 0
		n = split(when[r], term, " ")
		for (i = 1; i <= n; i++)
			if (!term_holds(term[i]))
				return 0
		return (" " verdicts[r] " ") ~ (" " value["verdict"] " ")
	}
	FILENAME == "rows" { rows++; glob[rows] = $1; when[rows] = $2; verdicts[rows] = $3; next }
	{
		value["id"] = $1; value["verdict"] = $2; value["tls"] = $3; value["negotiation"] = $4; value["http"] = $5
		value["client"] = $6; value["condition"] = $7; value["scenario"] = $8
		if ($2 ~ /^(pass|unsupported|impossible|excluded)$/)
			next
		hit = 0
		for (r = 1; r <= rows; r++)
			if (row_holds(r)) {
				hit = 1
				used[r] = 1
			}
		if (!hit) {
			print "not predicted: " $2 " " $1
			bad++
		}
	}
	END {
		for (r = 1; r <= rows; r++)
			if (!used[r]) {
				print "predicted, but did not come: " verdicts[r] " " glob[r] " " when[r]
				bad++
			}
		exit bad > 0
	}' rows cases
}

targets=0 cases=0 absent=0
for file in "$root"/ci/expect/*.xml; do
	target=$(basename "$file" .xml)
	"$mtlspec" run --target "$target" --out "out-$target" > out.log 2>&1
	rc=$?
	if [ $rc = 3 ] && grep -q 'is not installed' out.log; then
		absent=$((absent + 1))
		continue
	fi
	[ -s "out-$target/results.xml" ] || { tail -n 20 out.log; fail "$target: exit $rc and no results"; }
	compare "$file" "out-$target/results.xml" > difference || {
		head -n 20 difference
		fail "$target: $(wc -l < difference) differences"
	}
	targets=$((targets + 1)) cases=$((cases + $(wc -l < cases)))
done
[ $targets -gt 0 ] || skip "no server is installed"
echo "$targets targets, $cases cases as predicted, $absent targets not installed"
