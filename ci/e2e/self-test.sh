#!/bin/bash
# self-test: every fault of the reference server is found, by what it breaks and by the right verdict.
# usage: ci/e2e/self-test.sh MTLSPEC
. "$(dirname "$0")/lib.sh"

# FAULT CASE VERDICT: one named case for each fault.  required and optional stand for chain/chain at TLS 1.3 and HTTP/1.1.
cat > named << 'EOF'
ignores-validity                   required[leaf-not-yet-valid]           false-accept
accepts-expired                    required[leaf-expired]                 false-accept
accepts-not-yet-valid              required[intermediate-not-yet-valid]   false-accept
accepts-untrusted                  required[untrusted]                    false-accept
ignores-signature                  required[root-name-and-key-id-copied]  false-accept
ignores-name-chaining              required[issuer-name-differs]          false-accept
ignores-eku                        required[eku-server-auth]              false-accept
ignores-key-usage                  required[key-usage-key-encipherment]   deviation
ignores-issuer-key-usage           required[intermediate-without-cert-sign] false-accept
ignores-basic-constraints          optional[intermediate-not-a-ca]        false-accept
ignores-path-length                required[path-length-exceeded]         false-accept
ignores-name-constraints           required[name-excluded]                false-accept
ignores-critical-extension         required[critical-extension-unknown]   false-accept
accepts-no-certificate             required[none]                         false-accept
accepts-no-certificate             dead-ends/newest-alone[tls=1.2,negotiation=required,http=1.1] false-accept
forgets-to-ask                     dead-ends/newest-with-certificate[tls=1.2,negotiation=required,http=1.1] false-reject
forgets-to-ask                     dead-ends/newest-with-certificate[tls=1.2,negotiation=renegotiation,http=1.1] false-accept
asks-late-without-offer            dead-ends/newest-with-certificate[tls=1.2,negotiation=renegotiation,http=1.1] deviation
accepts-no-certificate             dead-ends/declines[tls=1.2,negotiation=renegotiation,http=1.1] false-accept
skips-proof-of-possession          required[proof-by-another-key]         false-accept
accepts-any-scheme                 required[proof-scheme-unknown]         false-accept
accepts-any-scheme                 required[proof-scheme-sha1]            false-accept
accepts-any-scheme                 required[proof-scheme-pkcs1]           false-accept
accepts-any-scheme                 required[proof-scheme-other-curve]     deviation
asks-everybody                     nobody-asked/served-unasked[tls=1.2,negotiation=none,http=1.1,condition=none] violation
asks-again                         asking/asks-up-front-only[tls=1.2,negotiation=required,http=1.1,condition=valid] violation
asks-late-without-offer            asking/no-late-request-without-offer[tls=1.3,negotiation=none,http=1.1] violation
forgets-identity                   connection/second-request[tls=1.3,negotiation=required,http=1.1] false-reject
keeps-identity-of-first-connection connection/two-clients[tls=1.3,negotiation=optional,http=1.1] false-accept
serves-after-refusal               late/refused-twice[tls=1.3,negotiation=post-handshake,http=1.1] false-accept
cuts-bodies                        bodies/up-front[tls=1.3,negotiation=required,http=1.1,size=4k,chunked=no,expect-continue=no] false-reject
forgets-body                       bodies/held-back[tls=1.2,negotiation=renegotiation,http=1.1,size=4k,chunked=yes,expect-continue=no] false-reject
asks-above-body-limit              bodies/over-the-limit[tls=1.3,negotiation=post-handshake,http=1.1,size=limit+1,chunked=no] violation
ignores-expect                     bodies/up-front[tls=1.3,negotiation=required,http=1.1,size=4k,chunked=no,expect-continue=yes] violation
splices-request-before-renegotiation bodies/pipelined[tls=1.2,negotiation=renegotiation,http=1.1,size=4k] false-accept
late-request-hangs                 chain/chain[tls=1.2,negotiation=renegotiation,http=1.1,condition=valid] false-reject
lists-authorities-of-first-name    trust-list/listed-for-its-name[tls=1.3,negotiation=by-name,http=1.1,client=browser] false-reject
lists-another-authority            names/from-open-to-protected[tls=1.3,negotiation=by-name,http=1.1,client=browser,condition=valid] false-reject
lists-another-authority            trust-list/listed[tls=1.3,negotiation=required,http=1.1,client=browser,condition=valid] false-reject
wrong-certificate-after-late-request late/wrong-certificate[tls=1.3,negotiation=post-handshake,http=1.1,condition=untrusted] false-accept
wrong-certificate-after-late-request late/wrong-certificate[tls=1.2,negotiation=renegotiation,http=1.1,condition=leaf-expired] false-accept
accepts-no-certificate             late/declined[tls=1.2,negotiation=renegotiation,http=1.1] false-accept
serves-who-does-not-answer         late/refused-by-warning[tls=1.2,negotiation=renegotiation,http=1.1] false-accept
serves-who-does-not-answer         late/ignored[tls=1.2,negotiation=renegotiation,http=1.1] false-accept
serves-before-the-answer           late/refused-by-fatal-alert[tls=1.3,negotiation=post-handshake,http=1.1] false-accept
serves-before-the-answer           late/ignored[tls=1.3,negotiation=post-handshake,http=1.1] false-accept
gives-no-time-to-answer            late/delayed[tls=1.3,negotiation=post-handshake,http=1.1] false-reject
takes-no-data-while-asking         late/interleaved-request[tls=1.2,negotiation=renegotiation,http=1.1] deviation
takes-no-data-while-asking         bodies/pipelined-behind-all-it-holds[tls=1.3,negotiation=post-handshake,http=1.1] false-reject
takes-no-data-while-asking         late/interleaved-request[tls=1.3,negotiation=post-handshake,http=1.1] false-reject
serves-who-sends-data-instead      late/pipelined-without-certificate[tls=1.2,negotiation=renegotiation,http=1.1,then=no] false-accept
serves-who-sends-data-instead      late/pipelined-without-certificate[tls=1.3,negotiation=post-handshake,http=1.1,then=no] false-accept
takes-no-key-update-while-asking   late/interleaved-key-update[tls=1.3,negotiation=post-handshake,http=1.1,ask-peer=yes] false-reject
renegotiates-with-legacy-clients   late/legacy-client[tls=1.2,negotiation=renegotiation,http=1.1] deviation
keeps-first-certificate            renegotiation/to-another-certificate[tls=1.2,negotiation=required,http=1.1] false-accept
allows-client-renegotiation        renegotiation/client-initiated[tls=1.2,negotiation=none,http=1.1] deviation
forgets-identity                   late/asked-twice[tls=1.2,negotiation=renegotiation,http=1.1] false-reject
serves-after-refusal               late/refused-by-warning[tls=1.2,negotiation=renegotiation,http=1.1] false-accept
asks-late-without-offer            late/who-gets-in[tls=1.3,negotiation=post-handshake,http=1.1,client=browser,condition=valid] violation
asks-late-without-offer            late/no-renegotiation-in-newer[tls=1.2,negotiation=renegotiation,http=1.1,pha=no] violation
asks-late-without-offer            late/not-offered[tls=1.3,negotiation=post-handshake,http=1.1] violation
trusts-host-header                 names/host-of-another-name[tls=1.3,negotiation=by-name,http=1.1,sni=open,host=protected,certificate=none] false-accept
host-without-sni-unchecked         names/host-of-another-name[tls=1.3,negotiation=by-name,http=1.1,sni=none,host=protected,certificate=none] false-accept
takes-unknown-names                names/unknown-name[tls=1.3,negotiation=by-name,http=1.1] deviation
compares-names-by-case             names/name-in-other-case[tls=1.3,negotiation=by-name,http=1.1,condition=valid,host=protected] false-reject
takes-first-fragment-only          names/hello-in-pieces[tls=1.3,negotiation=by-name,http=1.1,condition=none,pieces=record-32] false-accept
redirects-to-wrong-host            redirect/followed[tls=1.3,negotiation=by-name,http=1.1,client=willing] false-reject
redirects-to-front-page            redirect/followed[tls=1.2,negotiation=by-name,http=1.1,client=browser] false-reject
serves-body-with-redirect          redirect/followed[tls=1.3,negotiation=by-name,http=1.1,client=browser] false-accept
forgets-to-redirect                redirect/followed[tls=1.3,negotiation=by-name,http=1.1,client=willing] false-accept
accepts-no-certificate             redirect/who-gets-in[tls=1.3,negotiation=by-name,http=1.1,condition=none] false-accept
takes-first-of-two-hosts           names/two-hosts[tls=1.3,negotiation=by-name,http=1.1,first=open,second=protected] false-accept
serves-without-host                names/no-host[tls=1.3,negotiation=by-name,http=1.1] false-accept
takes-host-over-target             names/absolute-target-counts[tls=1.3,negotiation=by-name,http=1.1,host=protected.mtlspec.test] false-reject
takes-host-over-target             names/absolute-target-of-another-name[tls=1.3,negotiation=by-name,http=1.1,host=open] false-accept
accepts-anchor-of-another-name     names/certificate-of-another-tenant[tls=1.3,negotiation=by-name,http=1.1,sni=protected,certificate=valid-tenant] false-accept
resumes-across-names               resumption/ticket-across-names[tls=1.3,negotiation=by-name,http=1.1] false-accept
keeps-identity-of-first-connection resumption/ticket-of-protected-at-open[tls=1.3,negotiation=by-name,http=1.1] false-accept
resumes-across-endpoints           resumption/ticket-across-endpoints[tls=1.3,negotiation=required,http=1.1] false-accept
resumes-across-anchors             resumption/ticket-across-tenants[tls=1.3,negotiation=by-name,http=1.1,certificate=none] false-accept
trusts-host-header                 resumption/ticket-of-tenant-with-host-of-another[tls=1.3,negotiation=by-name,http=1.1,sni=tenant] false-accept
accepts-no-certificate             resumption/session-id-across-tenants[tls=1.2,negotiation=by-name,http=1.1] false-accept
serves-early-data                  early-data/answered-in-time[tls=1.3,negotiation=required,http=1.1] deviation
resumes-across-names               early-data/across-names[tls=1.3,negotiation=by-name,http=1.1,sni=protected] false-accept
trusts-host-header                 early-data/across-names[tls=1.3,negotiation=by-name,http=1.1,sni=open] false-accept
resumes-across-anchors             early-data/across-tenants[tls=1.3,negotiation=by-name,http=1.1,sni=protected] false-accept
resumes-across-endpoints           early-data/across-endpoints[tls=1.3,negotiation=required,http=1.1] false-accept
tickets-live-too-long              resumption/ticket-life[tls=1.3,negotiation=required,http=1.1] violation
forgets-who-resumes                resumption/post-after-resumption[tls=1.3,negotiation=required,http=1.1,certificate=valid] false-reject
asks-again                         resumption/resumed-is-not-asked[tls=1.3,negotiation=required,http=1.1] violation
keeps-trust-after-reload           live/anchor-removed[tls=1.3,negotiation=required,http=1.1] false-accept
resumes-without-anchor             resumption/resumed-after-anchor-removed[tls=1.3,negotiation=required,http=1.1] false-accept
takes-sessions-of-predecessor      resumption/resumed-after-restart[tls=1.3,negotiation=required,http=1.1,certificate=none] false-accept
refuses-sessions-of-predecessor    resumption/resumed-after-restart[tls=1.3,negotiation=required,http=1.1,certificate=valid] false-reject
takes-sessions-of-predecessor      resumption/session-id-after-restart[tls=1.2,negotiation=required,http=1.1,certificate=none] false-accept
resumes-after-expiry               resumption/resumed-after-expiry[tls=1.3,negotiation=required,http=1.1] false-accept
serves-after-expiry                live/expires-between-requests[tls=1.3,negotiation=required,http=1.1] false-accept
resumes-without-extended-master-secret resumption/master-secret-gained[tls=1.2,negotiation=required,http=1.1] violation
forgives-lost-extended-master-secret resumption/master-secret-lost[tls=1.2,negotiation=required,http=1.1] false-accept
accepts-no-certificate             resumption/session-id-across-names[tls=1.2,negotiation=by-name,http=1.1] false-accept
forgets-who-resumes                resumption/session-id-resumed[tls=1.2,negotiation=required,http=1.1,certificate=valid] false-reject
forgets-who-resumes                resumption/resumed-where-earned[tls=1.3,negotiation=required,http=1.1] false-reject
accepts-old-tls                    versions/old-tls[tls=1.3,negotiation=required,http=1.1,offered=1.1] violation
ignores-alpn                       versions/no-common-protocol[tls=1.3,negotiation=none,http=1.1] violation
selects-alpn-not-offered           versions/no-common-protocol[tls=1.2,negotiation=none,http=1.1] violation
serves-plain-http                  versions/plain-http[tls=1.3,negotiation=required,http=1.1] false-accept
malformed-certificate-request      asking/certificate-request[tls=1.3,negotiation=optional,http=1.1,condition=valid] violation
malformed-certificate-request      asking/certificate-request[tls=1.2,negotiation=renegotiation,http=1.1,condition=valid] violation
repeats-request-context            asking/certificate-request[tls=1.3,negotiation=post-handshake,http=1.1,condition=valid] violation
forgets-to-ask                     required[none]                         false-accept
forgets-to-ask                     required[valid]                        false-reject
rejects-valid                      required[valid]                        false-reject
rejects-valid                      required[leaf-expired]                 inconclusive
wrong-identity                     optional[valid]                        false-accept
resets-instead-of-alert            required[leaf-expired]                 deviation
hangs                              required[valid]                        false-reject
dies-on-unknown-critical-extension required[critical-extension-unknown]   crash
EOF
sed -E 's/ (required|optional)\[([^]]*)\]/ chain\/chain[tls=1.3,negotiation=\1,http=1.1,condition=\2]/' named > cases

expect 0 "$mtlspec" serve --help
sed -n '/^Faults:/,$p' out | awk 'NR > 1 { print $1 }' | sort > faults
[ "$(wc -l < faults)" -ge 26 ] || fail "only $(wc -l < faults) faults"
awk '{ print $1 }' cases | sort -u | diff - faults || fail "a fault has no named case, or a case no fault"

while read -r fault id want; do
	rm -rf "run-$fault"
	patience=5s # who hangs is not waited for as long as who is only slow
	[ "$fault" != hangs ] || patience=500ms
	"$mtlspec" run --fault "$fault" --select "$id" --timeout $patience --out "run-$fault" > run.log 2>&1
	got=$(verdicts "run-$fault")
	[ "$got" = "$want $id" ] || { tail -n 30 run.log; fail "$fault: $got, wanted $want $id"; }
done < cases

# The sound server passes the same cases.
sed -E 's/^[^ ]+ +([^ ]+) .*/\1/' cases | sort -u > ids
while read -r id; do set -- "$@" --select "$id"; done < ids
shift
expect 0 "$mtlspec" run "$@" --out sound
[ "$(count sound '^pass ')" = "$(wc -l < ids)" ] || fail "the sound server does not pass: $(verdicts sound | grep -v '^pass ')"

if [ -z "${WHOLE:-}" ]; then # some minutes: "make servers"
	echo "$(wc -l < faults) faults, $(wc -l < cases) named cases"
	exit
fi
expect 0 "$mtlspec" self-test
cases=$(sed -n 's/^sound: \([0-9]*\) cases$/\1/p' out)
[ "${cases:-0}" -ge 894 ] || fail "sound: ${cases:-no} cases"
awk '$1 == "red" { print $2 }' out | sort | diff - faults || fail "not every fault was red"
has "$(wc -l < faults) faults, 0 findings"
has_not GREEN
[ "$(grep -c '^scenario .*: found ' out)" = "$(grep -c '^scenario ' out)" ] || fail "a scenario is found by no fault"
[ "$(grep -c '^scenario ' out)" -ge 7 ] || fail "too few scenarios"

# What it finds is what is there: a suite without the conditions that cite R-087 cannot see that fault, and it says so.
expect 2 "$mtlspec" self-test --fault no-such-fault
has 'no fault is called no-such-fault'
expect 1 "$mtlspec" self-test --quick --fault ignores-path-length --select 'chain/*' --skip 'condition=path-length-*'
has 'GREEN ignores-path-length'
echo "$(wc -l < faults) faults, $(wc -l < cases) named cases, $cases cases in the sound run"
