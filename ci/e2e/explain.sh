#!/bin/bash
# explain: the shipped diagnoses answer what people paste.  usage: ci/e2e/explain.sh MTLSPEC
. "$(dirname "$0")/lib.sh"

# first WORDS ID: the best match for WORDS is ID.
first() {
	expect 0 "$mtlspec" explain "$1"
	head -n 1 "$dir/out" | grep -q "^$2: " || { cat "$dir/out"; fail "explain $1: wanted $2 first"; }
	has 'Likely causes'
}
first 403.16 KB-06
first 0x80070032 KB-01
first 0x800B0109 KB-06
first 2148204810 KB-07
first alert:unknown_ca KB-20
first unknown_ca KB-20
first 48 KB-20
first 45 KB-21
first http:400 KB-17
first 'The SSL certificate error' KB-18
first ERR_CONNECTION_RESET KB-02
first ERR_CONNECTION_REFUSED no-listener
first 500.0 KB-01
first 'HTTP Error 500.0 - Internal Server Error' KB-01
first 'curl: (56) Recv failure: Connection reset by peer' KB-02
first 413 KB-13
first 'HTTP/1.1 413 Request Entity Too Large' KB-13
first 'Client stream needs to be drained before renegotiation' KB-14
first 'Reason: Cannot perform Post-Handshake Authentication.' KB-15
first HTTP_1_1_REQUIRED KB-16
first 421 KB-33
first 'it works with TLS 1.2 and fails with TLS 1.3' KB-41
first '403 - Forbidden: Access is denied.' iis-details-hidden
first 'remote error: tls: bad certificate' KB-27
first KB-37 KB-37

# Pasted: an IIS log line, netsh, certutil in UTF-16, OpenSSL.
pasted() {
	"$mtlspec" explain - > "$dir/out" 2>&1
	[ $? = 0 ] && head -n 1 "$dir/out" | grep -q "^$1: " || { cat "$dir/out"; fail "pasted: wanted $1 first"; }
}
echo '2026-11-24 10:00:00 10.0.0.5 GET /app - 443 - 10.0.0.9 curl/8 - 403 17 2148204801 62' | pasted KB-11
printf '    Application ID               : {214124cd-d05b-4309-9af9-9caa44b2b74a}\r\n    Negotiate Client Certificate : Disabled\r\n' | pasted KB-01
printf 'CertUtil: The revocation function was unable to check revocation because the revocation server was offline. 0x80092013' |
	iconv -f UTF-8 -t UTF-16LE | pasted KB-09
printf 'curl: (56) OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0\n' | pasted KB-20

expect 4 "$mtlspec" explain 'the sun is shining'
has 'Nothing is known'
has 'mtlspec discover'
expect 2 "$mtlspec" explain
echo "explain: all found"
