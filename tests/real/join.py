# SPDX-License-Identifier: Apache-2.0
# Tables meet slides by id: whatever the order of their rows, training and predictions are the same, join.json tells the same story, keeps its
# schema and names neither rows nor patients; what cannot be joined is refused with a sentence and an exit code.
import json, random

import anndata
import numpy
from schema_damage import SchemaCheck
from world import ARCHIVE, BAGS, ENCODER, GENOMICS, HELD_OUT, MODEL, check, findings_of, fresh, microtome

out = fresh("join")
random.seed(5)
table = anndata.read_h5ad(GENOMICS)
join = SchemaCheck("join-1.json", {("tables", 0, "slides", "matched_by")}, set())


def write(name, rows):
    """`rows`: row id, patient, the patient whose values it has, what is added to them."""
    values = numpy.array([table[of].X[0] + noise for _, _, of, noise in rows], dtype=numpy.float32)
    made = anndata.AnnData(values, var=table.var.copy(), uns={"units": "zscore"})
    made.obs_names = [row[0] for row in rows]
    made.obs["patient_id"] = [row[1] for row in rows]
    made.write_h5ad(out / name)
    return out / name


def text(name, words):
    (out / name).write_text(words)
    return out / name


def train(name, genomics, *words):
    microtome("train", "--bags", BAGS, "--labels", ARCHIVE / "labels.csv", "--genomics", genomics, "--output", out / name, "--train.folds", 2, "--epochs", 2, *words)
    return out / name


def scored(name, model, genomics, *words):
    """The training slides' bags, scored again; without what names the table's file."""
    done = microtome("run", "--bags", BAGS, "--model", model, "--genomics", genomics, "--output", out / name, *words)
    lines = done.stderr[: done.stderr.index("slides:")].splitlines()
    check(any(line.startswith("table 'genomics': ") for line in lines) and len([l for l in lines if "table" in l or l.startswith("  ")]) <= 20, f"a summary of one screen: {done.stderr}")
    return [document["results"] for document in findings_of(out / name).values()], done.stderr


def without_ways(results):
    return [[result | {"modalities": None} for result in of_slide] for of_slide in results]


def story(folder):
    document = json.loads((folder / "join.json").read_text())
    for entry in document["tables"]:
        del entry["table_sha256"]
    return document


# three aliquots a patient: a hospital's row ids, the patient in a column
patients = list(table.obs_names)
rows = [(f"HOSP-{p[1:]}-{aliquot}", p, p, random.gauss(0, 1)) for p in patients for aliquot in "CAB"]
plain, shuffled = write("plain.h5ad", rows), write("shuffled.h5ad", random.sample(rows, len(rows)))
for rule in ("first-barcode", "mean"):
    settle = ["--genomics.duplicates", rule]
    one, other = train(f"{rule}.plain", plain, *settle), train(f"{rule}.shuffled", shuffled, *settle)
    for name in ("weights.safetensors", "predictions.csv", "history.jsonl"):
        check((one / name).read_bytes() == (other / name).read_bytes(), f"{rule}: {name} follows the order of rows")
    check(story(one) == story(other), f"{rule}: the story follows the order of rows")
    results, said = scored(f"{rule}.run", one, plain, *settle)
    check(results == scored(f"{rule}.run.shuffled", one, shuffled, *settle)[0], f"{rule}: predictions follow the order of rows")
    check(story(out / f"{rule}.run") == story(out / f"{rule}.run.shuffled"), f"{rule}: the story of the run follows the order of rows")
    check(f"8 by {rule} (P" in said, f"{rule}: the screen says what settled duplicates: {said}")
    join.keep(f"{rule}.train", one / "join.json")
    join.keep(rule, out / f"{rule}.run" / "join.json")
    for words in (said, (out / f"{rule}.run" / "join.json").read_text(), (one / "join.json").read_text()):
        check("HOSP" not in words, f"{rule}: a row is named: {words}")
check((out / "mean.plain" / "weights.safetensors").read_bytes() != (out / "first-barcode.plain" / "weights.safetensors").read_bytes(), "the two rules are two models")

# rules and a map
named = write("named.h5ad", [(f"{p}-rna", f"{p}-rna", p, 0) for p in patients[:-2]])
pattern = ["--genomics.keys", r"regex:^(?<patient>P\d+)"]
results, said = scored("regex", MODEL, named, *pattern)
join.keep("regex", out / "regex" / "join.json")
check(join.documents["regex"]["tables"][0]["slides"]["matched_by"] == {"regex-patient": 8}, f"met by pattern: {join.documents['regex']}")
plainly = scored("world", MODEL, GENOMICS)[0]
check(without_ways(results) == without_ways(plainly) and results != plainly, "a pattern finds the same rows, and says so")
coded = write("coded.h5ad", [(f"HOSP-{i}", "", p, 0) for i, p in enumerate(patients)])
lines = [f"{p}-S1,HOSP-{i}" for i, p in enumerate(patients)]
results, said = scored("map", MODEL, coded, "--genomics.map", text("map.csv", "slide_id,row_id\n" + "\n".join(lines[:7]) + "\n"))
check(scored("map.shuffled", MODEL, coded, "--genomics.map", text("map2.csv", "slide_id,row_id\n" + "\n".join(reversed(lines[:7])) + "\n"))[0] == results, "the order of the map changes nothing")
join.keep("map", out / "map" / "join.json")
mapped = join.documents["map"]["tables"][0]
check(0 < mapped["slides"]["without_row"] < 8 and set(mapped["slides"]["matched_by"]) == {"map"} and mapped["map_sha256"], f"a map that knows some: {mapped}")
check("HOSP" not in (out / "map" / "join.json").read_text() + said, "a row is named")

# genes under former names, and too few
aged = anndata.read_h5ad(GENOMICS)
aged.var_names = ["OLD1"] + list(table.var_names[1:-1]) + ["GONE"]
aged.write_h5ad(out / "aged.h5ad")
aliases = ["--genomics.aliases", text("aliases.csv", f"former,approved\nOLD1,{table.var_names[0]}\n"), "--run.max_missing_genes", 0.1]
results, said = scored("aliases", MODEL, out / "aged.h5ad", *aliases)
join.keep("aliases", out / "aliases" / "join.json")
check(f"1 by alias ({table.var_names[0]} -> OLD1); 1 missing ({table.var_names[-1]})" in said, f"genes on the screen: {said}")
planned = microtome("plan", "--manifest", HELD_OUT, *ENCODER, "--model", MODEL, "--genomics", named, *pattern, "--json")
check("table 'genomics': " in planned.stderr and "without a row: " in planned.stderr, f"plan tells of the join: {planned.stderr}")
json.loads(planned.stdout)

judged = microtome("evaluate", "--model", MODEL, "--bags", BAGS, "--labels", ARCHIVE / "labels.csv", "--genomics", named, *pattern, "--output", out / "judged", "--bootstrap", 200)
check("(regex-patient 8)" in judged.stderr, f"evaluate tells of the join: {judged.stderr}")

# several tables, one of them clinical: an entry each, and still one screen
clinical = text("clinical.csv", "patient_id,age\n" + "".join(f"{p},{40 + i}\n" for i, p in enumerate(patients)))
several = train("several", f"rna={plain}", "--genomics", f"cnv={shuffled}", "--clinical", clinical, "--genomics.duplicates", "mean")
join.keep("several", several / "join.json")
check([entry["name"] for entry in join.documents["several"]["tables"]] == ["rna", "cnv", "clinical"], "a table each")
check(join.documents["several"]["tables"][2]["settled"] == [] and join.documents["several"]["tables"][2]["slides"]["matched"] == 8, "the clinical table is joined too")

# a task whose one slide has no row is no reason to refuse: the archive is judged
few = write("few.h5ad", [(p, p, p, 0) for p in patients[1:]])
task = microtome("run", "--bags", BAGS, "--model", MODEL, "--genomics", few, "--output", out / "task", "--task-index", 0, "--task-count", 8, "--run.max_missing_patients", 0.125)
check("0 of 1 slides have a row" in task.stderr, f"the task's own join is told: {task.stderr}")
microtome("run", "--bags", BAGS, "--model", MODEL, "--genomics", few, "--output", out / "task", "--task-index", 1, "--task-count", 8, "--run.max_missing_patients", 0.12, exits=(4,))

# a run without a table in the same folder takes the older one's document away
microtome("run", "--bags", BAGS, "--model", MODEL, "--output", out / "aliases")
check(not (out / "aliases" / "join.json").exists(), "join.json of an earlier run is gone")

for sentence, code, genomics, words in [
    ("genomics.keys: wanted a regular expression, got 'regex:(': missing closing parenthesis at character 1", 2, named, ["--genomics.keys", "regex:("]),
    ("with one or more of the groups (?<patient>...), (?<sample>...), (?<slide>...), got 'regex:P'", 2, named, ["--genomics.keys", "regex:P"]),
    ("genomics.duplicates: wanted refuse, first-barcode or mean, got 'any'", 2, named, ["--genomics.duplicates", "any"]),
    ("run.max_missing_patients: wanted a share in 0..1, got -1", 2, named, ["--run.max_missing_patients", -1]),
    ("named.h5ad: wanted rows for the slides: none of the 8 slides has one", 4, named, ["--genomics.keys", "cptac"]),
    ("coded.h5ad: wanted rows for all but 0 % of the slides' patients: ", 4, coded, ["--genomics.map", out / "map.csv", "--run.max_missing_patients", 0]),
    ("its patient has 3 rows", 4, plain, []),
    ("aged.h5ad: genomic table: find the 60 genes of the model: 2 are missing", 4, out / "aged.h5ad", []),
    ("bad.csv: wanted the columns row_id and slide_id or patient_id in the header row", 4, coded, ["--genomics.map", text("bad.csv", "slide,row\nP1,x\n")]),
    ("double.csv: line 3, column slide_id: wanted each slide once, this one is on line 2 too", 4, coded, ["--genomics.map", text("double.csv", "slide_id,row_id\nP1,HOSP-0\nP1,HOSP-1\n")]),
    ("lost.csv: wanted ids of rows that the table has: 1 line names another, line 2: correct the map", 4, coded, ["--genomics.map", text("lost.csv", "slide_id,row_id\nP1,HOSP-99\n")]),
]:
    done = microtome("run", "--bags", BAGS, "--model", MODEL, "--genomics", genomics, "--output", out / "refused", *words, exits=(code,))
    check(sentence in done.stderr and done.stderr.startswith("microtome: ") and done.stderr.count("\n") == 1, f"{words}: wanted '{sentence}', got {done.stderr}")
    check(not (out / "refused").exists(), f"{words}: something was written")

join.refuse_all_damage("first-barcode", "map", "aliases")
for name, path, value in [
    ("mean", ("tables",), []), ("mean", ("schema_version",), 2), ("mean", ("tables", 0, "keys"), "regex:"), ("mean", ("tables", 0, "duplicates"), "first"),
    ("mean", ("tables", 0, "duplicates"), "refuse"), ("mean", ("tables", 0, "settled", 0, "patients"), 0), ("mean", ("tables", 0, "settled", 0, "slides_first"), list("abcdef")),
    ("mean", ("tables", 0, "table_sha256"), "abc"), ("mean", ("tables", 0, "patients", "share_allowed"), 1.5), ("mean", ("tables", 0, "slides", "matched_by"), {"position": 3}),
    ("mean", ("tables", 0, "slides", "matched_by"), {"map": 0}), ("mean", ("tables", 0, "slides", "without_row_first"), [str(i) for i in range(21)]),
    ("mean", ("tables", 0, "rows", "used"), -1), ("mean", ("tables", 0, "units"), ""), ("mean", ("tables", 0, "name"), ""), ("mean", ("tables", 0, "genes", "found"), 1.5),
]:
    join.refuse_value(name, path, value)
for name, document in join.documents.items():
    for entry in document["tables"]:
        slides, genes, rows = entry["slides"], entry["genes"], entry["rows"]
        check(slides["matched"] + slides["without_row"] == slides["all"] == 8 and sum(slides["matched_by"].values()) == slides["matched"], f"{name}: slides add up")
        check(genes["by_name"] + genes["by_symbol"] + genes["by_alias"] == genes["found"] and genes["found"] + genes["missing"] == genes["required"] == (1 if entry["name"] == "clinical" else 60), f"{name}: genes add up")
        check(rows["used"] + rows["without_slide"] == rows["all"], f"{name}: rows add up")
join.report()
