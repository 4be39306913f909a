# SPDX-License-Identifier: Apache-2.0
# Runs one case of the command line: a folder with cmd (a shell snippet), exit, and the goldens stdout and stderr (absent: not compared).
#   run_case.py --microtome PROGRAM [--redo] CASE
# cmd runs in an empty folder with $MICROTOME set; one that says $THREADS runs with 1 and with 4 against the same goldens. Paths come out as $TMP and $MICROTOME. In a golden a line `...` stands for any number of
# lines, and a line that starts with `re:` is a regular expression. --redo rewrites the goldens that are there and do not match.
import argparse, os, pathlib, re, subprocess, sys, tempfile


def matches(golden, actual):
    """Whether the golden's lines describe the actual ones."""
    if not golden:
        return not actual
    if golden[0] == "...":
        return any(matches(golden[1:], actual[i:]) for i in range(len(actual) + 1))
    if not actual:
        return False
    fits = re.fullmatch(golden[0][3:], actual[0]) if golden[0].startswith("re:") else golden[0] == actual[0]
    return bool(fits) and matches(golden[1:], actual[1:])


def execute(cmd, program, threads):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MICROTOME", "SLURM_", "SGE_", "PBS_", "LSB_", "OMP_"))}
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        done = subprocess.run(["sh", "-c", cmd], cwd=folder, env={**kept, "MICROTOME": program, "THREADS": threads, "LC_ALL": "C.UTF-8"},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=300)
        def tidy(text): return text.replace(folder, "$TMP").replace(program, "$MICROTOME")
        return {"exit": f"{done.returncode}\n", "stdout": tidy(done.stdout), "stderr": tidy(done.stderr)}


def differences(case, actual, redo=False):
    """Names of the goldens that the actual texts do not match; with redo they are rewritten."""
    if not (case / "exit").exists():
        raise SystemExit(f"{case}: no file exit: every case states its exit code")
    for name, text in actual.items():
        golden = case / name
        if golden.exists() and not matches(golden.read_text().splitlines(), text.splitlines()):
            yield name
            if redo:
                golden.write_text(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--microtome", required=True)
    parser.add_argument("--redo", action="store_true")
    parser.add_argument("case", type=pathlib.Path)
    given = parser.parse_args()
    program = os.path.realpath(given.microtome)
    if not os.access(program, os.X_OK):
        raise SystemExit(f"{program}: no such program: build it first")
    cmd = (given.case / "cmd").read_text()
    failed = False
    for threads in ("1", "4") if "$THREADS" in cmd else ("1",):
        actual = execute(cmd, program, threads)
        for name in differences(given.case, actual, given.redo):
            failed = True
            golden = (given.case / name).read_text()
            print(f"{given.case.name}, threads {threads}: {name} differs" + (" and was rewritten" if given.redo else f"\n--- wanted\n{golden}--- got\n{actual[name]}"))
        if failed and not given.redo:
            print(f"--- all of stderr\n{actual['stderr']}")
    return 1 if failed and not given.redo else 0


if __name__ == "__main__":
    sys.exit(main())
