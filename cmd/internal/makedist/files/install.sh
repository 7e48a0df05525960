#!/bin/sh
# Install muxspec from this folder, and remove it again:
#
#   ./install.sh [PREFIX]               into PREFIX, /usr/local if it is not given
#   ./install.sh --uninstall [PREFIX]   remove what the last installation put there, and nothing else
#
# DESTDIR, if it is set, stands before every path: the root of a package that is being made.
set -eu
umask 022
uninstall=
if [ "${1:-}" = --uninstall ]; then
  uninstall=yes
  shift
fi
prefix=${1:-/usr/local}
case $prefix in
  /*) ;;
  *)
    echo "Usage: install.sh [--uninstall] [PREFIX]; PREFIX is an absolute path, not $prefix" >&2
    exit 2
    ;;
esac
prefix=${prefix%/}
root=${DESTDIR:-}$prefix
list=share/doc/muxspec/installed # the files and the new folders, each below its folder

remove() {
  [ -f "$root/$list" ] || return 0
  # From the last line to the first: what is in a folder goes before the folder.
  awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }' "$root/$list" | while IFS= read -r name; do
    if [ "$name" = . ]; then
      rmdir "$root" 2>/dev/null || true
    elif [ -d "$root/$name" ] && [ ! -L "$root/$name" ]; then
      rmdir "$root/$name" 2>/dev/null || true # somebody else has put something there
    else
      rm -f "$root/$name"
    fi
  done
}

if [ -n "$uninstall" ]; then
  if [ ! -f "$root/$list" ]; then
    echo "install.sh: nothing is installed in $root: there is no $root/$list" >&2
    exit 1
  fi
  remove
  exit 0
fi

cd "$(dirname "$0")"
new=$(mktemp)
trap 'rm -f "$new"' EXIT
trap 'exit 130' INT TERM HUP

folder() { # PATH: make a folder below the prefix, and note it if it is new
  [ ! -d "$root/$1" ] || return 0
  case $1 in
    */*) folder "${1%/*}" ;;
  esac
  mkdir "$root/$1"
  echo "$1" >>"$new"
}
put() { # MODE FILE PATH
  folder "${3%/*}"
  install -m "$1" "$2" "$root/$3"
  echo "$3" >>"$new"
}
unit() { # FILE PATH: a unit names the programs where they are
  sed "s|/usr/local/bin/|$prefix/bin/|g" "$1" >"$new.unit"
  put 644 "$new.unit" "$2"
  rm -f "$new.unit"
}

remove # an older version may have files that this one does not have
if [ ! -d "$root" ]; then
  mkdir -p "$root"
  echo . >>"$new"
fi
for file in bin/*; do put 755 "$file" "$file"; done
find share -type f | sort >"$new.share"
while IFS= read -r file; do put 644 "$file" "$file"; done <"$new.share"
rm -f "$new.share"
for file in LICENSE README.md docs/*.md; do put 644 "$file" "share/doc/muxspec/$file"; done
if [ -d docs/units ]; then
  for file in docs/units/system/*; do unit "$file" "lib/systemd/system/${file##*/}"; done
  for file in docs/units/user/*; do unit "$file" "share/systemd/user/${file##*/}"; done
  for kind in sysusers tmpfiles; do put 644 "docs/units/$kind.conf" "lib/$kind.d/muxspec.conf"; done
  for file in docs/units/*.toml docs/units/*.example; do put 644 "$file" "share/doc/muxspec/$file"; done
fi
folder "${list%/*}"
echo "$list" >>"$new"
install -m 644 "$new" "$root/$list"
[ -z "${DESTDIR:-}" ] || exit 0
echo "muxspec is installed in $prefix."
case :$PATH: in
  *:"$prefix/bin":*) ;;
  *) echo "Your PATH lacks $prefix/bin." ;;
esac
if [ -d docs/units ] && [ "$(id -u)" = 0 ]; then
  echo "How to run services: $prefix/share/doc/muxspec/docs/operating.md"
fi
