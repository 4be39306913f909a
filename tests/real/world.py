# SPDX-License-Identifier: Apache-2.0
# What every check in this folder starts from: the program, and a small archive with bags, a trained model and held-out slides.
# Run as a script it makes that world anew in $MICROTOME_WORLD; the checks find it there.
#   MICROTOME          the program
#   MICROTOME_WORLD    folder of the world
#   MICROTOME_SOURCE   root of the source tree (schemas)
import json, os, pathlib, shutil, subprocess, sys

PROGRAM = os.environ["MICROTOME"]
WORLD = pathlib.Path(os.environ["MICROTOME_WORLD"])
SOURCE = pathlib.Path(os.environ["MICROTOME_SOURCE"])
ARCHIVE, BAGS, MODEL = WORLD / "archive", WORLD / "bags", WORLD / "model"
HELD_OUT, GENOMICS = ARCHIVE / "held_out.csv", ARCHIVE / "genomics.h5ad"
ENCODER = ["--encoder", "resnet18", "--encoder.random_weights"]


def check(holds, sentence):
    """Ends the check with a sentence; unlike assert it cannot be switched off."""
    if not holds:
        sys.exit(f"FAILED: {sentence}")


def command(*words):
    return [PROGRAM, *map(str, words)]


def microtome(*words, exits=0):
    """Runs the program to its end and checks its exit code."""
    done = subprocess.run(command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    check(done.returncode == exits, f"{' '.join(done.args)}\nexit {done.returncode}, not {exits}; stderr:\n{done.stderr}")
    return done


def predict_held_out(output):
    """The words of the run that most checks look at: held-out slides, model and genomic table."""
    return ["run", "--manifest", HELD_OUT, "--output", output, *ENCODER, "--model", MODEL, "--genomics", GENOMICS]


def fresh(name):
    """An empty folder for one check, left in place for whoever looks into a failure."""
    folder = WORLD.parent / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def findings_of(output):
    return {path.parent.name: json.loads(path.read_text()) for path in sorted((output / "slides").glob("*/findings.json"))}


def slide_paths(manifest):
    lines = [line.split(",") for line in manifest.read_text().splitlines()]
    id_at, path_at = lines[0].index("slide_id"), lines[0].index("path")
    return {line[id_at]: manifest.parent / line[path_at] for line in lines[1:]}


def without_volatile(text):
    document = json.loads(text)
    check("created" in document and "runtime" in document, "findings.json has created and runtime")
    return json.dumps({key: value for key, value in document.items() if key not in ("created", "runtime")})


def check_same_results(one, other):
    """Every file of every slide, byte for byte, but for created and runtime in findings.json."""
    names = [sorted(str(p.relative_to(out)) for p in (out / "slides").rglob("*") if p.is_file()) for out in (one, other)]
    check(names[0] == names[1], f"different files in {one} and {other}: {sorted(set(names[0]) ^ set(names[1]))}")
    check(any(name.endswith("features.h5") for name in names[0]), f"{one} has no features.h5 at all")
    for name in names[0]:
        if name.endswith("findings.json"):
            check(without_volatile((one / name).read_text()) == without_volatile((other / name).read_text()), f"{name} differs in {one} and {other}")
        else:
            check((one / name).read_bytes() == (other / name).read_bytes(), f"{name} differs in {one} and {other}")


def check_whole(output):
    """Every visible document parses and its artifacts have their sizes; every visible features.h5 opens. Returns how many documents there are."""
    import h5py
    for path in (output / "slides").glob("*/features.h5"):
        try:
            with h5py.File(path) as file:
                check(len(file["features"]) == len(file["coords"]), f"{path}: features and coords differ in length")
        except (OSError, KeyError) as error:
            check(not path.exists(), f"{path} is visible and cannot be read: {error}")
    documents = 0
    for path in (output / "slides").glob("*/findings.json"):
        try:
            document = json.loads(path.read_text())
        except ValueError as error:
            check(False, f"{path} is visible and does not parse: {error}")
        documents += 1
        for artifact in document["artifacts"]:
            file = path.parent / artifact["path"]
            check(file.exists() and file.stat().st_size == artifact["bytes"], f"{path} is there, but {artifact['path']} is not as it says")
    return documents


def make():
    shutil.rmtree(WORLD, ignore_errors=True)
    microtome("synth", "--output", ARCHIVE, "--synth.patients", 12, "--synth.slides_per_patient", 1, "--synth.seed", 3,
              "--synth.width", 2048, "--synth.height", 1536)
    microtome("run", "--manifest", ARCHIVE / "train.csv", "--output", BAGS, *ENCODER)
    microtome("train", "--bags", BAGS, "--labels", ARCHIVE / "labels.csv", "--genomics", GENOMICS, "--output", MODEL, "--train.folds", 2)
    check(check_whole(BAGS) == len(slide_paths(ARCHIVE / "train.csv")), "every training slide has its findings.json")


if __name__ == "__main__":
    make()
