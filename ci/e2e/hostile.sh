#!/bin/bash
# Servers that lie, hang, flood, refuse or ban: a documented exit code, a clear sentence, never a pass that proves nothing.
. "$(dirname "$0")/lib.sh"
hostile=$(dirname "$mtlspec")/ci/hostile
[ -x "$hostile" ] || fail "no $hostile: make tools"

start() { # MODE [N]: sets $port
	: > "$dir/port" # or the one before is read
	"$hostile" "$@" > "$dir/port" 2>&1 &
	pids+=($!)
	for _ in $(seq 200); do
		port=$(sed -n 's/^port //p' "$dir/port")
		[ -n "$port" ] && return
		read -rt 0.02 <> <(:) || :
	done
	fail "hostile $* did not start"
}
target() { # PORT [EXTRA]: a remote target file for the endpoint
	cat > "$dir/target.xml" <<XML
<target xmlns="urn:mtlspec:1" id="hostile" product="hostile" tls="1.2 1.3" http="1.1" has="">
  <title>A server that no product should be</title>
  <endpoint id="main" negotiation="required" url="https://localhost:$1/" address="127.0.0.1:$1"/>
  <accept status="200"/> <reject status="400 403"/>
</target>
XML
}
run() { # EXIT-CODE ARGS...
	local code=$1
	shift
	rm -rf "$dir"/run*
	expect "$code" timeout 60 "$mtlspec" run --target "$dir/target.xml" --out "$dir/run" --rate 1000 --in-flight 8 --timeout 2s --seed 1 "$@"
	xmllint --noout "$dir"/run/results.xml "$dir"/run/junit/*.xml 2> /dev/null || command -v xmllint > /dev/null 2>&1 && :
}
no_negative_pass() {
	verdicts "$dir/run" | grep -E '^pass .*condition=(untrusted|leaf-expired|none)' && fail "a negative case passed"
	return 0
}

start reset; reset_port=$port
kill "${pids[-1]}"; wait "${pids[-1]}" 2>/dev/null
target "$reset_port"; run 3; has "no TCP connection"; no_negative_pass          # closed port
start reset;  target "$port"; run 3; has "no TLS answer"; no_negative_pass
start silent; target "$port"
begin=$(date +%s%N)
run 3; has "no TLS answer"; has "timeout"; no_negative_pass
[ $(( ($(date +%s%N) - begin) / 1000000 )) -lt 15000 ] || fail "a silent port held the run up"
start random; target "$port"; run 3; has "no answer that our client can read (tls-error"; no_negative_pass
start trickle; target "$port"; run 3; has "no answer that our client can read (timeout: handshake)"; no_negative_pass
start plain;  target "$port"; run 3; no_negative_pass
start flood;  target "$port"; run 3; has "no answer that our client can read (too-large: header"; no_negative_pass
start status 403; target "$port"; run 3; has "was refused"; no_negative_pass
start status 503; target "$port"; run 3; no_negative_pass

start status 200; target "$port"; run 1
reached=$(count "$dir/run" 'condition=(untrusted|leaf-expired|none|self-signed)[],]')
false=$(verdicts "$dir/run" | grep -E 'condition=(untrusted|leaf-expired|none|self-signed)[],]' | grep -c '^false-accept')
[ "$reached" -gt 0 ] && [ "$reached" = "$false" ] || fail "200 to everything: $false of $reached negative cases are false-accept"

for mode in ban banrst; do
	start $mode 100; target "$port"; run 1
	has "something began to refuse everybody"
	grep -oE '<case [^>]*verdict="pass"[^>]*condition="untrusted"' "$dir/run/results.xml" && fail "$mode: a pass after the ban"
done

# Who asks late and then says nothing, or asks without end, holds no case beyond its deadlines (2 s each here).
for mode in asks nags; do
	start $mode
	cat > "$dir/target.xml" <<-XML
		<target xmlns="urn:mtlspec:1" id="hostile" product="hostile" tls="1.2 1.3" http="1.1" has="keep-alive">
		  <title>A server that asks and does not listen</title>
		  <endpoint id="r" negotiation="renegotiation" tls="1.2" url="https://localhost:$port/" address="127.0.0.1:$port"/>
		  <endpoint id="p" negotiation="post-handshake" tls="1.3" url="https://localhost:$port/" address="127.0.0.1:$port"/>
		  <accept status="200"/> <reject status="403"/>
		</target>
	XML
	rm -rf "$dir/run"
	begin=$(date +%s%N)
	expect 3 timeout 120 "$mtlspec" run --target "$dir/target.xml" --out "$dir/run" --rate 1000 --in-flight 8 --timeout 2s --impact hostile --seed 1
	no_negative_pass
	has "endpoint r: the control got no answer"
	has "endpoint p: the control got no answer"
	[ $(( ($(date +%s%N) - begin) / 1000000 )) -lt 30000 ] || fail "$mode: a late request held the run up"
done
echo "hostile servers: 14 modes"
