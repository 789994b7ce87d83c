#!/bin/bash
# Deaths half way: of a worker, of the server, for good or not, and servers that are not there.  usage: ci/e2e/deaths.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
# not those that let time pass or change the server: a death is wanted in the middle of a connection
words=(--seed 3 --select 'tls=1.3,http=1.1,negotiation=required' --skip 'live/*' --skip 'resumption/*')

expect 0 timeout 240 "$mtlspec" run --out whole "${words[@]}"
verdicts whole > whole.verdicts
total=$(wc -l < whole.verdicts)
size=$(journal_bytes whole)
[ "$total" -gt 30 ] || fail "only $total cases"

# children NAME: those of the run in $run whose command line has NAME in it (a worker's is the run's own: "mtlspec run").
children() {
	local pid
	for pid in $(descendants "$run"); do
		[ "$(cat "/proc/$pid/comm" 2> /dev/null)" != mtlspec-guard ] || continue
		tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" | grep -q -- "$1" && echo "$pid"
	done
}
# The oldest of them, by the time it started: process numbers begin anew at some point.
child() {
	local pid since
	for pid in $(children "$1"); do
		since=$(sed 's/^.*) //' "/proc/$pid/stat" 2> /dev/null | cut -d' ' -f20)
		[ -z "$since" ] || echo "$since $pid"
	done | sort -n | head -n 1 | cut -d' ' -f2
}
ended() { # CODE: waits for the run in $run
	local code
	wait "$run"
	code=$?
	cp "$out.log" "$dir/out"
	[ "$code" = "$1" ] || { tail -n 40 "$out.log"; fail "$out: exit $code, wanted $1"; }
}
same_as_whole() {
	diff whole.verdicts <(verdicts "$out") > difference || { head difference; fail "$out: other verdicts than in one go"; }
}
# still OUT SECONDS: its journal has not grown for so long.
still() {
	local before
	before=$(journal_bytes "$1")
	read -rt "$2" <> <(:) || :
	[ "$(journal_bytes "$1")" = "$before" ]
}
begin() { # OUT ARGS...: a slow run, half way
	out=$1
	background "$@" "${words[@]}" --rate 60
	eventually 20 half_way "$out" $((size / 2)) || { cat "$out.log"; fail "the run does not get on"; }
}

# A worker dies in the middle of a case (the server is held up meanwhile): that case is broken, the others are not.
begin worker --in-flight 1
server=$(child ' serve ')
kill -STOP "$server"
eventually 10 still worker 0.3 || fail "the run goes on without its server"
kill -9 "$(child ' run ')"
kill -CONT "$server"
ended 3
has 'broken: 1 ('
has 'the worker died: signal 9 after '
[ "$(count worker '^broken ')" = 1 ] || fail "one death, $(count worker '^broken ') broken cases"
[ "$(verdicts worker | grep -v '^broken ' | comm -12 - whole.verdicts | wc -l)" = $((total - 1)) ] || fail "another case suffered"
grep -oE '<case [^>]*verdict="broken"[^>]*' worker/results.xml | grep -q 'signal 9 after hello-sent' || { grep -oE '<case [^>]*verdict="broken"[^>]*' worker/results.xml; fail "no last event"; }
grep -q '<error message="[^"]*the worker died: signal 9' worker/junit/*.xml || fail "no JUnit error for the broken case"
expect 0 timeout 240 "$mtlspec" run --out worker --resume "${words[@]}" # what was broken is run again
same_as_whole

# A worker dies while it runs a control: it is run again, and nobody suffers.  There is half a second to hold the server up before
# the control behind the case comes; a machine that is too busy for that gets more tries.
out=control
for _ in 1 2 3 4 5; do
	background control --in-flight 1 --rate 2 --seed 3 --select 'chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]'
	eventually 20 grep -q '^1/1 100%' control.log || fail "the case does not come"
	kill -STOP "$(child ' serve ')"
	eventually 10 still control 1 || fail "the run goes on without its server"
	kill -9 "$(child ' run ')"
	kill -CONT "$(child ' serve ')"
	ended 0
	grep -q 'a worker died' control.log && break
done
has 'a worker died (signal 9) while it ran the control valid, which was run again'
[ "$(verdicts control)" = 'pass chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]' ] || fail "$(verdicts control)"

# The server dies: started again, the cases at hand run once more by themselves, nothing is lost; yet it did die.
server_dies() { # OUT NAME ARGS...
	begin "$1" "${@:3}"
	kill -9 "$(child "$2")"
	ended 3
	has 'the target died while cases ran: process '
	has 'killed by signal 9'
	has 'the target died 1 time and no case did it alone'
	same_as_whole
}
server_dies reference ' serve '
if command -v nginx > /dev/null || [ -x /usr/sbin/nginx ]; then
	expect 0 timeout 240 "$mtlspec" run --out whole-nginx --target nginx "${words[@]}"
	verdicts whole-nginx > whole.verdicts
	server_dies nginx 'master process' --target nginx
	begin nginx-worker --target nginx
	kill -9 "$(child 'worker process')"
	ended 3
	has 'signal 9'
	same_as_whole
	verdicts whole > whole.verdicts
fi

# A fault that kills the server's worker is the server's: each such case is confirmed alone, and is a crash.
expect 1 timeout 240 "$mtlspec" run --out crash --fault dies-on-unknown-critical-extension "${words[@]}"
has 'crash: '
has 'died: signal'
[ "$(count crash '^(broken|inconclusive) ')" = 0 ] || fail "a crash makes other cases inconclusive"
[ "$(count crash '^crash .*condition=[a-z-]*critical')" -ge 1 ] || fail "$(verdicts crash | grep -v ^pass)"

# What is hostile runs with nothing beside it: a death there is its own, and no second run has to say so.
cat > hostile.xml << 'EOF'
<scenarios xmlns="urn:mtlspec:1">
  <scenario id="fatal" severity="high" impact="hostile">
    <title>A condition that the server may die of</title>
    <matrix tls="1.3" negotiation="required" http="1.1" condition="valid critical-extension-unknown"/>
    <expect decision="as-condition"/>
  </scenario>
</scenarios>
EOF
expect 1 timeout 240 "$mtlspec" run --out hostile --suite hostile.xml --select 'hostile/*' --fault dies-on-unknown-critical-extension
[ "$(verdicts hostile | sed 's/\[.*=/ /')" = "$(printf '%s\n' 'crash hostile/fatal critical-extension-unknown]' 'pass hostile/fatal valid]')" ] || fail "$(verdicts hostile)"
has_not 'died while cases ran'
[ "$(grep -c '<run ' hostile/results.xml)" = 2 ] || fail "$(grep -c '<run ' hostile/results.xml) runs of two cases, one a death that was seen alone"

# It dies and cannot be started again: what was finished is reported, the rest was not reached.
cat > once.sh <<EOF
#!/bin/sh
case "\$*" in *serve*) [ ! -e "$dir/started" ] || { echo "out of licences" >&2; exit 7; }; touch "$dir/started" ;; esac
exec "\$@"
EOF
chmod 755 once.sh
begin gone --set "wrapper=$dir/once.sh"
kill -9 "$(child ' serve ')"
ended 3
has 'the target died and could not be brought back'
has 'out of licences'
has 'not reached'
[ "$(count gone '^pass ')" -gt 5 ] || fail "what was finished is lost: $(verdicts gone | cut -d' ' -f1 | sort | uniq -c)"
[ "$(count gone '^(false-|violation|crash)')" = 0 ] || fail "the missing server is judged: $(verdicts gone | grep -v '^pass')"
[ "$(grep -c 'could not be brought back' gone.log)" = 1 ] || fail "said more than once"
rm started
expect 3 timeout 240 "$mtlspec" run --out gone --resume "${words[@]}" --set "wrapper=$dir/once.sh"
has_not 'not reached'
same_as_whole

# It cannot be started at all, and is not there at all.
touch started
expect 3 timeout 240 "$mtlspec" run --out never "${words[@]}" --set "wrapper=$dir/once.sh"
has 'ended before it was ready: exited 7'
has 'out of licences'
expect 4 "$mtlspec" run --out absent --target nginx "${words[@]}" --set program=/nonexistent
has '/nonexistent is not installed (Debian package nginx)'
has '0 passed, 0 failed'
grep -q '<skipped message="unsupported: /nonexistent is not installed' absent/junit/*.xml || fail "JUnit does not show the absent target"
expect 0 timeout 240 "$mtlspec" run --out one-absent --target nginx --target reference "${words[@]}" --set program=/nonexistent
has '/nonexistent is not installed (Debian package nginx)'
[ "$(count one-absent '^pass ')" = "$total" ] || fail "the other target did not run"
echo "deaths: workers, servers, absent programs; $total cases each"
