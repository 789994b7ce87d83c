#!/bin/bash
# What is looked at before the first case: declarations against the server, its certificate, its clock, its limits.
# usage: ci/e2e/probe.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
hostile=$(dirname "$mtlspec")/ci/hostile
[ -x "$hostile" ] || fail "no $hostile: make tools"

start() { # MODE [N...]: sets $port
	"$hostile" "$@" > "$dir/port" 2>&1 &
	pids+=($!)
	for _ in $(seq 200); do
		port=$(sed -n 's/^port //p' "$dir/port")
		[ -n "$port" ] && return
		read -rt 0.02 <> <(:) || :
	done
	fail "hostile $* did not start"
}
remote() { # PORT NEGOTIATION [ATTRIBUTES [CHILDREN]]: target.xml
	cat > "$dir/target.xml" <<XML
<target xmlns="urn:mtlspec:1" id="remote" tls="1.2 1.3" http="1.1" has="ca-list" ${3:-}>
  <title>A server that somebody else runs</title>
  <endpoint id="main" negotiation="$2" url="https://localhost:$1/" address="127.0.0.1:$1"/>
  <accept status="200"/> <reject status="400 403"/>${4:-}
</target>
XML
}
notes() { sed -n 's:.*<note>\(.*\)</note>.*:\1:p' "$dir/run/results.xml" | sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g'; }
noted() { notes | grep -qF -- "$1" || { notes; fail "no note: $1"; }; }
quiet() { [ -z "$(notes)" ] || { notes; fail "notes where none belong: $*"; }; }
run() { # EXIT-CODE TARGET ARGS...
	local code=$1 target=$2
	shift 2
	rm -rf "$dir"/run*
	expect "$code" timeout 120 "$mtlspec" run --target "$target" --out "$dir/run" --seed 1 "$@"
}
one='chain/chain[tls=1.3,negotiation=required,http=1.1,condition=valid]'

# The shipped targets say what is true of them, and what they show of themselves is in the provenance.
shipped=0
for target in reference nginx apache caddy hitch haproxy lighttpd stunnel openssl gnutls; do
	rm -rf "$dir"/run*
	timeout 60 "$mtlspec" run --target "$target" --out "$dir/run" --select "$one" > "$dir/out" 2>&1
	grep -q 'is not installed' "$dir/out" && continue
	quiet "$target"
	grep -qE '<server endpoint="required" sha256="[0-9a-f]{64}" subject="CN=mtlspec TEST ONLY' "$dir/run/results.xml" ||
		fail "$target: its certificate is not recorded"
	shipped=$((shipped + 1))
done

# What is changed in a target file is contradicted, in words that name the attribute; verdicts stay what they are.
altered() { # EXIT-CODE TARGET SED-SCRIPT NOTE...
	local code=$1 target=$2 script=$3
	shift 3
	rm -rf "$dir/altered"
	cp -R "$root/suites/targets/$target" "$dir/altered"
	sed -i -E "$script" "$dir/altered/target.xml"
	cmp -s "$root/suites/targets/$target/target.xml" "$dir/altered/target.xml" && fail "the script changed nothing: $script"
	run "$code" "$dir/altered/target.xml" --select 'chain/chain[tls=1.3,*condition=valid]' --select "served-unasked"
	for note; do noted "$note"; done
}
altered 0 reference 's/ca-list //' 'endpoints optional, required, names/protected, names/tenant: the request for a certificate names'
noted 'add ca-list to has= of <target>'
altered 0 reference 's/ echo / /' 'the answer to the control names it (header X-Mtlspec-Subject): add echo to has='
altered 0 reference 's/tls="1.2 1.3"/tls="1.3"/' 'TLS 1.2 is spoken and not declared: add it to tls= of <target>'
altered 0 reference 's/tls="1.2 1.3"/tls="1.1 1.2 1.3"/' 'TLS 1.1 is declared and not spoken (' 'take it out of tls= of <target> in target.xml'
altered 1 reference 's/(id="none" negotiation=)"none"/\1"optional"/' \
	'endpoint none: no certificate is asked for, everybody is served: target.xml declares negotiation="optional"; if the server is right, "none" belongs there'
altered 0 reference 's/http="1.0 1.1"/http="1.0 1.1 2"/' 'HTTP/2 is declared and not spoken ('
altered 1 reference 's/<echo header="X-Mtlspec-Subject"/<echo header="X-Nobody"/; s/id="optional" negotiation="optional"/id="optional" negotiation="none"/' \
	'the answer to the control names nobody (header X-Nobody)' 'endpoint optional: a certificate is asked for in the first handshake and a client without one is served'

# Somebody else's server that believes everybody: said before the verdicts, with the number of cases and the time.
"$mtlspec" pki init "$dir/pki" > /dev/null || fail "pki init"
start status 200
remote "$port" required
run 1 "$dir/target.xml" --rate 500 --in-flight 4 --pki "$dir/pki" --select 'chain/chain[tls=1.3,*condition=valid]' --select 'chain/chain[tls=1.3,*condition=none]'
has 'mtlspec: target '
has '2 cases and 2 controls, about 1 s at 500 connections a second'
noted 'endpoint main: a certificate is asked for in the first handshake and a client without one is served, with the same body as the control: target.xml declares negotiation="required"; if the server is right, "optional" belongs there'
noted 'the request for a certificate names no CA: has="ca-list"'
[ "$(grep -n 'note:' "$dir/out" | head -n 1 | cut -d: -f1)" -lt "$(grep -n 'false-accept' "$dir/out" | head -n 1 | cut -d: -f1)" ] ||
	fail "the notes do not come first"
grep -q '<server endpoint="main" sha256="[0-9a-f]*" subject="CN=hostile"/>' "$dir/run/results.xml" || fail "CN=hostile is not recorded"

# One that serves strangers too and names nobody: said once.
remote "$port" optional
sed -i 's/ca-list//' "$dir/target.xml"
run 3 "$dir/target.xml" --rate 500 --in-flight 4 --pki "$dir/pki" --select 'chain/chain[tls=1.3,*condition=leaf-*]'
noted 'inconclusive: no identity echo: clients without a certificate are served here too'
noted 'the control and a client without a certificate get the same body (6 bytes)'
[ "$(grep -c 'no identity echo' "$dir/out")" = 2 ] || { cat "$dir/out"; fail "not said once as a note and once as a row"; }

# A clock that is elsewhere: certificates are dated by it, else this server would refuse the control.
for ahead in 3456000 -3456000; do
	start clock $ahead
	remote "$port" required
	run 0 "$dir/target.xml" --rate 500 --in-flight 4 --select 'chain/chain[tls=1.3,*condition=valid]' \
		--select 'chain/chain[tls=1.3,*condition=leaf-expired]'
	noted "the server's clock is 40 days $([ $ahead -gt 0 ] && echo 'ahead of' || echo behind) ours"
	[ "$(count "$dir/run" '^pass ')" = 2 ] || { cat "$dir/out"; fail "clock $ahead: not both passed"; }
done

# Its certificate changes on the way: said once.
start change 60
remote "$port" required
run 1 "$dir/target.xml" --rate 500 --in-flight 4 --pki "$dir/pki" --select 'chain/chain[tls=1.3,*'
noted "the server's certificate changed during the run at 20"
[ "$(notes | grep -c 'certificate changed')" = 1 ] || fail "said more than once"
start status 200
remote "$port" required
run 1 "$dir/target.xml" --rate 500 --in-flight 4 --pki "$dir/pki" --select 'chain/chain[tls=1.3,*'
notes | grep -q 'certificate changed' && fail "a certificate that did not change is said to have"

# Limits: slowed down and said; those that were in flight (4) are lost and few others, none of them passes for a refusal that was none.
limited() { # STATUS LIMIT SELECTION
	start limit "$2" "$1"
	remote "$port" required
	run 1 "$dir/target.xml" --rate 1000 --in-flight 4 --pki "$dir/pki" --select "$3"
	noted 'the server answered 429 or 503, for the first time at 20'
	noted 'the run slowed down'
	lost=$(count "$dir/run" '^inconclusive ') all=$(verdicts "$dir/run" | wc -l)
	[ "$all" -gt 30 ] && [ "$((lost * 4))" -lt "$all" ] || fail "limit: $lost of $all cases lost"
	verdicts "$dir/run" | grep -E '^pass .*condition=(untrusted|leaf-expired|none)[],]' && fail "limit: a refusal by load passes"
}
limited 429 30 'chain/chain[tls=1.3,*'
limited 503 20 'chain/chain[*condition=leaf-*'

# Nobody listens any more: given up after pauses, said, what was finished is reported.
start gone 80
remote "$port" required
run 1 "$dir/target.xml" --rate 1000 --in-flight 4 --pki "$dir/pki" --select 'chain/chain[tls=1.3,*'
noted 'connections were refused, for the first time at 20'
noted 'connections were refused 10 times in a row'
verdicts "$dir/run" | grep -q '^false-accept ' || fail "what was finished is not reported"

# A server by mtlspec itself, and a certificate that somebody has already: nothing to say.
if command -v openssl > /dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout s.key -out s.pem -subj /CN=localhost -days 2 2> /dev/null
	"$mtlspec" pki export --for pem "$dir/pki" --out "$dir/mine" > /dev/null || fail "pki export"
	"$mtlspec" serve --certificate s.pem --key s.key --anchors "$dir/pki/anchor.pem" --listen required=127.0.0.1:0 > serve.log 2>&1 &
	pids+=($!)
	for _ in $(seq 200); do
		port=$(sed -n 's/.*127\.0\.0\.1:\([0-9][0-9]*\).*/\1/p' serve.log | head -n 1)
		[ -n "$port" ] && [ "$port" != 0 ] && break
		read -rt 0.02 <> <(:) || :
	done
	[ -n "$port" ] && [ "$port" != 0 ] || { cat serve.log; fail "mtlspec serve did not start"; }
	remote "$port" required '' '<echo header="X-Mtlspec-Subject" as="subject"/>'
	sed -i 's/has="ca-list"/has="ca-list echo"/' "$dir/target.xml"
	run 0 "$dir/target.xml" --certificate "$dir/mine/client.pem,$dir/mine/client.key"
	quiet "own certificate"
	grep -q 'subject="CN=localhost"' "$dir/run/results.xml" || fail "CN=localhost is not recorded"
fi
echo "probe: $shipped shipped targets, 7 altered ones, 8 servers of somebody else"
