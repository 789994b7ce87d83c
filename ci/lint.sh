#!/bin/bash
# Lint: what the compiler does not see.  Banned calls, include borders, header self-sufficiency, sizes, shipped XML.
# usage: ci/lint.sh [MTLSPEC]   (the binary, for the XML part; FORMAT=1 checks clang-format too)
set -u
cd "$(dirname "$0")/.." || exit 1
mtlspec=${1:-}
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

sources() { find harness clients reports -name '*.[ch]' | sort; }
# complain TEXT: every line on standard input is one finding.
complain() { sed "s|^|lint: $1: |" >> "$found"; }
# code PATTERN: matches of an extended regular expression outside comment lines, in the files on standard input.
code() { xargs -r grep -nE "$1" /dev/null | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)'; }
call() { code "(^|[^A-Za-z0-9_>.])($1)[[:space:]]*\("; }

sources | call 'strcpy|strcat|sprintf|vsprintf|strtok|atoi|system|popen|sleep|usleep|alloca|gets' | complain 'banned call'
sources | grep -vE '^harness/base/clock\.c$|_test\.c$' | call 'clock_gettime|getenv|gettimeofday|time' |
	complain 'only harness/base/clock.c asks for time and environment'

# Borders (tests and fuzzers may look anywhere).
plain() { sources | grep -vE '_(test|fuzz)\.[ch]$|/(testpki|fixture)\.h$|_main\.c$'; }
includes='^#[[:space:]]*include[[:space:]]*'
plain | grep '^harness/base/' | code "$includes\"" | grep -v '"harness/base/' | complain 'base includes no sibling'
plain | grep '^clients/' | code "$includes\"" | grep -vE '"(harness/base/|clients/)' | complain 'clients see base and clients only'
plain | grep '^harness/reference/' | code "$includes\"" | grep -vE '"harness/(base|reference)/' | complain 'reference sees base and reference only'
plain | grep -E '^harness/(plan|judge)/' | code "$includes<(unistd|fcntl|sys/|poll|netdb|arpa/|netinet/|pthread|signal)" | complain 'plan and judge do no I/O'
plain | grep -vE '^(harness/suite|reports)/' | code "$includes<libxml" | complain 'libxml2 only in suite and reports'
plain | grep -vE '^harness/(pki|reference)/|^clients/(tls|credential|session|quic)[a-z_]*\.[ch]$' | code "$includes<gnutls" |
	complain 'GnuTLS only in pki, reference and clients/{tls,credential,session,quic}'
plain | grep '^clients/' | grep -vE '^clients/(h1|h2|h3|http|tls|vocab)[a-z_]*\.[ch]$' | code '(==|!=|<=?|>=?)[[:space:]]*HTTP_[123]' |
	complain 'HTTP version test outside the drivers'

# A fault of the reference server is read at exactly one place: where its name stands, or by the loop over the rows of check.c.
for fault in $(grep -oE '\bX\(FAULT_[A-Z_]+' harness/reference/faults.h | cut -c3-); do
	reads=$(plain | grep '^harness/reference/' | xargs grep -nwF "on[$fault]" /dev/null | wc -l)
	rows=$(grep -cF "CHECK_FAULT($fault)" harness/reference/check.c)
	names=$(plain | grep -v '/faults\.h$' | xargs grep -ow "$fault" /dev/null | wc -l)
	rows_read=$((rows > 0))
	[ $((reads + rows_read)) = 1 ] && [ "$names" = $((reads + rows)) ] || echo "$fault: named $names times, read $reads times, rows $rows"
done | complain 'a fault is read at exactly one place'

# Headers stand alone.
find harness clients reports -name '*.h' | sort | while IFS= read -r header; do
	${CC:-gcc} -std=c11 -D_GNU_SOURCE -I. ${PKG_CFLAGS:-} -fsyntax-only -include "$header" -x c /dev/null 2>/dev/null || echo "$header"
done | complain 'header does not compile by itself'

# Sizes: files <= 600 lines, functions <= 60; a file of rows says "lint: table".
sources | while IFS= read -r file; do
	[ "$(wc -l < "$file")" -le 600 ] || grep -q 'lint: table' "$file" || echo "$file"
done | complain 'more than 600 lines'
sources | while IFS= read -r file; do
	awk -v file="$file" '
		/^[A-Za-z].*\(/ { name = $0 }
		/^{/ { start = NR }
		/^}/ { if (start && NR - start - 1 > 60) printf "%s:%d: %d lines: %s\n", file, start, NR - start - 1, name; start = 0 }' "$file"
done | complain 'function of more than 60 lines'

# Ids are lower-case words; the top level is promised.
grep -rnoE '<(condition|scenario)[^>]* id="[^"]*"' suites 2>/dev/null | grep -vE ' id="[a-z0-9]+(-[a-z0-9]+)*"' | complain 'id'
git ls-files 2>/dev/null | cut -d/ -f1 | sort -u | grep -vxE '\..*|suites|harness|clients|reports|ci|Makefile|README\.md' | complain 'top level'

if [ "${FORMAT:-}" = 1 ] && command -v clang-format-14 >/dev/null 2>&1; then
	sources | xargs clang-format-14 --dry-run 2>&1 | grep 'warning:' | cut -d: -f1,2 | complain 'clang-format'
fi
if [ -n "$mtlspec" ]; then
	"$mtlspec" lint 2>&1 | tee "$found.xml" || complain 'mtlspec lint' < "$found.xml"
	rm -f "$found.xml"
fi
if [ -s "$found" ]; then
	cat "$found"
	exit 1
fi
echo "lint: clean"
