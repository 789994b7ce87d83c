#!/bin/bash
# The same refusal seen again and again is the same observation: no alert lost to a reset.  COUNT=500 for the full figure.
. "$(dirname "$0")/lib.sh"
count=${COUNT:-40}
tried=0
for target in reference nginx apache hitch haproxy lighttpd stunnel caddy openssl gnutls; do
	"$mtlspec" run --target "$target" --repeat "$count" --seed 5 --out "$dir/$target" \
		--select 'scenario=chain,negotiation=required,http=1.1,condition=leaf-expired|untrusted|none' > "$dir/out" 2>&1
	code=$?
	grep -q 'skipped: ' "$dir/out" && [ "$code" = 4 ] && continue
	[ "$code" = 0 ] || { cat "$dir/out"; fail "$target: exit $code"; }
	tried=$((tried + 1))
	# one signature a cell, each seen COUNT times
	grep -oE ' signature="[^"]*"' "$dir/$target/results.xml" | sort | uniq -c | awk -v n="$count" '$1 != n' > "$dir/odd"
	[ -s "$dir/odd" ] && { cat "$dir/odd"; fail "$target: observations differ"; }
	cells=$(grep -c '<case ' "$dir/$target/results.xml")
	[ "$(grep -oE ' signature="[^"]*"' "$dir/$target/results.xml" | sort -u | wc -l)" = "$cells" ] || fail "$target: cells share a signature"
done
echo "$tried servers, $count identical observations a cell"
