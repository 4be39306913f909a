#!/usr/bin/env bash
# What only a machine with a CUDA device can show: the same features as the CPU, speed beside the bare network, how busy the device is.
#   tests/gpu.sh [--device cuda|cuda:N|cpu]        cpu: runs the script itself through, on small work
# JSON lines on stdout; exit 1 where something is wrong, 2 where no GPU is visible.
set -euo pipefail
cd "$(dirname "$0")/.."
device=cuda
[ "${1:-}" != --device ] || device="$2"
workflows/install.sh tests >&2
workflows/build.sh microtome >&2
if [ "$device" != cpu ] && ! build/release/microtome check | grep -q 'x cuda'; then
  echo "gpu.sh: wanted a CUDA device: none is visible: run it on a machine that has one" >&2
  exit 2
fi
deps="${MICROTOME_DEPS:-$HOME/.cache/microtome}"
exec "$deps/venv/bin/python" tests/gpu.py build/release/microtome "$device"
