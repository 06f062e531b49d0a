#!/bin/sh
# Builds .venv for a requirements file, unless the one that is there has all of it already.
#
#     scripts/venv.sh requirements-dev.txt
#
# The new one is made in .venv.building and renamed when it is whole. Whatever goes wrong, what was
# there before stays and nothing half-made is left. PYTHON names the interpreter (python3).
set -eu
CDPATH='' cd -P -- "$(dirname -- "$0")/.."

wanted=$1
python=${PYTHON:-python3}
work=.venv.building
lock_seconds=600 # a build takes about half a minute; ten minutes is a slow line
print_version='import sys; print("%d.%d" % sys.version_info[:2])'

fail() {
    echo "$1" >&2
    exit 1
}

# A requirements file and those it includes with -r; one that is included twice comes twice.
list_files() {
    echo "$1"
    sed -n 's/^-r //p' "$1" | while read -r included; do list_files "$included"; done
}

# .venv keeps a copy of each file it was built from. Its scripts name their interpreter by its full
# path, so one that was moved with its folder has to be built again.
is_current() {
    [ "$(.venv/bin/python -c "$print_version" 2>/dev/null)" = "$version" ] || return 1
    grep -qsF "$PWD/.venv/bin/" .venv/bin/pip || return 1
    for file in $files; do
        cmp -s "$file" ".venv/requirements/$file" || return 1
    done
}

# Holds the lock until this script ends: it belongs to the open file, which python inherits.
take_lock() {
    exec 9<>requirements.txt
    "$python" -c "import fcntl, signal; signal.alarm($lock_seconds); fcntl.flock(9, fcntl.LOCK_EX)" ||
        fail "another build of .venv has not ended for $lock_seconds seconds; stop it and try again"
}

make_venv() {
    reason=$("$python" -c 'import ensurepip, venv' 2>&1 &&
        "$python" -m venv --prompt plimsoll "$work/venv" 2>&1) ||
        fail "$python cannot make a venv; try: apt install python3-venv ($(echo "$reason" | tail -n 1))"
}

install_packages() {
    "$work/venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
        -r "$wanted" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "pip could not install $wanted: its reason is above"
    }
    mkdir "$work/venv/requirements"
    cp $files "$work/venv/requirements"
}

# The scripts and pyvenv.cfg name the folder they were made in.
correct_paths() {
    grep -lsIF "$work/venv" "$work"/venv/bin/* "$work/venv/pyvenv.cfg" | while read -r file; do
        sed "s|$work/venv|.venv|g" "$file" >"$work/draft"
        cat "$work/draft" >"$file"
    done
}

put_in_place() {
    trap '' INT TERM HUP
    if [ -e .venv ] || [ -L .venv ]; then mv .venv "$work/old"; fi
    mv "$work/venv" .venv
}

version=$("$python" -c "$print_version") ||
    fail "Plimsoll needs Python 3.11 or newer, and $python does not run; try PYTHON=python3.11 make run"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Plimsoll needs Python 3.11 or newer, and $python is $version; try PYTHON=python3.11 make run"
files=$(list_files "$wanted" | sort -u)

if is_current; then exit 0; fi
take_lock
if is_current; then exit 0; fi

trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
echo "building .venv from $wanted; this takes about half a minute"
rm -rf "$work"
mkdir "$work"
make_venv
install_packages
correct_paths
put_in_place
