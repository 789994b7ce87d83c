#!/bin/bash
# make run: the suite against the built-in reference server, then one fault to show what red looks like.
# usage: ci/run-demo.sh MTLSPEC BUILD      results go to mtlspec-out/ here, or in BUILD where nothing can be written here
set -u
mtlspec=$1
[ -w . ] && here='' || here=$2/
out=${OUT:-${here}mtlspec-out}

echo "== 1. The built-in reference server, sound: everything should pass"
"$mtlspec" run --out "$out" || exit $?

echo
echo "== 2. The same server with the fault accepts-expired: one case, to show a failure explained"
"$mtlspec" run --fault accepts-expired --select 'condition=leaf-expired,negotiation=required,tls=1.3,http=1.1' --out "$out-fault"
code=$?
[ "$code" = 1 ] || { echo "the fault was not found: exit $code"; exit 1; }

cat <<EOF

== Next
  $mtlspec run --target nginx            # a real server (make deps-servers installs them)
  $mtlspec discover https://HOST:PORT/   # what does your server do?  no certificate needed
  $mtlspec lint --template target        # a target file for your own server, then: run --target FILE
EOF
