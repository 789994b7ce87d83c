#!/bin/sh
# Installs the packages of the named sections of ci/packages.txt, and nothing when all of them are there.
#
#   ci/deps.sh build http3      what "make deps" runs
#   ci/deps.sh servers          what "make deps-servers" runs: installs servers and starts none of them
#   LOCAL=1 ci/deps.sh build    without root: unpacks the packages below $BUILD/sysroot for this checkout alone
#   ci/deps.sh --list SECTION   prints the names
set -eu

here=$(cd "$(dirname "$0")" && pwd)
packages=${PACKAGES:-$here/packages.txt}
sysroot=${BUILD:-$here/../build}/sysroot
policy=${POLICY:-/usr/sbin/policy-rc.d}

say() { echo "deps: $*" >&2; }

list() { # SECTION
	awk -v want="[$1]" '{ sub(/#.*/, "") } /^\[/ { on = ($1 == want); seen += on; next } on && NF { print $1 }
		END { exit !seen }' "$packages" || { say "no section [$1] in $packages"; exit 2; }
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

unpacked() { [ -e "$sysroot/have/$1" ]; }

missing() { # PACKAGE...
	for p; do
		installed "$p" || unpacked "$p" || echo "$p"
	done
}

have_candidates() {
	for p; do
		apt-cache policy "$p" 2>/dev/null | grep -q '^  Candidate: [^(]' || return 1
	done
}

# --- as administrator -------------------------------------------------------------------------------------------

# Configuration files that the administrator changed stay as they are; nobody is asked anything.
install="apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
	-o DPkg::Lock::Timeout=120"

as_root() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 "$@"
	fi
}

may_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v 2>/dev/null; }; }

apt_install() { # PACKAGE...
	have_candidates "$@" || as_root apt-get update
	# A second try with fresh lists: the versions in old ones may be gone from the mirror.
	# shellcheck disable=SC2086
	as_root $install "$@" </dev/null || { as_root apt-get update && as_root $install "$@" </dev/null; }
}

# policy-rc.d is Debian's own way to say "install, but start nothing"; what was there before comes back.
forbid_starts() {
	kept=''
	if as_root test -e "$policy"; then
		kept=$policy.kept-by-mtlspec
		as_root mv "$policy" "$kept"
	fi
	trap allow_starts EXIT
	trap 'exit 130' INT TERM HUP
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
}

allow_starts() {
	as_root rm -f "$policy"
	[ -z "$kept" ] || as_root mv "$kept" "$policy"
}

# --- without ----------------------------------------------------------------------------------------------------

# Lists of our own when the machine's are empty (containers often throw them away): the user may not update those.
own_lists() {
	mkdir -p "$root/apt/lists/partial" "$root/apt/cache/archives/partial"
	cat >"$root/apt/apt.conf" <<-EOF
		Dir::State "$root/apt";
		Dir::State::status "/var/lib/dpkg/status";
		Dir::Cache "$root/apt/cache";
	EOF
	export APT_CONFIG="$root/apt/apt.conf"
	apt-get -q update
}

download() { # PACKAGE...
	mkdir -p "$root/debs" "$root/have"
	have_candidates "$@" || own_lists
	plan=$(apt-get -qq --simulate --no-install-recommends install "$@" | sed -n 's/^Inst \([^ ]*\) .*(\([^ ]*\) .*/\1=\2/p')
	for p in $plan; do
		(cd "$root/debs" && apt-get -q download "$p")
	done
	for deb in "$root"/debs/*.deb; do
		case ${deb##*/} in
		libc6_* | libc-bin_* | base-files_*) ;; # the C library and its loader are one piece, and stay the machine's
		*) dpkg -x "$deb" "$root" ;;
		esac
	done
}

# Linker scripts of libc6-dev name absolute paths: the static half is ours, the shared one the machine's.
mend_scripts() {
	for f in "$root"/usr/lib/*/libc.so "$root"/usr/lib/*/libm.so; do
		[ ! -f "$f" ] || sed -i "s| /usr/lib/\([^ ]*\.a\)| $root/usr/lib/\1|g" "$f"
	done
}

# Links to a library that was not unpacked because the machine has it, and absolute ones to one that was.
mend_links() {
	find "$root/usr/lib" "$root/lib" -type l 2>/dev/null | while read -r l; do
		[ -e "$l" ] && continue
		to=$(readlink "$l")
		case $to in
		/*) ;;
		*) to=$(dirname "${l#"$root"}")/$to ;;
		esac
		for place in "$root$to" "$to" "$root/usr$to" "/usr$to"; do
			[ -e "$place" ] && ln -sf "$place" "$l" && break
		done || true
	done
}

# pkg-config tells every build where the sysroot is, and gives programs an rpath into it (DT_RPATH: also for libraries that
# libraries need).
write_tools() {
	multi=
	for d in "$root"/usr/lib/*-linux-gnu*; do # Debian's folder of the architecture: x86_64-linux-gnu
		multi=${d##*/}
	done
	libs=$root/usr/lib/$multi:$root/lib/$multi
	find "$root/usr/lib" "$root/usr/share" -name '*.pc' -exec sed -i "s|^prefix=/usr$|prefix=$root/usr|" {} +
	mkdir -p "$root/bin"
	real=$(PATH=$(echo "$PATH" | sed "s|$root/bin:||") command -v pkg-config || echo "$root/usr/bin/pkgconf")
	cat >"$root/bin/pkg-config" <<-EOF
		#!/bin/sh
		PKG_CONFIG_PATH="$root/usr/lib/$multi/pkgconfig:$root/usr/share/pkgconfig\${PKG_CONFIG_PATH:+:\$PKG_CONFIG_PATH}"
		export PKG_CONFIG_PATH
		out=\$(LD_LIBRARY_PATH="$libs" "$real" "\$@") || exit
		case " \$* " in
		*" --cflags "*) out="\$out -idirafter $root/usr/include/$multi -idirafter $root/usr/include" ;;
		*" --libs "*) out="\$out -L$root/usr/lib/$multi -Wl,--disable-new-dtags,-rpath,$root/usr/lib/$multi,-rpath,$root/lib/$multi" ;;
		esac
		echo "\$out"
	EOF
	chmod 755 "$root/bin/pkg-config"
	write_compiler
}

write_compiler() {
	[ -x "$root/usr/bin/gcc" ] || return 0
	# A compiler out of the sysroot: it finds its own parts by its place, and the rest where it is told.
	for tool in gcc cc; do
		cat >"$root/bin/$tool" <<-EOF
			#!/bin/sh
			PATH="$root/usr/bin:\$PATH" LD_LIBRARY_PATH="$libs" exec "$root/usr/bin/gcc" -B"$root/usr/lib/$multi" \\
				-idirafter "$root/usr/include/$multi" -idirafter "$root/usr/include" \\
				-L"$root/usr/lib/$multi" -L"$root/lib/$multi" -Wl,-rpath-link,"$root/usr/lib/$multi" "\$@"
		EOF
		chmod 755 "$root/bin/$tool"
	done
	for tool in ar ranlib; do
		printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s/usr/bin/%s" "$@"\n' "$libs" "$root" "$tool" >"$root/bin/$tool"
		chmod 755 "$root/bin/$tool"
	done
}

install_local() { # PACKAGE...
	mkdir -p "$sysroot"
	root=$(cd "$sysroot" && pwd)
	case $root in
	*[[:space:]]*)
		say "compiler flags cannot name $root: choose a folder without blanks, make deps LOCAL=1 BUILD=/tmp/mtlspec-build"
		exit 1
		;;
	esac
	download "$@"
	mend_scripts
	mend_links
	write_tools
	rm -rf "$root/debs" "$root/apt"
	for p; do
		: >"$root/have/$p"
	done
	say "unpacked below $root; make uses it from now on"
}

# ----------------------------------------------------------------------------------------------------------------

[ $# -gt 0 ] || { say "usage: ci/deps.sh [--list] SECTION..."; exit 2; }
if [ "$1" = --list ]; then
	list "$2"
	exit
fi
wanted='' servers=''
for section; do
	wanted="$wanted $(list "$section")"
	[ "$section" != servers ] || servers=yes
done
if ! command -v dpkg-query >/dev/null; then
	say "this is no Debian; what is needed is called there:$wanted"
	exit 1
fi
# shellcheck disable=SC2086
need=$(missing $wanted)
[ -n "$need" ] || exit 0
# shellcheck disable=SC2086
if [ -n "${LOCAL:-}" ] && [ -z "$servers" ]; then
	install_local $need
elif may_be_root; then
	[ -z "$servers" ] || forbid_starts
	apt_install $need
else
	say "missing:" $need
	say "as administrator:  apt-get install --no-install-recommends" $need
	[ -n "$servers" ] || say "or without one, for this checkout alone:  make deps LOCAL=1"
	exit 1
fi
