#!/bin/bash
# make bench: what a case costs beside a bare GnuTLS handshake loop (ci/floor.c), side by side in one run; ratios only.
# usage: ci/bench.sh BUILD-DIR     ROUNDS=7 N=300 to change the size
set -u
build=$(readlink -f "$1")
mtlspec=$build/mtlspec
floor=$build/ci/floor
rounds=${ROUNDS:-7}
n=${N:-300}
dir=$(mktemp -d) || exit 3
server=
finish() { [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; rm -rf "$dir"; }
trap finish EXIT
cd "$dir" || exit 3
failed=0
gate() { # NAME VALUE LIMIT
	if awk "BEGIN { exit !($2 <= $3) }"; then word=ok; else word=FAIL failed=1; fi
	printf '%-4s %-58s %8.3f  (at most %s)\n' "$word" "$1" "$2" "$3"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# One PKI and one server for both sides: nginx when it is installed, else the reference server.
"$mtlspec" pki init pki > /dev/null && "$mtlspec" pki export --for pem pki > /dev/null || exit 3
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 3 -subj '/CN=bench CA' 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj '/CN=localhost' 2>/dev/null
printf 'subjectAltName=DNS:localhost\n' > san
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile san -out server.pem 2>/dev/null || exit 3
"$mtlspec" serve --listen required=127.0.0.1:0 --certificate server.pem --key server.key --anchors pki/anchor.pem > ready 2>/dev/null &
server=$!
for _ in $(seq 500); do port=$(sed -n 's/^listening required .*://p' ready); [ -n "$port" ] && break; read -rt 0.01 <> <(:) || :; done
nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx)
if [ -n "$nginx" ]; then
	# the reference server has shown a free port: nginx takes it over
	kill "$server"; wait "$server" 2>/dev/null
	cat > nginx.conf <<CONF
daemon off; worker_processes 1; pid $dir/pid; error_log $dir/error.log;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path $dir/a; proxy_temp_path $dir/b; fastcgi_temp_path $dir/c; uwsgi_temp_path $dir/d; scgi_temp_path $dir/e;
  server {
    listen 127.0.0.1:$port ssl; server_name localhost; keepalive_timeout 5;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate $dir/server.pem; ssl_certificate_key $dir/server.key;
    ssl_verify_client on; ssl_verify_depth 5; ssl_client_certificate $dir/pki/anchor.pem; ssl_session_tickets off; ssl_ecdh_curve X25519:P-256;
    location / { add_header X-Client-Subject \$ssl_client_s_dn always; return 200 "hello\n"; }
  }
}
CONF
	"$nginx" -p "$dir" -e "$dir/error.log" -c "$dir/nginx.conf" > /dev/null 2>&1 &
	server=$!
fi
for _ in $(seq 500); do (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; read -rt 0.01 <> <(:) || :; done
cat > target.xml <<XML
<target xmlns="urn:mtlspec:1" id="bench" product="bench" tls="1.3" http="1.1" has="echo">
  <title>The server of the bench</title>
  <endpoint id="required" negotiation="required" url="https://localhost:$port/" address="127.0.0.1:$port"/>
  <accept status="200"/> <reject status="400 403"/> <echo header="X-Client-Subject" as="subject"/>
  <limits in-flight="8" rate="1000000"/>
</target>
XML
select='chain/chain[tls=1.3,negotiation=required,http=1.1,condition=valid]'
case_args() { echo run --target target.xml --pki pki --select "$select" --impact hostile --seed 1 --out out; }
wall() { local t=$(date +%s%N); "$@" > log 2>&1 || { cat log >&2; exit 3; }; echo $((($(date +%s%N) - t) / 1000)); }
harness() { rm -rf out out.*; wall "$mtlspec" $(case_args) --repeat "$1" || exit 3; }
bare() { wall "$floor" 127.0.0.1 "$port" localhost pki/export-pem/client.pem pki/export-pem/client.key ca.pem "$1" 8; }

echo "marginal wall time of a case over a bare handshake, 8 in flight, $rounds rounds of $n and $((4 * n)), server $([ -n "$nginx" ] && echo nginx || echo reference)"
for r in $(seq "$rounds"); do
	a=$(harness "$n") || exit 3; c=$(bare "$n") || exit 3; b=$(harness $((4 * n))) || exit 3; d=$(bare $((4 * n))) || exit 3
	echo "$a $b $c $d" | awk -v n="$n" '{ h = ($2 - $1) / (3 * n); f = ($4 - $3) / (3 * n); printf "%.3f\n", h / f > "ratio"; printf "  case %.0f us, bare handshake %.0f us, ratio %.3f\n", h, f, h / f }'
	cat ratio >> ratios
done
gate "wall: (T(4N) - T(N)) / 3N, median of $rounds" "$(median < ratios)" 1.25

if command -v valgrind > /dev/null; then
	ir() { # COMMAND...: instructions of its processes, those that it forks included
		valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 | awk '/Collected : [0-9]/ { sum += $NF } END { print sum }'
	}
	h10=$(rm -rf out out.*; ir "$mtlspec" $(case_args) --jobs 0 --repeat 10); h40=$(rm -rf out out.*; ir "$mtlspec" $(case_args) --jobs 0 --repeat 40)
	f10=$(ir "$floor" 127.0.0.1 "$port" localhost pki/export-pem/client.pem pki/export-pem/client.key ca.pem 10 1)
	f40=$(ir "$floor" 127.0.0.1 "$port" localhost pki/export-pem/client.pem pki/export-pem/client.key ca.pem 40 1)
	echo "instructions: case $(((h40 - h10) / 30)), bare handshake $(((f40 - f10) / 30))"
	gate "instructions of a minted, judged, reported case" "$(awk "BEGIN { print ($h40 - $h10) / ($f40 - $f10) }")" 1.00
else
	echo "no valgrind: instructions not measured"
fi

"$mtlspec" run --target target.xml --pki pki --select "$select" --impact hostile --stats --out out-first > log 2>&1
gate "start to first connection, seconds" "$(sed -n 's/.*first_case_ms=\([0-9.]*\).*/\1/p' log | awk '{ print $1 / 1000 }')" 0.5

begin=$(date +%s%N)
"$mtlspec" run --fault hangs --timeout 2s --select 'negotiation=required,tls=1.3,http=1.1,scenario=chain' \
	--skip 'condition=name-*' --skip 'condition=proof-*' --stats --out out-silent > log 2>&1
cases=$(sed -n 's/^\([0-9]*\) run = .*/\1/p' log)
gate "$cases silent cases of 2 s, seconds" "$(awk "BEGIN { print ($(date +%s%N) - $begin) / 1e9 }")" 3

"$mtlspec" run --null-transport --seed 1 --select 'scenario=chain' --out out-null > log 2>&1
cells=$(sed -n 's/^\([0-9]*\) run = .*/\1/p' log)
"$mtlspec" run --null-transport --seed 1 --select 'scenario=chain' --repeat $((1000000 / cells + 1)) --stats --out out-null > log 2>&1
gate "$(sed -n 's/.*cases=\([0-9]*\).*/\1/p' log) null-transport cases: peak MiB" "$(sed -n 's/.*final_rss_kib=\([0-9]*\).*/\1/p' log | awk '{ print $1 / 1024 }')" 32
exit "$failed"
