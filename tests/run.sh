#!/usr/bin/env bash
# The test command: installs what the tests need, builds, says what the real components are, runs every test.
#   tests/run.sh [ctest options]              e.g. -L real, -LE slow, -R layering
set -euo pipefail
cd "$(dirname "$0")/.."
workflows/install.sh tests
workflows/build.sh
echo
echo "The real components under test:"
build/release/microtome version
dpkg-query -W -f '${Package} ${Version}\n' libboost-program-options-dev libgtest-dev
echo
# A test that hangs is a failure that says so, not a run that never ends.
exec ctest --test-dir build/release --output-on-failure --no-tests=error --timeout 600 -j2 "$@"
