#!/bin/bash
# Every personality of the reference server, judged by every profile of its kind: by its own there is nothing to say, by each other
# something (exit 1 with --strict), in cells where the documents differ.  usage: ci/e2e/personalities.sh MTLSPEC
. "$(dirname "$0")/lib.sh"

patient=(--strict --seed 1 --in-flight 4 --timeout 60s)
mapfile -t all < <("$mtlspec" serve --help | sed -n '/^Personalities:/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p')
[ "${#all[@]}" -ge 8 ] || fail "serve --help lists ${#all[@]} personalities"
profiles=$(cd "$root/suites/profiles" && echo iis-*.xml)
[ "$profiles" = "$(printf '%s\n' "${all[@]/%/.xml}" | sort | xargs)" ] || fail "personalities ${all[*]}, but profiles $profiles"

for own in "${all[@]}"; do
	but=()
	# what a path does under TLS 1.3 shows only where there is TLS 1.3
	[ "$own" != iis-without-tls13 ] || but=(--skip 'late/no-renegotiation-in-newer')
	# who is served all the same is not refused twice
	[ "$own" != iis-server-2022-early-negotiate ] || but=(--skip 'late/refused-twice')
	expect 0 timeout 500 "$mtlspec" run --personality "$own" "${patient[@]}" "${but[@]}" --out "$dir/own" \
		--select 'dead-ends/*' --select 'late/*' --select 'bodies/over-the-limit*' --select 'bodies/held-back*size=limit,*' --select 'connection/*' --select 'nobody-asked/*' \
		--select 'chain/*condition=valid]' --select 'chain/*condition=none]' --select 'chain/*condition=leaf-expired]' \
		--select 'chain/*condition=untrusted]' --select 'chain/*condition=eku-server-auth]'
	[ "$(count "$dir/own" '^pass chain/.*condition=(none|untrusted|leaf-expired)')" -ge 3 ] || fail "$own: hardly a certificate was judged"
	for other in "${all[@]}"; do
		[ "$own" != "$other" ] || continue
		expect 1 timeout 100 "$mtlspec" run --personality "$own" --profile "$other" "${patient[@]}" --out "$dir/$own/$other" \
			--select 'dead-ends/*'
		found=$(count "$dir/$own/$other" '^(deviation|false-accept|false-reject|violation) dead-ends/')
		[ "$found" -ge 1 ] || { cat "$dir/out"; fail "$own by $other: nothing was found"; }
	done
	# the server as it is, judged by what the reference server's own profile says
	expect 1 timeout 100 "$mtlspec" run --personality "$own" --profile reference "${patient[@]}" --out "$dir/reference" \
		--select 'chain/*condition=none]' --select 'chain/*condition=untrusted]' --select 'dead-ends/*'
done

# pages as remote clients get them, without substatus: the same statuses
expect 0 timeout 100 "$mtlspec" run --personality iis-server-2025-require --set error-pages=generic "${patient[@]}" --out "$dir/generic" \
	--select 'dead-ends/*' --select 'chain/*condition=none]' --select 'chain/*condition=leaf-expired]'
[ "$(count "$dir/generic" '^pass ')" -ge 5 ] || fail "generic pages: hardly a case"

expect 2 "$mtlspec" run --personality nobody --out "$dir/none"
has "no variant nobody"
expect 2 "$mtlspec" run --target reference:iis-binding-asks --personality iis-binding-asks --out "$dir/none"
has "is a variant already"
expect 2 "$mtlspec" serve --personality nobody
has "no personality is called nobody"
echo "personalities: ${#all[@]}, each right by its own profile and wrong by the others"
