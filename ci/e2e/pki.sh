#!/bin/bash
# pki: a lasting anchor through the command line, its exports installed and removed.  usage: ci/e2e/pki.sh MTLSPEC
. "$(dirname "$0")/lib.sh"

mode() { [ "$(stat -c %a "$1")" = "$2" ] || fail "$1: mode $(stat -c %a "$1"), wanted $2"; }

expect 0 "$mtlspec" pki init own --days 10
has 'mtlspec TEST ONLY'
mode own 700
mode own/ca.key 600
expect 0 "$mtlspec" pki show own
has 'the CA is the anchor itself'
expect 2 "$mtlspec" pki init own
has 'holds a PKI already'
mkdir full && touch full/letter
expect 2 "$mtlspec" pki init full
has 'not empty'
expect 2 "$mtlspec" pki show nowhere
expect 2 "$mtlspec" pki export own
has 'one of: pem nginx'
expect 2 "$mtlspec" pki export --for notepad own
has 'unknown product'
expect 2 "$mtlspec" pki sing own

# Every product: commands that install and that remove; the client certificate is one the anchor vouches for.
for product in pem nginx apache haproxy java kubernetes iis; do
	expect 0 "$mtlspec" pki export --for $product own --out out-$product
	ls out-$product/install.* out-$product/remove.* > /dev/null || fail "$product lacks install or remove"
	mode out-$product/client.key 600
	for script in out-$product/*.sh; do
		[ ! -e "$script" ] || sh -n "$script" || fail "$script is no shell script"
	done
	if command -v openssl > /dev/null; then
		expect 0 openssl verify -purpose sslclient -CAfile own/anchor.pem -untrusted out-$product/client.pem out-$product/client.pem
	fi
done

# install, then remove, leaves no trace.
for product in nginx apache haproxy; do
	expect 0 sh out-$product/install.sh "$dir/etc-$product"
	cmp -s own/anchor.pem "etc-$product/anchor.pem" || fail "$product: the anchor is not what was exported"
	! grep -rq '@' "etc-$product" || fail "$product: a placeholder is left"
	if [ $product = nginx ] && command -v nginx > /dev/null; then
		openssl req -x509 -newkey rsa:2048 -nodes -keyout s.key -out s.pem -subj /CN=localhost -days 2 2> /dev/null
		echo "events {} pid $dir/pid; error_log $dir/log; http { access_log off; server { listen 127.0.0.1:1 ssl;" \
			"ssl_certificate $dir/s.pem; ssl_certificate_key $dir/s.key; include $dir/etc-nginx/mtlspec.conf; } }" > nginx.conf
		expect 0 nginx -t -c "$dir/nginx.conf"
	fi
	expect 0 sh out-$product/remove.sh "$dir/etc-$product"
	[ ! -e "etc-$product" ] || fail "$product: remove.sh leaves files behind"
done
if command -v keytool > /dev/null; then
	expect 0 sh out-java/install.sh trust.p12
	expect 0 keytool -list -keystore trust.p12 -storepass changeit
	has mtlspec-test-only
	expect 0 sh out-java/remove.sh trust.p12
	expect 0 keytool -list -keystore trust.p12 -storepass changeit
	has_not mtlspec-test-only
fi

# A run stands on it; so does one on a subordinate of a lab CA, which the server alone trusts.
expect 0 "$mtlspec" run --pki own --target reference --select 'chain/chain[tls=1.*,negotiation=required,http=1.1,*' --out run-own
[ "$(count run-own '^pass ')" -gt 20 ] || fail "a run with --pki: $(count run-own '^pass ') passes"
command -v openssl > /dev/null || skip "no openssl to play the lab"
lab() { openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -subj "/O=Lab/CN=$1" -days 20 -addext "$2" 2> /dev/null; }
lab root basicConstraints=critical,CA:TRUE
lab narrow basicConstraints=critical,CA:TRUE,pathlen:0
lab leaf basicConstraints=critical,CA:FALSE
expect 2 "$mtlspec" pki init sub --issuer root.pem
has 'belong together'
expect 2 "$mtlspec" pki init sub --issuer root.pem --issuer-key narrow.key
has 'the key is not that of'
expect 2 "$mtlspec" pki init sub --issuer root.pem --issuer-key missing.key
has 'missing.key'
expect 2 "$mtlspec" pki init sub --issuer narrow.pem --issuer-key narrow.key
has 'pathLenConstraint 0'
expect 2 "$mtlspec" pki init sub --issuer leaf.pem --issuer-key leaf.key
has 'is no CA'
[ ! -e sub ] || fail "a refused init leaves a directory behind"
expect 0 "$mtlspec" pki init sub --issuer root.pem --issuer-key root.key
has 'the CA is subordinate'
cmp -s <(openssl x509 -in sub/anchor.pem -outform DER) <(openssl x509 -in root.pem -outform DER) || fail "the anchor is not the lab's"
expect 0 "$mtlspec" run --pki sub --target reference --select 'chain/chain[tls=1.*,negotiation=required,http=1.1,*' --out run-sub
diff <(verdicts run-own) <(verdicts run-sub) || fail "a subordinate CA changes verdicts"
echo "pki: anchor, exports and both kinds of run"
