# SPDX-License-Identifier: Apache-2.0
# `microtome genomics import` of a real table of 516 slides: every value, id and count of the summary against csv and zipfile, and of ad-hoc
# files with holes and quotes. anndata reads what was written; the oracle shares no code with the importer.
import collections, csv, io, json, math, os, pathlib, subprocess, sys, tempfile, warnings, zipfile

import anndata
import numpy

warnings.filterwarnings("ignore")
PROGRAM = os.environ["MICROTOME"]
SOURCE = pathlib.Path(os.environ["MICROTOME_SHARED"]) / "genomics" / "tcga_luad_all_clean.csv.zip"


def check(true, what):
    if not true:
        sys.exit(f"{pathlib.Path(__file__).name}: {what}")


def microtome(*words, code=0):
    done = subprocess.run([PROGRAM, "genomics", *map(str, words)], capture_output=True, text=True)
    check(done.returncode == code, f"{words}: exit code {done.returncode}, wanted {code}: {done.stderr}")
    return done


def plain_rows():
    with zipfile.ZipFile(SOURCE) as archive:
        return list(csv.DictReader(io.TextIOWrapper(archive.open(archive.namelist()[0]), "utf-8")))


def patients_of(rows):
    by_patient = collections.OrderedDict()
    for row in rows:
        by_patient.setdefault(row["case_id"], []).append(row)
    return by_patient


def check_values(table, patients, suffix):
    genes = [c[: -len(suffix)] for c in next(iter(patients.values()))[0] if c.endswith(suffix)]
    check(list(table.var_names) == genes, f"{suffix}: genes in the order of the source")
    wanted = numpy.array([[float(slides[0][g + suffix] or "nan") for g in genes] for slides in patients.values()]).astype(numpy.float32)
    found = table.X.toarray() if hasattr(table.X, "toarray") else table.X
    check(numpy.array_equal(found, wanted, equal_nan=True), f"{suffix}: values")
    if table.uns["units"] == "zscore":
        check("reference_mean" not in table.uns, "z-scores refer to a population that is not in the file")
    else:
        mean, sd = numpy.nanmean(wanted.astype(float), axis=0), numpy.nanstd(wanted.astype(float), axis=0, ddof=1)
        check(numpy.allclose(table.uns["reference_mean"], mean, 1e-12, 1e-12) and numpy.allclose(table.uns["reference_sd"], sd, 1e-12, 1e-12), f"{suffix}: reference")
    return wanted


def check_clinical(table, patients):
    check(list(table.obs_names) == list(patients), "a row a patient, in the order of the source")
    firsts = [slides[0] for slides in patients.values()]
    check(list(table.obs["event"]) == [1 - float(f["censorship"]) for f in firsts], "event is 1 - censorship")
    check(list(table.obs["survival_months"]) == [float(f["survival_months"]) for f in firsts], "months")
    check(list(table.obs["site"]) == [p.split("-")[1] for p in patients], "sites as in the barcodes")
    slides = [";".join(s["slide_id"].removesuffix(".svs") for s in each) for each in patients.values()]
    check(list(table.obs["slides"]) == slides, "slides of each patient")


def check_summary(stderr, rows, patients, features, missing):
    first = f"luad.rnaseq.h5ad: rnaseq: {len(patients)} rows of {len(patients)} patients, {features['rnaseq']} features, zscore, {missing} values missing"
    check(first in stderr.splitlines(), f"summary: wanted '{first}', got {stderr}")
    check(f"{len(rows)} slides became {len(patients)} patients" in stderr, "summary: slides")
    lost = sum(s[0]["site"] != p.split("-")[1] and "0" + s[0]["site"] == p.split("-")[1] for p, s in patients.items())
    check(lost > 0 and f"{lost} sites had lost a leading zero" in stderr, f"summary: {lost} sites")
    events = sum(float(s[0]["censorship"]) == 0 for s in patients.values())
    check(f"{events} events; 1 - censorship" in stderr, f"summary: {events} events")
    check(len(stderr.splitlines()) <= 24, "the summary fits a screen")


def import_real(folder):
    rows = plain_rows()
    patients = patients_of(rows)
    done = microtome("import", "--from", "mcat", "--input", SOURCE, "--output", folder / "luad.h5ad")
    check(done.stdout == "", "stdout carries data only")
    check(sorted(p.name for p in folder.iterdir()) == ["luad.cnv.h5ad", "luad.rnaseq.h5ad"], "a file a modality and nothing else")
    features, missing = {}, 0
    for modality, units in (("rnaseq", "zscore"), ("cnv", "cn_gistic")):
        table = anndata.read_h5ad(folder / f"luad.{modality}.h5ad")
        values = check_values(table, patients, f"_{modality}")
        check_clinical(table, patients)
        check(table.uns["units"] == units and table.uns["modality"] == modality, f"{modality}: units")
        digest = subprocess.run(["sha256sum", SOURCE], capture_output=True, text=True).stdout.split()[0]
        check(table.uns["source_sha256"] == digest, "sha256 of the source")
        features[modality] = values.shape[1]
        said = json.loads(microtome("inspect", folder / f"luad.{modality}.h5ad", "--json").stdout)
        check(list(said) == ["n_obs", "n_var", "obs_names", "modalities", "units", "missing", "problems"], "keys of inspect")
        check((said["n_obs"], said["n_var"], said["missing"]) == (*values.shape, int(numpy.isnan(values).sum())), "counts of inspect")
        check((said["obs_names"], said["units"], said["modalities"], said["problems"]) == (list(patients)[:5], units, [modality], []), "inspect")
        missing += int(numpy.isnan(values).sum()) if modality == "rnaseq" else 0
    check_summary(done.stderr, rows, patients, features, missing)
    before = {p: p.read_bytes() for p in folder.iterdir()}
    microtome("import", "--from", "mcat", "--input", SOURCE, "--output", folder / "luad.h5ad")
    check(before == {p: p.read_bytes() for p in folder.iterdir()}, "the same input gives the same bytes")


def import_damaged(folder):
    whole = SOURCE.read_bytes()
    for name, damaged in (("cut", whole[: len(whole) // 2]), ("flipped", whole[:200000] + bytes([whole[200000] ^ 1]) + whole[200001:])):
        (folder / f"{name}.zip").write_bytes(damaged)
        done = microtome("import", "--from", "mcat", "--input", folder / f"{name}.zip", "--output", folder / "none/x.h5ad", code=4)
        check("read as ZIP: " in done.stderr and done.stderr.count("\n") == 1, f"{name}: one sentence: {done.stderr}")
    check(not (folder / "none").exists(), "nothing is written for a refused input")


def import_matrix(folder):
    """Both orientations of one matrix, with holes, quotes and CRLF."""
    rng = numpy.random.default_rng(3)
    values = rng.gamma(1.0, 10.0, (7, 5)).round(3)
    genes, samples = [f"G,{i}" for i in range(7)], [f"s{i}" for i in range(5)]
    cells = [[repr(float(v)) if (i + j) % 4 else "NA" for j, v in enumerate(row)] for i, row in enumerate(values)]
    for name, header, ids, table in (("genes-in-rows", samples, genes, cells), ("samples-in-rows", genes, samples, [list(c) for c in zip(*cells)])):
        with open(folder / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([["id", *header], *[[i, *row] for i, row in zip(ids, table)]])
        microtome("import", "--from", "matrix", "--orientation", name, "--units", "tpm", "--input", folder / f"{name}.csv", "--output", folder / f"{name}.h5ad")
        found = anndata.read_h5ad(folder / f"{name}.h5ad")
        check((list(found.obs_names), list(found.var_names)) == (samples, genes), f"{name}: names")
        wanted = numpy.array([[float(c) if c != "NA" else math.nan for c in row] for row in cells]).T.astype(numpy.float32)
        check(numpy.array_equal(found.X, wanted, equal_nan=True), f"{name}: values")


for work in (import_real, import_damaged, import_matrix):
    with tempfile.TemporaryDirectory() as name:
        work(pathlib.Path(name))
