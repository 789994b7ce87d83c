#!/bin/bash
# Wrong words: exit 2 and a sentence that says what is wrong, before anything is made or started; help; list and show.
# usage: ci/e2e/usage.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
case='chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]'
one=(--select "$case")

wrong() { # SENTENCE WORDS...
	local sentence=$1
	shift
	expect 2 "$mtlspec" "$@"
	has "$sentence"
	grep -q '^mtlspec: ' out || { cat out; fail "no sentence of ours: $*"; }
	[ ! -e mtlspec-out ] || fail "something was made before: $*"
}
touch help
wrong 'unknown command frobnicate' frobnicate
wrong 'unknown option --frobnicate' run --frobnicate
wrong '--select needs an argument' run --select
wrong '--quick takes no argument' run --quick=yes
wrong 'no words beside its options: word' run word
wrong 'neither a file nor one of: apache' run --target nosuch
wrong 'neither a file nor one of: apache' run --target ./nosuch.xml
wrong 'no variant nosuch; it has: default-depth' run --target nginx:nosuch
wrong '--target: an empty word' run --target ''
wrong 'the selection matches no case: condition=nosuch' run --select condition=nosuch
wrong 'the selection matches no case: nosuch/*' list --select 'nosuch/*'
wrong 'no axis is called "conditon"; there are tls, negotiation' run --select conditon=valid
wrong 'matches no case' run --skip '*'
wrong 'want K/N with 1 <= K <= N' run --shard 4/3
wrong 'want K/N or auto' run --shard three
unset TEST_SHARD_INDEX GTEST_SHARD_INDEX CI_NODE_INDEX CIRCLE_NODE_INDEX BUILDKITE_PARALLEL_JOB BITBUCKET_PARALLEL_STEP \
	SYSTEM_JOBPOSITIONINPHASE
wrong 'none of the CI variables is set' run --shard auto
CIRCLE_NODE_INDEX=1 wrong 'CIRCLE_NODE_INDEX=1 with CIRCLE_NODE_TOTAL= is no part of a whole' run --shard auto
GITLAB_CI=true CI_NODE_INDEX=4 CI_NODE_TOTAL=3 wrong 'no part of a whole' run --shard auto
wrong 'no target has a parameter of that name' run --set frobnicate=1
wrong '--set program: want NAME=VALUE' run --target nginx --set program
wrong '--fault nosuch: no such fault' run --fault nosuch
wrong 'target nginx has no faults' run --target nginx --fault accepts-expired
wrong 'cannot open nosuch.xml' run --suite nosuch.xml
wrong 'no profile is called nosuch' run --profile nosuch
wrong 'there is no file nosuch.pem' run --certificate nosuch.pem
wrong 'there is no file nosuch.key' run --certificate help,nosuch.key
wrong 'holds no PKI' run --pki nosuch
wrong 'nosuch.xml' run --known-failures nosuch.xml
wrong 'nosuch.xml' run --baseline nosuch.xml
wrong '--jobs x: want a number from 0 to 256' run --jobs x
wrong '--in-flight 0: want a number from 1' run --in-flight 0
wrong '--rate -1: want a number' run --rate -1
wrong '--repeat 0: want a number from 1' run --repeat 0
wrong '--seed 1e3: want a number' run --seed 1e3
wrong '--timeout 5: want a duration' run --timeout 5
wrong '--fail-on worst: want one of:' run --fail-on worst
wrong '--impact total: want one of:' run --impact total
wrong '--client curl: want one of:' run --client curl
wrong '--junit-cells some: want one of: all' run --junit-cells some
wrong 'show takes one case id' show
wrong 'no case has the id nosuch' show nosuch
wrong 'report takes one directory' report
wrong 'want results, junit or console' report x --format pdf
wrong 'gate takes BASELINE and RESULTS' gate
wrong '--allowed goes with --expected' gate --allowed nosuch nosuch
wrong 'nosuch' gate nosuch nosuch
echo '<suite xmlns="urn:mtlspec:1"><scenario id="x"></suite>' > broken.xml
wrong 'broken.xml:1' run --suite broken.xml
wrong 'broken.xml:1' run --target broken.xml
MTLSPEC_SUITES=$dir wrong "MTLSPEC_SUITES=$dir: no folder schema inside" run
expect 2 "$mtlspec"
has 'usage: mtlspec COMMAND'

# Help of every sub-command, on standard output.
for command in '' $("$mtlspec" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
	"$mtlspec" $command --help > help 2> help.err || fail "$command --help: exit $?"
	[ ! -s help.err ] || { cat help.err; fail "$command --help speaks on stderr"; }
	grep -q "^usage: mtlspec ${command:-COMMAND}" help || { cat help; fail "$command --help: no usage line"; }
	[ -z "$command" ] || grep -q -- '--help' help || fail "$command --help does not list itself"
	[ "$(awk 'length > 120' help | wc -l)" = 0 ] || { awk 'length > 120' help; fail "$command --help: lines too wide"; }
done
expect 0 "$mtlspec" --version
has 'mtlspec '

# list: what would run, the same that runs; shards cover it exactly once, each by itself.
ids() { grep -E '^[a-z0-9-]+/[a-z0-9-]+\[' "$dir/out" | sort; }
expect 0 "$mtlspec" list
ids > all
[ "$(wc -l < all)" -gt 500 ] || fail "list: $(wc -l < all) cases"
has 'cells ='
has 'requirements named by these cases'
for k in 1 2 3; do
	expect 0 "$mtlspec" list --shard $k/3
	ids > shard.$k
	[ -s shard.$k ] || fail "shard $k is empty"
done
sort shard.1 shard.2 shard.3 | cmp -s - all || fail "shards do not cover the plan exactly once"
TEST_SHARD_INDEX=1 TEST_TOTAL_SHARDS=3 expect 0 "$mtlspec" list --shard auto
ids | cmp -s - shard.2 || fail "--shard auto is another part than 2/3"
expect 0 "$mtlspec" list "${one[@]}"
[ "$(ids)" = "$case" ] || fail "a pasted id selects: $(ids)"
expect 0 "$mtlspec" list --select 'tls=1.3,condition=leaf-*' --skip 'negotiation=none|optional'
[ "$(ids | grep -c .)" -gt 5 ] || fail "axes select nothing"
ids | grep -vE 'tls=1.3.*condition=leaf-' && fail "axes select something else"
ids | grep -E 'negotiation=(none|optional)' && fail "--skip does not leave out"

# show: the case in full, files that openssl reads, a bundle that plays it.
expect 0 "$mtlspec" show "$case"
for words in 'Leaf past its notAfter' 'R-081' 'RFC 5280 6.1.3(a)(2)' 'curl -v' 'openssl s_client' 'mtlspec-show'; do has "$words"; done
[ "$(stat -c %a mtlspec-show/key.pem)" = 600 ] || fail "the key is readable by others"
expect 0 "$mtlspec" show "$case" --target nginx --set program=/nonexistent
expect 0 "$mtlspec" show 'chain/chain[tls=1.3,negotiation=required,http=1.1,condition=none]'
has_not '--cert '
echo nothing > own.pem
expect 0 "$mtlspec" show "${case/leaf-expired/own:cli}" --certificate own.pem
has "--cert 'own.pem'"
expect 2 "$mtlspec" show "${case/leaf-expired/own:cli}" --certificate own.pem --bundle own.sh
has 'never copied'
[ ! -e own.sh ] || fail "a bundle of one's own key"
command -v openssl > /dev/null && command -v curl > /dev/null || skip "no curl or openssl: bundles are not played"
expect 0 "$mtlspec" show "$case" # writes the files again
openssl x509 -in mtlspec-show/chain.pem -noout -checkend 0 > /dev/null && fail "leaf-expired has not expired"
cmp -s <(openssl pkey -in mtlspec-show/key.pem -pubout) <(openssl x509 -in mtlspec-show/chain.pem -noout -pubkey) ||
	fail "key and certificate do not belong together"

play() { # CONDITION ANSWER: its bundle at a server of ours that trusts its anchors
	mkdir kept.d && touch kept.d/precious # a folder that only looks like ours
	expect 0 "$mtlspec" show "${case/leaf-expired/$1}" --bundle kept
	[ -e kept.d/precious ] || fail "--bundle removed somebody's folder"
	rm -r kept.d
	[ "$(stat -c %a kept)" = 700 ] || fail "a bundle with a key inside has mode $(stat -c %a kept)"
	sed -n "/^cat > anchors.pem/,/^PEM/p" kept | sed '1d;$d' > anchors.pem
	"$mtlspec" serve --certificate server.pem --key server.key --anchors anchors.pem --listen required=127.0.0.1:0 > serve.log 2>&1 &
	pids+=($!)
	eventually 10 grep -q '^listening required' serve.log || { cat serve.log; fail "serve does not start"; }
	sh kept "$(sed -n 's/^listening required //p' serve.log)" > out 2>&1
	played=$?
	has "$2"
	kill "${pids[-1]}"
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.pem -subj /CN=localhost -days 2 2> /dev/null
play valid 'mtlspec reference: hello'
[ $played = 0 ] || fail "the bundle of valid ends with $played"
play leaf-expired 'certificate expired'
[ $played != 0 ] || fail "the bundle of leaf-expired ends with 0"
expect 2 sh kept
has 'usage: sh kept HOST:PORT'
echo "usage: $(wc -l < all) cases listed, wrong words refused, bundles played"
