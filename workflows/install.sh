#!/usr/bin/env bash
# Installs what Microtome needs on Debian 12: packages, and LibTorch from PyPI in a virtual environment of its own.
#   workflows/install.sh [build|tests]        tests: what the tests need as well
# Where everything is there it does nothing. Without root it names the packages that are missing and exits 2.
# The environment lies in ${MICROTOME_DEPS:-$HOME/.cache/microtome}/venv and is reused by every checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose="${1:-build}"
[ "$purpose" = build ] || [ "$purpose" = tests ] || { echo "install.sh: '$purpose': say build or tests" >&2; exit 2; }

packages=(build-essential cmake ninja-build ccache lld pkg-config python3 python3-venv ca-certificates
  libopenslide-dev libvips-dev libtiff-dev libjpeg62-turbo-dev libopenjp2-7-dev libpng-dev libdeflate-dev libzip-dev zlib1g-dev libpcre2-dev libhdf5-dev libtbb-dev
  libboost-program-options-dev libboost-math-dev libnanoflann-dev nlohmann-json3-dev libfmt-dev libssl-dev
  libgtest-dev libgmock-dev)
# the fuzzer's compiler
[ "$purpose" = build ] || packages+=(clang libclang-rt-14-dev)

missing=()
for package in "${packages[@]}"; do
  status="$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)"
  [ "$status" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  command="apt-get install --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    echo "Debian packages are missing, and installing them needs root. Run this as root, then start again:" >&2
    echo "  $command" >&2
    exit 2
  fi
  echo "installing Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi

deps="${MICROTOME_DEPS:-$HOME/.cache/microtome}"
venv="$deps/venv"
unfinished="$deps/venv.unfinished"   # there while an installation is under way: one that was killed is made again from nothing
mkdir -p "$deps"
exec 9>"$deps/install.lock"
flock 9

requirements() {   # name of the stamp, file: installs the file's lines unless the stamp holds the same text
  local stamp="$venv/microtome-$1.txt"
  [ ! -e "$unfinished" ] && cmp -s "$2" "$stamp" && return
  if [ -e "$unfinished" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    touch "$unfinished"
    /usr/bin/python3 -m venv --clear "$venv"
  fi
  touch "$unfinished"
  echo "installing from PyPI into $venv: $(paste -sd ' ' "$2")"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$2"
  cp "$2" "$stamp"
  rm "$unfinished"
}
requirements build workflows/requirements.txt
[ "$purpose" = build ] || requirements tests tests/requirements.txt
