#!/bin/bash
# discover at servers that ask late: what a browser gets there and why, from a GET without a certificate; the target file that it
# writes, and one written by hand, give the verdicts that mtlspec's own target gives.  usage: ci/e2e/discover-late.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
tools=$(dirname "$mtlspec")/ci
[ -x "$tools/relay" ] || fail "no $tools/relay: make tools"
"$mtlspec" pki init "$dir/pki" > /dev/null && "$mtlspec" pki export --for pem "$dir/pki" > /dev/null || fail "no PKI"
client=$dir/pki/export-pem/client.pem,$dir/pki/export-pem/client.key
command -v openssl > /dev/null || skip "no openssl to make a server certificate"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=localhost" -keyout "$dir/server.key" \
	-out "$dir/server.pem" -addext "subjectAltName=DNS:localhost" 2> /dev/null || fail "no server certificate"

heard() { grep -q "$2" "$1"; }
waits_for() { eventually 30 heard "$1" "$2" || fail "$1 never said $2"; }
# serve PERSONALITY MODE [OPTION]...: sets $port
serve() {
	log=$dir/serve-$1-${3:-}.log
	"$mtlspec" serve --certificate "$dir/server.pem" --key "$dir/server.key" --anchors "$dir/pki/anchor.pem" --personality "$1" \
		--listen "$2=127.0.0.1:0" "${@:3}" > "$log" 2>&1 &
	pids+=($!)
	waits_for "$log" '^listening'
	port=$(sed -n 's/^listening .*:\([0-9]*\)$/\1/p' "$log")
}
# looks URL [OPTION]...: few connections, one at a time
looks() {
	: > "$dir/relay.log"
	"$tools/relay" "$port" >> "$dir/relay.log" 2>&1 &
	pids+=($!)
	waits_for "$dir/relay.log" '^port '
	local front n
	front=$(sed -n 's/^port //p' "$dir/relay.log")
	expect 0 timeout 100 "$mtlspec" discover "https://localhost:$front/" --address "127.0.0.1:$front" --timeout 20s "$@"
	n=$(grep -c '^connection' "$dir/relay.log")
	[ "$n" -ge 4 ] && [ "$n" -le 12 ] || fail "$n connections"
	! grep -q '^connection.* [2-9] open' "$dir/relay.log" || fail "two connections at once"
}
patient=(--seed 1 --timeout 60s --rate 1000)
some=(--select 'dead-ends/*' --select late/not-offered'*' --select 'chain/*http=1.1,condition=valid]'
	--select 'chain/*http=1.1,condition=none]' --select 'chain/*http=1.1,condition=leaf-expired]')

# Without a certificate: the developer whose browser shows ERR_CONNECTION_RESET.
serve iis-server-2022-require post-handshake
looks
has "TLS 1.3 without post_handshake_auth: reset after the request"
has "No browser can use this under TLS 1.3"
has "ERR_CONNECTION_RESET"
has "(KB-02)"
has "clientcertnegotiation=enable"
has "netsh http delete sslcert ipport=0.0.0.0:"
has "Disable TLS 1.3 over TCP"
has "SslNegotiateCert"
has_not ":PORT"
serve iis-server-2025-require post-handshake
looks
has "500.0 with 0x80070032, ERROR_NOT_SUPPORTED"
has "(KB-01)"
serve iis-server-2025-require post-handshake --error-pages generic
looks
has "details are for the server itself"
has "failed request tracing"
has "(iis-details-hidden)"
has_not "(KB-15)"
has 'profile="iis-server-2025-require"'

# described PERSONALITY MODE NEGOTIATION...: what it writes is accepted, and judged by the right documents
described() {
	local name=$1 mode=$2 file=$dir/found.xml
	shift 2
	serve "$name" "$mode"
	looks --certificate "$client" --out "$file"
	grep -q " profile=\"$name\"" "$file" || { cat "$dir/out"; fail "$name: another profile"; }
	[ "$(grep -oE ' negotiation="[^"]*"' "$file" | sort | xargs)" = "$(printf 'negotiation=%s\n' "$@" | sort | xargs)" ] ||
		{ cat "$file"; fail "$name: not $*"; }
	expect 0 "$mtlspec" lint "$file"
	expect 0 timeout 300 "$mtlspec" run --target "$file" --pki "$dir/pki" --strict "${patient[@]}" "${some[@]}" --out "$dir/found"
	[ "$(count "$dir/found" '^pass ')" -ge 3 ] || { cat "$dir/out"; fail "$name: hardly a case was judged"; }
}
described iis-server-2022-require post-handshake renegotiation post-handshake
described iis-server-2022-negotiate post-handshake renegotiation post-handshake
described iis-server-2022-early-require post-handshake renegotiation post-handshake
described iis-server-2022-early-negotiate post-handshake renegotiation post-handshake
described iis-server-2025-negotiate post-handshake renegotiation post-handshake
described iis-without-tls13 renegotiation renegotiation
described iis-binding-asks post-handshake required

# By hand, as for a server that someone else runs: the verdicts of the target that mtlspec starts.
serve iis-server-2025-require post-handshake
cat > "$dir/hand.xml" << HAND
<target xmlns="urn:mtlspec:1" id="hand" product="iis" profile="iis-server-2025-require" tls="1.2 1.3" has="concurrent echo keep-alive store">
  <endpoint id="renegotiation" negotiation="renegotiation" tls="1.2" url="https://localhost:$port/"/>
  <endpoint id="post-handshake" negotiation="post-handshake" tls="1.3" url="https://localhost:$port/"/>
  <accept status="200" contains="mtlspec reference: hello"/>
  <reject status="403"/>
  <echo header="X-Mtlspec-Subject" as="subject"/>
</target>
HAND
expect 0 timeout 300 "$mtlspec" run --target "$dir/hand.xml" --pki "$dir/pki" --strict "${patient[@]}" "${some[@]}" --out "$dir/hand"
expect 0 timeout 300 "$mtlspec" run --personality iis-server-2025-require --strict "${patient[@]}" "${some[@]}" --out "$dir/own"
[ "$(verdicts "$dir/hand" | grep '^pass')" = "$(verdicts "$dir/own" | grep '^pass' | grep -v negotiation=none)" ] ||
	{ diff <(verdicts "$dir/hand") <(verdicts "$dir/own"); fail "by hand: other verdicts"; }
expect 1 timeout 300 "$mtlspec" run --target "$dir/hand.xml" --profile iis-server-2022-require --pki "$dir/pki" --strict "${patient[@]}" "${some[@]}" \
	--out "$dir/other"
has "KB-01"
echo "discover at servers that ask late: $(count "$dir/hand" '^pass ') cases by hand, as by mtlspec's own target"
