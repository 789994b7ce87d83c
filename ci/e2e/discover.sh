#!/bin/bash
# discover: what it says of the reference server, of every installed real server and of ports that are none; at most 12
# connections, one at a time; the target file it writes is one that run accepts.  usage: ci/e2e/discover.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
tools=$(dirname "$mtlspec")/ci
[ -x "$tools/relay" ] && [ -x "$tools/hostile" ] || fail "no $tools/relay or hostile: make tools"

installed() { command -v "$1" > /dev/null; }
"$mtlspec" pki init "$dir/pki" > /dev/null && "$mtlspec" pki export --for pem "$dir/pki" > /dev/null || fail "no PKI"
anchors=$dir/pki/anchor.pem
client=$dir/pki/export-pem/client.pem
key=$dir/pki/export-pem/client.key
installed openssl || skip "no openssl to make a server certificate"
cert=$dir/server.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=localhost" -keyout "$dir/server.key" -out "$cert" \
	-addext "subjectAltName=DNS:localhost,DNS:open.mtlspec.test,DNS:protected.mtlspec.test" 2> /dev/null || fail "no server certificate"

pause() { read -rt 0.02 <> <(:) || :; }
said() { # FILE PATTERN: waits for a line, prints what \(..\) caught
	local got
	for _ in $(seq 500); do
		got=$(sed -n "s/$2/\1/p" "$1" | head -n 1)
		[ -n "$got" ] && { echo "$got"; return; }
		pause
	done
	fail "$1 never said $2"
}
started=()
background() {
	: > "$dir/server.log"
	"$@" >> "$dir/server.log" 2>&1 &
	pids+=($!) started+=($!)
}
listens() { # PORT: soon; false when a server ended instead
	for _ in $(seq 500); do
		(exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null && return
		for pid in "${started[@]}"; do kill -0 "$pid" 2> /dev/null || return; done
		pause
	done
	return 1
}
free() { read -r none optional required names backend late admin < <("$tools/relay" free 7); }
fill() { # NAME FILE: the shipped template with its placeholders replaced
	sed -e "s|@dir@|$work|g; s|@user@|$(id -un)|g; s|@group@|$(id -gn)|g; s|@server-cert@|$cert|g; s|@server-key@|$dir/server.key|g; s|@anchors@|$anchors|g
		s|@port:none@|$none|g; s|@port:optional@|$optional|g; s|@port:required@|$required|g; s|@port:names@|$names|g
		s|@port:backend@|$backend|g; s|@port:late@|$late|g; s|@port:admin@|$admin|g; s|@verify-late@|require|g; s|@late@||g; s|@anchors:tenant@|$anchors|g; s|@depth@|10|g; s|@verify-optional@|optional|g; s|@verify-required@|${verify:-on}|g
		s|@early-data@||g; s|@early-data-told@||g; s|@mode-optional@|verify_if_given|g; s|@mode-required@|require_and_verify|g
		s|@modules@|/usr/lib/apache2/modules|g; s|@mpm@|event|g; s|@account@|www-data|g" "$root/suites/targets/$1/$2.in" > "$work/$2"
	! grep -oE '@[a-z:-]+@' "$work/$2" || fail "$2 has a placeholder that this script does not know"
}
# up START PORT...: START on free ports, again on others when one of them was taken meanwhile
up() {
	local start=$1 all
	shift
	servers="$servers ${start#start_}"
	for _ in 1 2 3 4 5; do
		work=$dir/${start#start_}.$RANDOM started=() all=yes
		mkdir -p "$work"
		chmod 755 "$dir" "$work"
		free
		$start
		for word in "$@"; do listens "${!word}" || all=; done
		[ -n "$all" ] && return
		for pid in "${started[@]}"; do kill "$pid" 2> /dev/null; wait "$pid" 2> /dev/null; done
	done
	fail "$start: $(tail -n 5 "$dir/server.log")"
}

# through PORT: a relay before it; sets $front and $relay_log
through() {
	relay_log=$dir/relay.log
	: > "$relay_log" # not the last one's port
	"$tools/relay" "$1" >> "$relay_log" 2>&1 &
	pids+=($!)
	front=$(said "$relay_log" '^port \([0-9]*\)$')
}
counted() { # WHAT: few connections, one at a time
	local n
	n=$(grep -c '^connection' "$relay_log")
	[ "$n" -ge 1 ] && [ "$n" -le 12 ] || fail "$1: $n connections"
	! grep -q '^connection.* [2-9] open' "$relay_log" || { cat "$relay_log"; fail "$1: two connections at once"; }
	grep -qE "^ *connections made +$n( |$)" "$dir/out" || { cat "$dir/out"; fail "$1: made $n connections and says otherwise"; }
	total=$((total + n))
}
total=0 judged=0

# finds NEGOTIATION PORT WHAT [HOST]: with and without a certificate; what it wrote passes lint and run
finds() {
	local host=${4:-localhost} file=$dir/found.xml
	through "$2"
	expect 0 timeout 60 "$mtlspec" discover "https://$host:$front/" --address "127.0.0.1:$front" --out "$file"
	counted "$3 $1"
	grep -q "<endpoint [^>]*negotiation=\"$1\"" "$file" || { cat "$dir/out" "$file"; fail "$3: not $1"; }
	[ "$(grep -c '<endpoint ' "$file")" = 1 ] || { cat "$file"; fail "$3 $1: versions differ"; }
	expect 0 "$mtlspec" lint "$file"
	through "$2"
	expect 0 timeout 60 "$mtlspec" discover "https://$host:$front/" --address "127.0.0.1:$front" --out "$file" --certificate "$client,$key"
	counted "$3 $1, certificate"
	grep -q "<endpoint [^>]*negotiation=\"$1\"" "$file" || { cat "$dir/out" "$file"; fail "$3 with a certificate: not $1"; }
	grep -q 'tls="1.2 1.3"' "$file" || { cat "$dir/out"; fail "$3: TLS 1.2 and 1.3"; }
	grep -q '<accept status="200"/>' "$file" || { cat "$dir/out"; fail "$3 $1: no accepted status"; }
	if [ "$1" != none ]; then
		grep -q '<identity id="given"' "$file" || { cat "$dir/out"; fail "$3 $1: the certificate was not accepted"; }
	fi
	expect 0 "$mtlspec" lint "$file"
	rm -rf "$dir/run"
	# what the file says is put to the test; what else these servers do is for ci/e2e/targets.sh
	expect 0 timeout 120 "$mtlspec" run --target "$file" --out "$dir/run" --rate 1000 --seed 1 \
		--select 'chain/*' --select 'nobody-asked/*' --select 'connection/*' --select 'asking/*'
	[ "$1" = none ] || [ "$(count "$dir/run" '^pass .*condition=own:given')" -gt 0 ] || { cat "$dir/out"; fail "$3 $1: own certificate"; }
	judged=$((judged + $(count "$dir/run" '^pass ')))
}
echoes() { grep -q "<echo $1" "$dir/found.xml" || { cat "$dir/found.xml"; fail "no <echo $1>"; }; }

servers=reference
background "$mtlspec" serve --certificate "$cert" --key "$dir/server.key" --anchors "$anchors" \
	--listen none=127.0.0.1:0 --listen optional=127.0.0.1:0 --listen required=127.0.0.1:0 --listen by-name=127.0.0.1:0 \
	--name open.mtlspec.test=none --name protected.mtlspec.test=required
for mode in none optional required; do
	finds $mode "$(said "$dir/server.log" "^listening $mode 127.0.0.1:\([0-9]*\)\$")" reference
	[ $mode = none ] || echoes 'header="X-Mtlspec-Sha256" as="sha256-hex"'
done
optional_reference=$(said "$dir/server.log" '^listening optional 127.0.0.1:\([0-9]*\)$')
reference=$(said "$dir/server.log" '^listening required 127.0.0.1:\([0-9]*\)$')
by_name=$(said "$dir/server.log" '^listening by-name 127.0.0.1:\([0-9]*\)$')
finds none "$by_name" "reference by name" open.mtlspec.test
finds required "$by_name" "reference by name" protected.mtlspec.test
expect 3 "$mtlspec" discover "https://nobody.mtlspec.test/" --address "127.0.0.1:$by_name"
has "serves nobody of the name"

# run --target URL: discovered first, its file kept, rendered again without asking
through "$reference"
expect 0 timeout 60 "$mtlspec" run --target "https://localhost:$front/" --certificate "$client,$key" --out "$dir/url" --rate 1000 --seed 1
has "discovered https://localhost:$front/"
[ -f "$dir/url/target.xml" ] || fail "the target file is not kept"
before=$(grep -c '^connection' "$relay_log")
cp "$dir/url/results.xml" "$dir/results.before"
expect 0 "$mtlspec" report "$dir/url"
[ "$(grep -c '^connection' "$relay_log")" = "$before" ] || fail "report asked the server again"
cmp -s <(grep -oE ' (id|verdict)="[^"]*"' "$dir/results.before") <(grep -oE ' (id|verdict)="[^"]*"' "$dir/url/results.xml") ||
	fail "report says something else than the run"

# two URLs, each with a file; where nobody answers nothing is run
through "$optional_reference"
expect 0 timeout 60 "$mtlspec" run --target "https://localhost:$front/" --target "https://localhost:$reference/" --pki "$dir/pki" \
	--select 'condition=valid' --out "$dir/urls" --rate 1000
[ "$(count "$dir/urls" '^pass .*condition=valid')" -ge 4 ] || { cat "$dir/out"; fail "--pki: the minted certificate"; }
[ -f "$dir/urls/target.xml" ] && [ -f "$dir/urls/target-2.xml" ] || fail "two target files are not kept"
echoed=$(grep -c '<echo header=' "$dir/urls/target.xml")
[ "$echoed" = 1 ] || fail "--pki: no echo found with a minted certificate"
expect 3 "$mtlspec" run --target "https://localhost:1/" --out "$dir/nothing"
has "nothing to test"
[ ! -e "$dir/nothing" ] || fail "a run that could not begin left something behind"

# everything but a chain that it trusts: refused, and said so
"$mtlspec" pki init "$dir/other" > /dev/null && "$mtlspec" pki export --for pem "$dir/other" > /dev/null
expect 0 "$mtlspec" discover "https://localhost:$reference/" --certificate "$dir/other/export-pem/client.pem,$dir/other/export-pem/client.key"
has "it refuses the certificate given as well (alert:unknown_ca"
has "does not name the issuer of your certificate"
has_not "<identity"
expect 2 "$mtlspec" discover "https://localhost:$reference/" --certificate "$client"
expect 2 "$mtlspec" discover "https://localhost:$reference/" --certificate "$dir/nothing.pem"
expect 2 "$mtlspec" discover "http://localhost/"
expect 2 "$mtlspec" discover
expect 2 "$mtlspec" discover "https://localhost:$reference/" --timeout soon
expect 3 "$mtlspec" discover "https://localhost:$reference/" --out "$dir/no/such/folder/t.xml"

start_nginx() {
	fill nginx nginx.conf
	background "$mtlspec" serve --listen "plain=127.0.0.1:$backend" # tells what it received
	background nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf"
}
if installed nginx; then
	up start_nginx backend none optional required
	for mode in none optional required; do finds $mode "${!mode}" nginx; done
	echoes 'header="X-Client-Subject" as="subject"'
	grep -q '<verified header="X-Client-Verify" yes="SUCCESS"' "$dir/found.xml" || fail "nginx: verification not seen"
	grep -q '<reject status="400"/>' "$dir/found.xml" || fail "nginx: 400 not seen"
fi
start_apache() {
	verify=require fill apache httpd.conf
	background "$mtlspec" serve --listen "plain=127.0.0.1:$backend" # tells what it received
	background apache2 -D FOREGROUND -d "$work" -f "$work/httpd.conf"
}
if installed apache2; then
	up start_apache backend none optional required late
	for mode in none optional required; do finds $mode "${!mode}" apache; done
	through "$late"
	expect 0 timeout 60 "$mtlspec" discover "https://localhost:$front/late" --address "127.0.0.1:$front" --out "$dir/late.xml"
	counted "apache late"
	has "TLS 1.3 without post_handshake_auth: http:403"
	has "No browser can use this under TLS 1.3"
	has "(KB-15)"
	grep -q 'negotiation="renegotiation"' "$dir/late.xml" && grep -q 'negotiation="post-handshake"' "$dir/late.xml" || fail "apache late: not late"
	finds optional "$optional" apache # for what is echoed
	echoes 'header="X-Client-Subject" as="subject"'
fi
start_caddy() {
	fill caddy caddy.json
	background "$mtlspec" serve --listen "plain=127.0.0.1:$backend" # tells what it received
	HOME=$work XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work background caddy run --config "$work/caddy.json"
}
if installed caddy; then
	up start_caddy backend none optional required
	for mode in none optional required; do finds $mode "${!mode}" caddy; done
	echoes 'header="X-Client-Subject" as="subject"'
fi
start_hitch() {
	verify=required fill hitch hitch.conf
	background "$mtlspec" serve --certificate "$cert" --key "$dir/server.key" --anchors "$anchors" --listen "plain=127.0.0.1:$backend"
	background hitch --config="$work/hitch.conf"
}
if installed hitch; then
	up start_hitch backend none required
	finds required "$required" hitch
fi
start_openssl() {
	local verify=(-CAfile "$anchors" -no-CApath -no-CAstore -verify_return_error) common=(-www -cert "$cert" -key "$dir/server.key")
	background openssl s_server -accept "127.0.0.1:$none" "${common[@]}"
	background openssl s_server -accept "127.0.0.1:$optional" "${common[@]}" "${verify[@]}" -verify 10
	background openssl s_server -accept "127.0.0.1:$required" "${common[@]}" "${verify[@]}" -Verify 10
	background openssl s_server -accept "127.0.0.1:$names" "${common[@]}" -tls1 -cipher DEFAULT@SECLEVEL=0
}
up start_openssl none optional required names
for mode in none optional required; do finds $mode "${!mode}" openssl; done
echoes 'body="Subject: " as="subject"'
expect 0 "$mtlspec" discover "https://localhost:$names/"
has 'tls="1.0"'
has "RFC 8996"
start_gnutls() {
	local common=(--http --x509certfile "$cert" --x509keyfile "$dir/server.key" --priority NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2)
	background gnutls-serv "${common[@]}" --port "$none" --disable-client-cert
	background gnutls-serv "${common[@]}" --port "$optional" --x509cafile "$anchors" --verify-client-cert
	background gnutls-serv "${common[@]}" --port "$required" --x509cafile "$anchors" --require-client-cert --verify-client-cert
}
if installed gnutls-serv; then
	up start_gnutls none optional required
	for mode in none optional required; do finds $mode "${!mode}" gnutls; done
	echoes 'body="Subject: " as="subject"'
fi

# ports that are no such server: a sentence and a code, in bounded time
hostile() { # MODE [N]: sets $port
	: > "$dir/port"
	"$tools/hostile" "$@" >> "$dir/port" 2>&1 &
	pids+=($!)
	port=$(said "$dir/port" '^port \([0-9]*\)$')
}
nasty() { # EXIT TEXT PORT
	local start=$SECONDS
	through "$3"
	expect "$1" timeout 60 "$mtlspec" discover "https://localhost:$front/" --address "127.0.0.1:$front" --timeout 1s --certificate "$client,$key"
	has "$2"
	counted "$2"
	[ $((SECONDS - start)) -le 20 ] || fail "$2: took $((SECONDS - start)) seconds"
}
hostile reset;      nasty 3 "resets them at once" "$port"
hostile silent;     nasty 3 "says nothing within 1000 ms" "$port"
hostile random;     nasty 3 "neither TLS nor HTTP" "$port"
hostile trickle;    nasty 3 "so slowly" "$port"
hostile plain;      nasty 3 "speaks plain HTTP, not TLS" "$port"
hostile status 403; nasty 0 "the refusal may have nothing to do with certificates" "$port"
hostile status 200; nasty 0 "lets clients without one through to HTTP (optional)" "$port"
hostile status 503; nasty 0 "http:503" "$port"
hostile flood;      nasty 0 "too much of it: header section" "$port"
free
expect 3 timeout 20 "$mtlspec" discover "https://localhost:$none/"
has "refuses connections"
expect 3 timeout 20 "$mtlspec" discover "https://no-such-host.invalid/"
has "cannot resolve"

echo "discover: $servers; $judged cases passed on what it wrote; $total connections, never two at once"
