#!/bin/bash
# People and places: an ordinary user without HOME, a checkout that nobody may write to, names with blanks, an installation
# below DESTDIR, and a machine without IPv6.  usage: ci/e2e/user.sh MTLSPEC
. "$(dirname "$0")/lib.sh"
did=()

# As an ordinary user: root becomes nobody, everybody else is one already.
user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- env -u HOME -u XDG_RUNTIME_DIR -u MAKEFLAGS -u MAKELEVEL -u V -u OUT "$@"
	else
		env -u HOME -u XDG_RUNTIME_DIR -u MAKEFLAGS -u MAKELEVEL -u V -u OUT "$@"
	fi
}
one_case=(--select 'condition=leaf-expired,negotiation=required')
chmod 755 "$dir"
mkdir -m 777 "$dir/a place of one's own"
place=$dir/"a place of one's own"

# Installed below a folder with blanks, moved, and run from a third place.
expect 0 env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" install BUILD="$(dirname "$(dirname "$mtlspec")")" V="$(basename "$(dirname "$mtlspec")")" \
	DESTDIR="$dir/stage" PREFIX=/opt/mtlspec
mv "$dir/stage/opt/mtlspec" "$dir/moved here"
chmod -R a+rX "$dir/moved here"
installed=$dir/"moved here"/bin/mtlspec
cd "$place" || exit 1
expect 0 user "$installed" run "${one_case[@]}" --out "of a user"
has ', 0 failed,'
[ "$(find "of a user/junit" -name 'TEST-*.xml' | wc -l)" -ge 1 ] || fail "no JUnit"
expect 1 user "$installed" run --fault accepts-expired "${one_case[@]}" --out "of a user"
has 'false-accept'
expect 0 user "$installed" lint
expect 0 user "$installed" pki init "an anchor"
expect 0 user "$installed" pki export --for nginx "an anchor"
expect 0 user "$installed" show 'chain/chain[tls=1.3,negotiation=required,http=1.1,condition=leaf-expired]'
did+=(installed)

# A name that the shell would split, in --set and in a target file.
expect 0 user cp -R "$dir/moved here/share/mtlspec/suites/targets/reference" "a target"
expect 0 user "$installed" run --target "a target/target.xml" "${one_case[@]}" --out "of a target file"
has ', 0 failed,'
did+=('blanks')

# A checkout that may only be read, built elsewhere.  As root no bit of a file's mode stops a write, hence the user.
if [ "$(id -u)" != 0 ] || setpriv --reuid=nobody --regid=nogroup --clear-groups true 2> /dev/null; then
	checkout=$dir/"a checkout"
	mkdir "$checkout" && mkdir -m 777 "$dir/build"
	(cd "$root" && tar cf - --exclude=./build --exclude=./.git --exclude='./mtlspec-out*' .) | tar xf - -C "$checkout"
	chmod -R a+rX,a-w "$checkout"
	expect 2 user make -s -C "$checkout" BUILD="$place/out"
	has 'make knows no file names with blanks'
	expect 0 user make -s -j2 -C "$checkout" BUILD="$dir/build" CFLAGS=-O0 all
	expect 0 user "$dir/build/dev/mtlspec" run "${one_case[@]}" --out of-a-checkout
	has ', 0 failed,'
	expect 0 user make -s -C "$checkout" BUILD="$dir/build" CFLAGS=-O0 run
	has 'severity critical: certificate leaf-expired'
	[ -s "$dir/build/mtlspec-out/results.xml" ] || fail "no results beside the build"
	[ -z "$(find "$checkout" -newer "$dir/build/dev/mtlspec" -type f)" ] || fail "something was written into the checkout"
	chmod -R u+w "$checkout"
	did+=('read-only checkout')
fi

# Without IPv6: in a network of its own, where only 127.0.0.1 exists.
if unshare -n true 2> /dev/null && command -v ip > /dev/null; then
	expect 0 unshare -n sh -c 'ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; "$@"' sh \
		"$mtlspec" run --quick --select 'condition=valid' --select 'condition=leaf-expired' --out no-ipv6
	has ', 0 failed,'
	expect 3 unshare -n sh -c 'ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; "$@"' sh \
		"$mtlspec" discover 'https://[::1]:1/'
	did+=('no IPv6')
fi
echo "users: $(IFS=,; echo "${did[*]}" | sed 's/,/, /g')"
