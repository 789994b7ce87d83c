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

# child NAME: the oldest child of the run in $run whose command line has NAME in it (a worker's is the run's own: "mtlspec run"), by
# the time it started, since process numbers begin anew at some point.  No process is made for each: a run is short.
child() {
	local pid name line since oldest=
	local -a argv stat
	for pid in $(descendants "$run"); do
		{ read -r name < "/proc/$pid/comm" && mapfile -d '' -t argv < "/proc/$pid/cmdline" && read -r line < "/proc/$pid/stat"; } 2> /dev/null || continue
		case "$name ${argv[*]} " in mtlspec-guard\ * | *$'\n'*) continue ;; *"$1"*) ;; *) continue ;; esac
		read -ra stat <<< "${line##*) }"
		[ -n "$oldest" ] && [ "${stat[19]}" -ge "$since" ] || { oldest=$pid since=${stat[19]}; }
	done
	echo "$oldest"
}
# find_child NAME: sets $victim.
find_child() { victim=$(child "$1") && [ -n "$victim" ]; }
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
# A slow run, half way.  Who is to die (NAME as of child) is looked for before: on a busy machine that takes longer than half a run.
begin() { # OUT NAME ARGS...
	out=$1
	background "$1" "${@:3}" "${words[@]}" --rate 60
	eventually 20 find_child "$2" || { cat "$out.log"; fail "there is no $2"; }
	eventually 20 half_way "$out" $((size / 2)) || { cat "$out.log"; fail "the run does not get on"; }
}

# A worker dies in the middle of a case (the server is held up meanwhile): that case is broken, the others are not.
begin worker ' serve ' --in-flight 1
kill -STOP "$victim"
eventually 10 still worker 0.3 || fail "the run goes on without its server"
kill -9 "$(child ' run ')"
kill -CONT "$victim"
ended 3
has 'broken: 1 ('
has 'the worker died: signal 9 after '
[ "$(count worker '^broken ')" = 1 ] || fail "one death, $(count worker '^broken ') broken cases"
[ "$(verdicts worker | grep -v '^broken ' | comm -12 - whole.verdicts | wc -l)" = $((total - 1)) ] || fail "another case suffered"
grep -oE '<case [^>]*verdict="broken"[^>]*' worker/results.xml | grep -qE 'signal 9 after [a-z][a-z-]*"' || { grep -oE '<case [^>]*verdict="broken"[^>]*' worker/results.xml; fail "no last event"; }
grep -q '<error message="[^"]*the worker died: signal 9' worker/junit/*.xml || fail "no JUnit error for the broken case"
expect 0 timeout 240 "$mtlspec" run --out worker --resume "${words[@]}" # what was broken is run again
same_as_whole

# A worker dies while it runs a control: it is run again, and nobody suffers.  There is half a second to hold the server up before
# the control behind the case comes, and looking for it takes longer on a busy machine: that is done before.
out=control
for _ in 1 2 3 4 5; do
	background control --in-flight 1 --rate 2 --seed 3 --select 'chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]'
	eventually 20 find_child ' serve ' || fail "the server does not come"
	eventually 20 grep -q '^1/1 100%' control.log || fail "the case does not come"
	kill -STOP "$victim"
	eventually 10 still control 1 || fail "the run goes on without its server"
	kill -9 "$(child ' run ')"
	kill -CONT "$victim"
	ended 0
	grep -q 'a worker died' control.log && break
done
has 'a worker died (signal 9) while it ran the control valid, which was run again'
[ "$(verdicts control)" = 'pass chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]' ] || fail "$(verdicts control)"

# The server dies: started again, the cases at hand run once more by themselves, nothing is lost; yet it did die.
server_dies() { # OUT NAME ARGS...
	begin "$@"
	kill -9 "$victim"
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
	whole_size=$size
	size=$(journal_bytes whole-nginx)
	server_dies nginx 'master process' --target nginx
	begin nginx-worker 'worker process' --target nginx
	kill -9 "$victim"
	ended 3
	has 'signal 9'
	same_as_whole
	verdicts whole > whole.verdicts
	size=$whole_size
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
begin gone ' serve ' --set "wrapper=$dir/once.sh"
kill -9 "$victim"
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
