#!/bin/bash
# make fuzz: every reader of foreign bytes gets bytes that nobody meant well, for FUZZ_SECONDS (20) each.
#
#   make fuzz                        all fuzzers, one after the other; ends 1 when one of them has a finding
#   FUZZ_SECONDS=600 FUZZ='clients/h1 harness/suite/suite' make fuzz
#   ci/fuzz.sh --coverage [BUILD]    lines of the parsers that the seeds reach, each read once; ends 1 below 80 %
#   ci/fuzz.sh --replay DIR          reads the seeds once, with the fuzzers in DIR; what "make check" does
#   ci/fuzz.sh --plant [BUILD]       plants mistakes in a copy of the tree, one at a time: each is found within 60 s
#
# The fuzzers are the x_fuzz.c beside the parsers, built with libFuzzer, ASan and UBSan: clang-14 and its runtime, which
# "make deps-fuzz" installs.  Without them it says so and ends 77; CC_FUZZ names another clang.
# Seeds are ci/corpus/ and every shipped XML file; certificates are made on the spot.  What libFuzzer adds to them stays
# in BUILD/fuzz/corpus.  An input that found something is kept in BUILD/fuzz/findings and tried first the next time;
# once mended it belongs into ci/corpus/.
set -u
cd "$(dirname "$0")/.." || exit 1
mode=fuzz
case ${1:-} in
--coverage | --plant | --replay) mode=${1#--}; shift ;;
-*) echo "usage: ci/fuzz.sh [--coverage | --plant] [BUILD], or --replay DIR" >&2; exit 2 ;;
esac
mkdir -p "${1:-build}" && build=$(cd "${1:-build}" && pwd) || exit 1
seconds=${FUZZ_SECONDS:-20}
least=80       # per cent of lines
within=60      # seconds for a planted mistake
longest=131072 # bytes of one input: twice what the HTTP/1 reader takes for a head
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

say() { echo "fuzz: $*" >&2; }
# Not the caller's variant, flags and job server: those are for the product.
build_with() {
	env -u MAKEFLAGS -u MFLAGS -u CFLAGS make -s -j"$(nproc)" CI= BUILD="$build" "$@" > "$tmp/make" 2>&1 && return
	cat "$tmp/make"
	say "the fuzzers do not build"
	exit 1
}

# --- seeds ------------------------------------------------------------------------------------------------------

names() { find clients harness reports -name '*_fuzz.c' | sort | sed 's/_fuzz\.c$//'; }

# seeds NAME: the files to begin with.
seeds() {
	case $1 in
	harness/suite/suite) find suites ci/expect ci/corpus/suite -name '*.xml' ;;
	harness/reference/h1) find ci/corpus/requests -type f ;;
	harness/reference/check) find "$build/seeds/chains" -type f ;;
	harness/pki/cert) find "$build/seeds/certificates" -type f ;;
	*) find "ci/corpus/${1##*/}" -type f ;;
	esac
}

# pem_to_der FILE PREFIX: each certificate of a PEM file into PREFIX1, PREFIX2 ...
pem_to_der() {
	local n=0 base64
	while read -r base64; do
		n=$((n + 1))
		base64 -d <<< "$base64" > "$2$n"
	done < <(awk '/BEGIN CERT/ { on = 1; all = ""; next } /END CERT/ { print all; on = 0 } on { all = all $0 }' "$1")
}

# certificates MTLSPEC: what the forge makes of every condition; kept until "make clean".
certificates() {
	local to=$tmp/seeds id name
	[ -d "$build/seeds" ] && return
	mkdir -p "$to/chains" "$to/certificates" "$tmp/show"
	"$1" list | grep '^chain/chain\[tls=1.3,negotiation=required,http=1.1,condition=' | while read -r id; do
		name=${id##*=}
		name=${name%]}
		(cd "$tmp/show" && "$1" show "$id" > /dev/null) || continue # a condition without a certificate has nothing to show
		pem_to_der "$tmp/show/mtlspec-show/chain.pem" "$to/certificates/$name-"
		pem_to_der "$tmp/show/mtlspec-show/anchors.pem" "$to/certificates/$name-anchor-"
		cat "$to/certificates/$name-"[0-9]* "$to/certificates/$name-anchor-1" > "$to/chains/$name"
	done
	[ "$(find "$to/chains" -type f | wc -l)" -ge 40 ] || { say "only $(find "$to/chains" -type f | wc -l) chains could be made"; exit 1; }
	cp -R "$to" "$build/seeds"
}

# dictionary NAME: words that mutations put in.  Those of the suite are the ones that its grammars know.
dictionary() {
	case $1 in
	harness/suite/suite)
		printf '"%s"\n' ' xmlns=\"urn:mtlspec:1\"' '&amp;' '&lt;' '&#65;' '&quot;' '<![CDATA[' ']]>' '<!-- ' ' -->' '<?x ' '?>' '<!DOCTYPE ' \
			'/>' '{a}' '{tls}' 'own:' '@port:a@' '|' '*'
		cat suites/schema/*.rng | grep -oE '<element name="[^"]*"' | sed -E 's/.*"(.*)"/"<\1 "\n"<\/\1>"\n"\1"/'
		cat suites/schema/*.rng | grep -oE '<attribute name="[^"]*"' | sed -E 's/.*"(.*)"/" \1=\\""/'
		cat suites/schema/*.rng | grep -oE '<value>[^<]*' | sed -E 's/<value>(.*)/"\1"/'
		;;
	*/h1)
		printf '"%s"\n' 'HTTP/1.1 ' 'HTTP/1.0 ' '\x0d\x0a' '\x0d\x0a\x0d\x0a' 'Content-Length: ' 'Transfer-Encoding: ' 'chunked' \
			'Connection: ' 'close' 'keep-alive' 'Host: ' 'Expect: 100-continue' 'GET ' 'POST ' '18446744073709551615' 'ffffffffffffffff' \
			'0\x0d\x0a\x0d\x0a' '; ' ', ' '\x0d\x0a '
		;;
	*) printf '"%s"\n' '\xff\xff\xff\xff' '\x30\x82' '\x06\x03\x55\x1d' '\x01\x01\xff' ;;
	esac | sort -u
}

# --- fuzzing ----------------------------------------------------------------------------------------------------

works() { # COMPILER
	echo '#include <stddef.h>
		int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
		int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) { return data && size > 9 ? 0 : 0; }' |
		"$1" -x c -fsanitize=fuzzer,address,undefined -o "$tmp/probe" - > /dev/null 2>&1
}

compiler() {
	for c in ${CC_FUZZ:-clang-14 clang}; do
		works "$c" && echo "$c" && return
	done
	say "skipped: no clang with libFuzzer here: make deps-fuzz, which is" \
		"apt-get install --no-install-recommends $(ci/deps.sh --list fuzz | tr '\n' ' ')"
	return 77
}

# A user and network namespace of its own, where that is allowed: nothing read may lead anywhere.
jail=()
if unshare -rn true 2> /dev/null; then
	jail=(unshare -rn)
fi

# drive NAME SECONDS OPTION...: runs a fuzzer; what it says goes to $tmp/log.
drive() {
	local name=$1 most=$2 home=$build/fuzz
	shift 2
	mkdir -p "$home/corpus/$name" "$home/findings/$name"
	{ find "$home/findings/$name" -type f; seeds "$name"; } | paste -sd, > "$tmp/list"
	dictionary "$name" > "$tmp/words"
	UBSAN_OPTIONS=print_stacktrace=1 timeout -k 5 $((most + 120)) "${jail[@]}" "$home/${name}_fuzz" -max_total_time="$most" \
		-max_len="$longest" -rss_limit_mb=1024 -timeout=25 -print_final_stats=1 -dict="$tmp/words" -seed_inputs="@$tmp/list" \
		-artifact_prefix="$home/findings/$name/" "$@" "$home/corpus/$name" > "$tmp/log" 2>&1
}

# The last figures of a log: "cov: 812 ft: 2301 corp: 377/92Kb".
figure() { sed -nE "s|.* $1: ([0-9]+).*|\1|p" "$tmp/log" | tail -n 1; }

fuzz_all() {
	local name rc failed=0 runs
	for name in ${FUZZ:-$(names)}; do
		drive "$name" "$seconds"
		rc=$?
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/log")
		printf '%-24s %9s runs  %6s edges  %5s inputs kept, %s seeds  %s\n' "$name" "${runs:-?}" "$(figure cov)" "$(figure corp)" \
			"$(tr ',' '\n' < "$tmp/list" | wc -l)" "$([ $rc = 0 ] && echo ok || echo "FINDING (exit $rc)")"
		[ $rc = 0 ] && continue
		failed=1
		grep -vE '^#[0-9]+\s|^(INFO|stat::|0x|\\0x)' "$tmp/log" | tail -n 60 | cut -c1-300 | sed 's/^/      /'
		echo "      again: $build/fuzz/${name}_fuzz FILE      FILE is named above, in $build/fuzz/findings/$name/"
	done
	return $failed
}

# --- coverage ---------------------------------------------------------------------------------------------------

# Lines of FILE... that were reached, as gcov counts them.
lines() { # TITLE FILE...
	local title=$1 object=$build/cover file
	shift
	for file; do
		gcov -n "$object/${file%.c}.gcda" 2> /dev/null | awk -v want="File '$file'" -v file="$file" '
			$0 == want { getline; gsub(/[^0-9. ]/, ""); printf "%s %d %d\n", file, $1 / 100 * $2 + .5, $2; exit }'
	done > "$tmp/lines"
	[ "$(wc -l < "$tmp/lines")" = $# ] || { say "gcov says nothing of some of: $*"; return 1; }
	sort "$tmp/lines" | awk -v title="$title" -v least="$least" '
		{ printf "  %-34s %5.1f %% of %4d lines\n", $1, 100 * $2 / $3, $3; hit += $2; all += $3 }
		END { printf "%-36s %5.1f %% of %4d lines, at least %d %%\n", title, 100 * hit / all, all, least; exit 100 * hit < least * all }'
}

# The loader is what bytes of a suite go through; the others in its folder look for files or ask the grammars.
loader_files() {
	find harness/suite -name '*.c' | grep -vE '_(test|fuzz)\.c$|/(find|lint|relaxng|target_load)\.c$'
}

# replay DIR: every fuzzer there takes its own seeds.
replay() {
	local name failed=0
	certificates "$1/mtlspec"
	for name in $(names); do
		seeds "$name" > "$tmp/list"
		xargs -a "$tmp/list" "$1/${name}_fuzz" > "$tmp/out" 2>&1 && echo "$name: $(tail -n 1 "$tmp/out")" && continue
		failed=1
		cat "$tmp/out"
		echo "$name: FAILED on one of its seeds"
	done
	return $failed
}

coverage() {
	local rc=0
	command -v gcov > /dev/null || { say "skipped: no gcov here: it comes with gcc"; return 77; }
	build_with V=cover CC=gcc CFLAGS='-O0 -g' WARN=-w all fuzzers
	find "$build/cover" -name '*.gcda' -delete
	replay "$build/cover" || return 1
	# shellcheck disable=SC2046
	lines "suite loader" $(loader_files) || rc=1
	lines "HTTP/1 responses" clients/h1.c || rc=1
	lines "HTTP/1 requests" harness/reference/h1.c || rc=1
	return $rc
}

# --- planted mistakes -------------------------------------------------------------------------------------------

# FUZZER|FILE|what stands there|what is put there instead: one step too far, or one byte too little.
planted() {
	cat <<'EOF'
clients/h1|clients/h1.c|size_t n = (size_t)(stop - *at);|size_t n = (size_t)(stop - *at) + 1;
clients/h1|clients/h1.c|if (n > most)|if (n > most + 1)
clients/h1|clients/h1.c|while (*n && is_blank(s[*n - 1]))|while (*n && is_blank(s[*n]))
harness/suite/suite|harness/suite/xml.c|while (from < to && isspace((unsigned char)p->text[to - 1]))|while (from < to && isspace((unsigned char)p->text[to]))
harness/suite/suite|harness/suite/read.c|char *out = arena_alloc(a, strlen(n->text) + 1);|char *out = arena_alloc(a, strlen(n->text));
harness/suite/suite|harness/suite/when.c|if (len < sizeof each) {|if (len <= sizeof each) {
EOF
}

replace() { # FILE FROM TO
	local text
	text=$(cat "$1"; echo x)
	[ "${text/"$2"/"$3"}" != "$text" ] || { say "$1 does not hold \"$2\" any more: mend the table"; return 1; }
	text=${text/"$2"/"$3"}
	printf %s "${text%x}" > "$1"
}

# In the copy: the fuzzer, built with the mistake, must find what the one without it is content with.
plant_one() { # SOUND-BUILD NAME FILE FROM TO
	local sound=$1 name=$2 file=$3 from=$4 to=$5 began rc ms input
	cp "$file" "$tmp/sound"
	replace "$file" "$from" "$to" || return 1
	build_with V=fuzz CC="$cc" "$build/fuzz/${name}_fuzz"
	began=$(date +%s%N)
	drive "$name" "$within"
	rc=$?
	ms=$((($(date +%s%N) - began) / 1000000))
	cp "$tmp/sound" "$file"
	input=$(find "$build/fuzz/findings/$name" -type f | head -n 1)
	if [ $rc = 0 ] || [ -z "$input" ]; then
		tail -n 3 "$tmp/log"
		echo "NOT FOUND  $file: $to"
		return 1
	fi
	if ! "$sound/fuzz/${name}_fuzz" "$input" > "$tmp/log" 2>&1; then
		tail -n 30 "$tmp/log"
		echo "NO PROOF   $file: $to: the sound one does not take $input either"
		return 1
	fi
	printf 'found in %2d.%d s  %s: %s\n' $((ms / 1000)) $((ms / 100 % 10)) "$file" "$to"
	rm -rf "$build/fuzz/findings" "$build/fuzz/corpus"
}

plant() {
	local copy=$tmp/tree sound=$build name file from to rc=0
	mkdir -p "$copy/build"
	cp -a Makefile clients harness reports suites ci "$copy/"
	cp -a "$build/fuzz" "$build/seeds" "$copy/build/"
	rm -rf "$copy/build/fuzz/findings" "$copy/build/fuzz/corpus"
	cd "$copy" || return 1
	build=$copy/build
	while IFS='|' read -r name file from to; do
		plant_one "$sound" "$name" "$file" "$from" "$to" < /dev/null || rc=1
	done < <(planted)
	return $rc
}

# ----------------------------------------------------------------------------------------------------------------

case $mode in
coverage) coverage; exit ;;
replay) replay "$build"; exit ;;
esac
cc=$(compiler) || exit
build_with V=fuzz CC="$cc" all fuzzers
certificates "$build/fuzz/mtlspec"
[ ${#jail[@]} -gt 0 ] || say "no namespace for it here: a parser that connects somewhere would not be stopped"
case $mode in
fuzz) fuzz_all ;;
plant) plant ;;
esac
