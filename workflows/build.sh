#!/usr/bin/env bash
# Configures the release preset where that is needed, and builds it (or the named targets) into build/release. Run workflows/install.sh first.
set -euo pipefail
cd "$(dirname "$0")/.."

# A tree configured against a LibTorch that has since moved is configured afresh.
cached="$(sed -n 's/^LibTorch_LIBRARY:FILEPATH=//p' build/release/CMakeCache.txt 2>/dev/null || true)"
if [ ! -f build/release/build.ninja ] || [ ! -f "$cached" ]; then
  cmake --fresh --preset release
fi
cmake --build --preset release ${1:+--target "$@"}
