#!/usr/bin/env bash
# What only a machine with a CUDA device can show: the same features as the CPU, speed beside the bare network, how busy the device is.
#   tests/gpu.sh [--device cuda|cuda:N|cpu]        cpu: runs the script itself through, on small work
# JSON lines on stdout; exit 1 where something is wrong, 2 where no GPU is visible.
set -euo pipefail
cd "$(dirname "$0")/.."
device=cuda
case "$#:${1:-}" in
  0:) ;;
  2:--device) device="$2" ;;
  *) echo "gpu.sh: '$*': wanted nothing, or --device cuda, --device cuda:N or --device cpu" >&2; exit 2 ;;
esac
workflows/install.sh tests >&2
workflows/build.sh microtome bench_encode bench_run >&2
# read whole before it is searched: a reader that leaves early would make the program fail
devices="$(build/release/microtome check)"
if [ "$device" != cpu ] && ! grep -q 'x cuda' <<<"$devices"; then
  echo "gpu.sh: wanted a CUDA device: none is visible: run it on a machine that has one" >&2
  exit 2
fi

# Each part runs whatever became of those before it.
wrong=()
part() {
  local name="$1"
  shift
  "$@" || wrong+=("$name")
}
deps="${MICROTOME_DEPS:-$HOME/.cache/microtome}"
part "features and speed of run" "$deps/venv/bin/python" tests/gpu.py build/release/microtome "$device"
if [ "$device" = cpu ]; then
  part "bench_encode" build/release/bench/bench_encode --verify-only --case builtin
else
  # beside the bare network, which is measured on one device
  one="$device"
  [ "$device" != cuda ] || one=cuda:0
  part "bench_encode" build/release/bench/bench_encode --device "$one" --tiles 8192
  part "bench_run" build/release/bench/bench_run --device "$one" --tiles 16384 --runs 3
fi
[ "${#wrong[@]}" -eq 0 ] && exit
printf 'gpu.sh: %s: failed\n' "${wrong[@]}" >&2
exit 1
