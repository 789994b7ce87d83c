#!/bin/bash
# Late requests seen again and again, 8 in flight and in one order after the other, are the same observations.
# usage: ci/e2e/late.sh MTLSPEC [TARGET...]   COUNT=200 for the full figure
. "$(dirname "$0")/lib.sh"
shift
[ $# -gt 0 ] || set -- reference apache
count=${COUNT:-4}
seeds=$((count < 40 ? 2 : 4)) # orders; each sees its part of the repetitions
tried=0
for target; do
	: > "$dir/seen"
	# 40 deaths end a run: what ci/expect says that the server may die of is left out of long ones
	deadly=()
	if [ "$count" -ge 40 ]; then
		mapfile -t deadly < <(tr '\n' ' ' < "$root/ci/expect/$target.xml" | grep -oE '<verdict [^>]*verdict="[^"]*crash[^>]*>' |
			sed -E 's/.* case="([^"]*)".*/--skip\n\1/')
	fi
	for seed in $(seq $seeds); do
		"$mtlspec" run --target "$target" --repeat $(((count + seeds - 1) / seeds)) --seed "$seed" --in-flight 8 --out "$dir/$target-$seed" \
			--select 'late/*' --select 'renegotiation/*' --select 'bodies/pipelined*' \
			--select 'scenario=chain,negotiation=renegotiation|post-handshake,http=1.1,condition=valid|none|leaf-expired|untrusted' \
			"${deadly[@]}" > "$dir/out" 2>&1
		code=$?
		grep -q 'is not installed' "$dir/out" && continue 2
		# 1: what ci/expect predicts of this target; anything else proves nothing
		[ "$code" = 0 ] || [ "$code" = 1 ] || { cat "$dir/out"; fail "$target: exit $code"; }
		awk '{
			if (match($0, /<case id="[^"]*"/)) id = substr($0, RSTART + 10, RLENGTH - 11)
			if (/<run / && match($0, / signature="[^"]*"/)) print id, substr($0, RSTART + 12, RLENGTH - 13)
		}' "$dir/$target-$seed/results.xml" >> "$dir/seen"
	done
	tried=$((tried + 1))
	# a server that dies of a case, now or then, does so before or behind its answer: ci/expect says which may
	for seed in $(seq $seeds); do verdicts "$dir/$target-$seed"; done | sed -n 's/^crash //p' | sort -u > "$dir/died"
	grep -vFf "$dir/died" "$dir/seen" > "$dir/lived"
	mv "$dir/lived" "$dir/seen"
	cells=$(cut -d' ' -f1 "$dir/seen" | sort -u | wc -l)
	sort "$dir/seen" | uniq -c | sort -k2 > "$dir/kinds"
	awk '{ n[$2]++ } END { for (id in n) if (n[id] > 1) print id }' "$dir/kinds" | grep -Ff - "$dir/kinds" && fail "$target: observations differ"
	awk '{ n[$1]++ } END { for (id in n) print n[id], id }' "$dir/seen" | awk -v n="$count" '$1 < n { print; bad = 1 } END { exit bad }' ||
		fail "$target: not every cell was seen $count times"
	[ "$cells" -ge 30 ] || fail "$target: only $cells cells"
	echo "$target: $cells cells, $(wc -l < "$dir/seen") runs, one observation a cell$([ ${#deadly[@]} = 0 ] || echo "; left out: $((${#deadly[@]} / 2)) kinds that it may die of")"
done
[ $tried -gt 0 ] || skip "no server is installed"
