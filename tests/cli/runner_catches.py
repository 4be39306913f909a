# SPDX-License-Identifier: Apache-2.0
# Proves that run_case.py can fail: matching rules one by one, and whole cases whose goldens are wrong.
import pathlib, subprocess, sys, tempfile

from run_case import matches

RULES = [  # golden lines, actual lines, whether they match
    (["a"], ["a"], True), (["a"], ["b"], False), (["a"], [], False), ([], ["a"], False), ([], [], True), (["..."], [], True),
    (["...", "z"], ["a", "b", "z"], True), (["...", "z"], ["z", "b"], False), (["a", "...", "z"], ["a", "z"], True),
    (["re:took [0-9.]+ s"], ["took 1.5 s"], True), (["re:took [0-9.]+ s"], ["took 1.5 s."], False), (["..."], ["a", "b"], True)]
CASES = [  # files of a case, the exit code of the runner
    ({"cmd": '"$MICROTOME" a', "exit": "0", "stdout": "a\n"}, 0), ({"cmd": '"$MICROTOME" a', "exit": "2"}, 1),
    ({"cmd": '"$MICROTOME" a', "exit": "0", "stdout": "b\n"}, 1), ({"cmd": '"$MICROTOME" a >&2', "exit": "0", "stderr": ""}, 1),
    ({"cmd": '"$MICROTOME" "$PWD"', "exit": "0", "stdout": "$TMP\n"}, 0), ({"cmd": '"$MICROTOME" $THREADS', "exit": "0", "stdout": "re:[14]\n"}, 0),
    ({"cmd": '"$MICROTOME" $THREADS', "exit": "0", "stdout": "1\n"}, 1), ({"cmd": "exit 3", "exit": "3"}, 0), ({"cmd": "exit 3"}, 1)]

wrong = [f"matches({g}, {a}) is not {want}" for g, a, want in RULES if matches(g, a) is not want]
for files, want in CASES:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (pathlib.Path(folder) / name).write_text(text)
        runner = [sys.executable, pathlib.Path(__file__).parent / "run_case.py", "--microtome", "/bin/echo", folder]
        got = subprocess.run(runner, capture_output=True, text=True).returncode
        if got != want:
            wrong.append(f"{files}: the runner exits {got}, not {want}")
print("\n".join(wrong) or f"{len(RULES)} rules and {len(CASES)} cases hold")
sys.exit(1 if wrong else 0)
