# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts beside it: finds out what is missing and installs it from Debian 12, never removing or replacing a package.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(g++ python3 cmake ninja-build pkg-config git ca-certificates ccache
  libboost1.81-dev libboost-json1.81-dev libabsl-dev libprotozero-dev libyaml-cpp-dev prometheus-cpp-dev
  libnghttp2-dev libssl-dev zlib1g-dev libdeflate-dev libzstd-dev libsnappy-dev libre2-dev libisal-dev
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc)
test_packages=(catch2 clang-14 libclang-rt-14-dev llvm-14 clang-format-14 python3 python3-venv prometheus nginx-light curl openssl procps iproute2 util-linux libpython3.11 strace)

# So that another clone's compilations are found again.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

say() { printf '%s\n' "weir: $*" >&2; }
die() { say "$*"; exit 1; }

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

on_debian_12() { [ -r /etc/os-release ] && (. /etc/os-release && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ]); }

# need_packages NAME...: makes sure they are installed, or says what to do and stops.
need_packages() {
  on_debian_12 || die "this script sets up Debian 12 only. Install what these packages hold by your system's means, then build with
  cmake --preset release && cmake --build build/release
Packages: $*"
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo. As root: apt-get install --no-install-recommends ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  local plan
  plan=$("${sudo[@]}" apt-get install -s --no-install-recommends "${missing[@]}" 2>&1) ||
    die "apt cannot install them as things are:
$plan"
  if grep -q '^Remv ' <<<"$plan"; then
    die "installing them would remove packages, so nothing was changed:
$(grep '^Remv ' <<<"$plan")
Needed: ${missing[*]}  (libboost1.81-dev conflicts with Boost 1.74's development package.)"
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get install failed"
}

# build PRESET TARGET...: configures and builds quietly; the whole output only when it fails.
build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  say "building $preset: $* (the first time takes minutes)"
  if ! { cmake --preset "$preset" -S "$root" && cmake --build "$root/build/$preset" -j "$(nproc)" -t "$@"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "the $preset build failed"
  fi
  rm -f "$log"
}
