# SPDX-License-Identifier: Apache-2.0
"""anndata and h5py judge the files of mil: `h5ad_oracle.py read|write|features|tcga PROBE [CSV]`, PROBE being h5_probe.

read      anndata writes tables in every encoding it has, our reader must find the same values
write     our writer writes tables, anndata must find the same values and types
features  h5py must find in features.h5 and prediction.h5 the types that TRIDENT and CLAM write themselves
tcga      a table of real patients (CSV of the MCAT layout, zipped) is joined to the names of their slides
Exits non-zero on the first difference.
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

warnings.filterwarnings("ignore")
rng = np.random.default_rng(1)


def probe(*arguments):
    done = subprocess.run([PROBE, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, (arguments[:2], done.returncode, done.stderr)
    return json.loads(done.stdout)


def same(found, expected, what):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def matrix(kind=np.float32, rows=37, columns=11):
    dense = rng.normal(size=(rows, columns)) * 8
    dense[rng.random(dense.shape) < 0.6] = 0
    return dense.astype(kind)


def obs_of(rows):
    names = [f"case_{i:03d}" for i in rng.permutation(rows)]
    return pd.DataFrame(
        {
            "patient_id": pd.Categorical([f"p{i % 5}" for i in range(rows)]),
            "note": [f"text ä {i}" for i in range(rows)],
            "partly": pd.Categorical([None if i % 3 else "known" for i in range(rows)]),
            "stage": pd.Categorical([f"stage {i % 3}" for i in range(rows)], ordered=True),
            "age": np.arange(rows, dtype=float),
            "grade": pd.Categorical(np.arange(rows) % 3),
            "alive": np.arange(rows) % 2 == 0,
            "days": pd.array([None if i % 4 == 1 else i for i in range(rows)], dtype="Int64"),
            "treated": pd.array([None if i % 4 == 2 else i % 2 == 0 for i in range(rows)], dtype="boolean"),
        },
        index=names,
    )


def unsorted_csr():
    x = sp.csr_matrix(matrix())
    for i in range(x.shape[0]):
        part = slice(x.indptr[i], x.indptr[i + 1])
        x.indices[part] = x.indices[part][::-1].copy()
        x.data[part] = x.data[part][::-1].copy()
    x.has_sorted_indices = False
    assert not sp.csr_matrix((x.data, x.indices, x.indptr), x.shape).has_sorted_indices
    return x


def tables():
    missing = matrix()
    missing[3, 4] = np.nan
    yield "dense_f32", missing, {}
    yield "dense_f64_gzip", matrix(np.float64), {"compression": "gzip"}
    yield "dense_int", matrix(np.int64), {}
    yield "dense_bool", matrix() > 0, {}
    yield "csr", sp.csr_matrix(matrix()), {}
    yield "csr_gzip", sp.csr_matrix(matrix()), {"compression": "gzip"}
    yield "csc", sp.csc_matrix(matrix()), {}
    yield "csr_int64_data", sp.csr_matrix(matrix(np.int64)), {}
    yield "csc_uint8_data", sp.csc_matrix(np.abs(matrix(np.int64)).astype(np.uint8)), {}
    yield "csr_unsorted", unsorted_csr(), {}
    yield "csr_narrow_indices", sp.csr_matrix(matrix(rows=400, columns=300)), {}
    yield "csr_empty", sp.csr_matrix((7, 5), dtype=np.float32), {}
    yield "nullable_index", sp.csr_matrix(matrix()), {}


def make_tables(folder):
    made = []
    for name, x, options in tables():
        table = anndata.AnnData(X=x, obs=obs_of(x.shape[0]), var=pd.DataFrame({"symbol": [f"s{i // 2}" for i in range(x.shape[1])]}, index=[f"G{i}" for i in range(x.shape[1])]))
        table.uns["units"] = "log2_tpm"
        table.uns["genome_build"] = "GRCh38"
        path = folder / f"{name}.h5ad"
        anndata.settings.write_csr_csc_indices_with_min_possible_dtype = name == "csr_narrow_indices"
        anndata.settings.allow_write_nullable_strings = name == "nullable_index"
        if name == "nullable_index":
            table.obs.index = table.obs.index.astype("string")
        table.write_h5ad(path, **options)
        made.append((name, path, table))
    with h5py.File(folder / "csr_narrow_indices.h5ad") as file:
        same(file["X/indices"].dtype, np.dtype("uint16"), "the oracle's own narrow indices")
    with h5py.File(folder / "nullable_index.h5ad") as file:
        kind = file["obs"][file["obs"].attrs["_index"]].attrs["encoding-type"]
        same(kind, "nullable-string-array", "the oracle's own nullable index")
    with h5py.File(folder / "dense_f32.h5ad", "r+") as file:
        ids = file["obs/note"][:]
        del file["obs/note"]
        file["obs/note"] = np.array([i for i in ids], dtype="S")  # fixed length, as other writers do
    return made


def check_read(found, name, path, table):
    assert "error" not in found, (name, found)
    x = table.X.toarray() if sp.issparse(table.X) else np.asarray(table.X)
    same(found["row_ids"], list(table.obs_names), f"{name} row ids")
    same(found["genes"], list(table.var_names), f"{name} genes")
    values = np.array([np.nan if v is None else v for v in found["values"]]).reshape(x.shape)
    np.testing.assert_array_equal(values, x.astype(np.float32).astype(float), err_msg=name)
    texts = {c: ["" if pd.isna(v) else v for v in table.obs[c]] for c in ("patient_id", "note", "partly", "stage")}
    same(found["row_columns"], texts, f"{name} text columns")
    numbers = {c: [None if pd.isna(v) else float(v) for v in table.obs[c]] for c in ("age", "grade", "alive", "days", "treated")}
    same(found["row_numbers"], numbers, f"{name} columns of numbers")
    same(found["gene_columns"], {"symbol": list(table.var["symbol"])}, f"{name} columns of genes")
    same(found["notes"], {"genome_build": "GRCh38"}, f"{name} notes")
    same(found["modalities"], [""], f"{name} modalities")
    same(found["units"], "log2_tpm", f"{name} units")
    same(found["sha256"], hashlib.sha256(path.read_bytes()).hexdigest(), f"{name} sha256")
    same(found["encoding"], {"csr": "csr_matrix", "csc": "csc_matrix"}.get(getattr(table.X, "format", ""), "array"), f"{name} encoding")


def check_refusals(folder):
    x = sp.csr_matrix(matrix())
    table = anndata.AnnData(X=x)
    table.write_h5ad(folder / "lzf.h5ad", compression="lzf")
    table.obs_names = ["same"] * x.shape[0]
    table.write_h5ad(folder / "twins.h5ad")
    anndata.AnnData(obs=pd.DataFrame(index=["a"]), var=pd.DataFrame(index=["g"])).write_h5ad(folder / "no_x.h5ad")
    whole = (folder / "csr.h5ad").read_bytes()
    (folder / "cut.h5ad").write_bytes(whole[: len(whole) // 2])
    expected = {
        "lzf": "it is compressed with the filter lzf (32000), which this HDF5 library lacks: write the file again with gzip",
        "twins": "tell the rows apart (obs index): positions 0 and 1 (counted from 0) have the same name",
        "no_x": "read as AnnData: it has no X: copy the layer to use into X",
        "cut": "open as HDF5: truncated file",
    }
    found = probe("read", *[folder / f"{name}.h5ad" for name in expected])
    for (name, sentence), document in zip(expected.items(), found):
        assert sentence in document.get("error", ""), (name, document)


def h5ad_by_hand(path, obs, var, x, categories=None):
    """A file from before anndata 0.7: obs and var are records, categories lie in uns, nothing states its encoding."""
    with h5py.File(path, "w") as file:
        text = h5py.string_dtype()
        file["obs"] = np.array(obs, dtype=[("index", text), ("patient_id", "i1"), ("age", "f4")])
        file["var"] = np.array(var, dtype=[("index", "S8"), ("n", "i4")])
        file.create_group("uns")["patient_id_categories"] = np.array(categories, dtype=object)
        file["X"] = x


def check_old_records(folder):
    path = folder / "old.h5ad"
    h5ad_by_hand(path, [("a ", 1, 1.5), ("b", 0, np.nan), ("c", -1, 3)], [(b"g", 1), (b"h", 2)], np.arange(6.0).reshape(3, 2), ["p0", "pä"])
    found = probe("read", path)[0]
    same(found.get("error"), None, "old records")
    same((found["row_ids"], found["genes"], found["values"]), (["a", "b", "c"], ["g", "h"], [0, 1, 2, 3, 4, 5]), "old records")
    same((found["row_columns"], found["row_numbers"]), ({"patient_id": ["pä", "p0", ""]}, {"age": [1.5, None, 3]}), "old columns")


def tenx(path, version):
    """Counts of 5 barcodes and 4 features as Cell Ranger stores them: features x barcodes, by column."""
    counts = sp.csc_matrix(np.array([[0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 0, 0], [4, 5, 6, 7], [0, 0, 8, 0]]).T)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "GRCh38")
        group["shape"] = np.array(counts.shape, dtype="i4")
        group["data"], group["indices"], group["indptr"] = counts.data.astype("i4"), counts.indices.astype("i8"), counts.indptr.astype("i8")
        group["barcodes"] = np.array([f"BC{i}-1" for i in range(5)], dtype="S18")
        names = {"id" if version == 3 else "genes": [f"ENSG{i}" for i in range(4)], "name" if version == 3 else "gene_names": ["A", "B", "A", "C"]}
        for name, values in names.items():
            (group.require_group("features") if version == 3 else group)[name] = np.array(values, dtype="S16")
    return counts.T.toarray()


def check_tenx(folder):
    for version in (2, 3):
        counts = tenx(folder / f"tenx{version}.h5", version)
        found = probe("read", folder / f"tenx{version}.h5")[0]
        same(found.get("error"), None, "10x")
        same(found["row_ids"], [f"BC{i}-1" for i in range(5)], "barcodes")
        same((found["genes"], found["gene_columns"]["symbol"]), ([f"ENSG{i}" for i in range(4)], ["A", "B", "A", "C"]), "features")
        same((found["values"], found["units"]), (counts.ravel().tolist(), "counts"), "10x counts")
    with h5py.File(folder / "tenx2.h5", "a") as file:
        file.copy("GRCh38", "mm10")
    sentence = "choose one of its tables: it holds GRCh38, mm10: say which with --genomics.modality"
    assert sentence in probe("read", folder / "tenx2.h5")[0]["error"]
    same(probe("read", f"{folder / 'tenx2.h5'}#mm10#")[0]["notes"], {"genome_build": "mm10"}, "one of two genomes")


def mudata_by_hand(path, tables):
    """MuData's layout around anndata's own groups, with the user block that hides the signature of HDF5 from naive readers."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file.attrs.update({"encoding-type": "MuData", "encoding-version": "0.1.0", "axis": 0})
        for name, table in tables.items():
            anndata.io.write_elem(file, f"mod/{name}", table)
    with open(path, "r+b") as file:
        file.write(b"MuData (format-version=0.1.0;creator=oracle;creator-version=1)")


def check_mudata(folder):
    tables = {name: anndata.AnnData(X=matrix(rows=4, columns=3)) for name in ("rna", "cnv")}
    tables["rna"].layers["raw"] = sp.csc_matrix(matrix(rows=4, columns=3))
    mudata_by_hand(folder / "two.h5mu", tables)
    plain, rna, layer, none = probe("read", *[f"{folder / 'two.h5mu'}#{c}" for c in ("#", "rna#", "rna#raw", "rna#logs")])
    assert "choose one of its tables: it holds cnv, rna: say which with --genomics.modality" in plain["error"], plain
    same((rna["modality"], rna["modalities"]), ("rna", ["cnv", "rna"]), "modalities")
    same(rna["values"], tables["rna"].X.ravel().astype(float).tolist(), "X of a modality")
    same(layer["values"], tables["rna"].layers["raw"].toarray().ravel().astype(float).tolist(), "a layer of a modality")
    same(layer["encoding"], "csc_matrix", "a layer's encoding")
    assert "find the layer logs: the table has no such layer" in none["error"], none
    mudata_by_hand(folder / "one.h5mu", {"rna": tables["rna"]})
    same(probe("read", folder / "one.h5mu")[0]["modality"], "rna", "the only modality")


def check_rows(folder):
    x = matrix(rows=500, columns=60)
    for name, stored, options in (("dense", x, {}), ("dense_gzip", x, {"compression": "gzip"}), ("csr", sp.csr_matrix(x), {}),
                                  ("csr_gzip", sp.csr_matrix(x), {"compression": "gzip"}), ("csc", sp.csc_matrix(x), {})):
        anndata.AnnData(X=stored).write_h5ad(folder / f"rows_{name}.h5ad", **options)
        rows = sorted(rng.choice(500, size=40, replace=False).tolist())
        found = probe("rows", folder / f"rows_{name}.h5ad", *rows)
        same(found, x[rows].ravel().astype(float).tolist(), f"rows of {name}")


def read(folder):
    check_old_records(folder)
    check_tenx(folder)
    check_mudata(folder)
    check_rows(folder)
    made = make_tables(folder)
    for found, (name, path, table) in zip(probe("read", *[path for _, path, _ in made]), made):
        check_read(found, name, path, table)
    check_refusals(folder)


def write(folder):
    probe("write", folder)
    x = np.array([[0 if (i + j) % 3 == 0 else i * 10 + j / 4 for j in range(4)] for i in range(3)], dtype=np.float32)
    x[1, 1] = np.nan
    for name in ("dense", "csr"):
        table = anndata.read_h5ad(folder / f"{name}.h5ad")
        same(sp.issparse(table.X), name == "csr", f"{name} is sparse")
        same(table.X.dtype, np.dtype("float32"), f"{name} dtype")
        np.testing.assert_array_equal(table.X.toarray() if name == "csr" else table.X, x)
        same(list(table.obs_names), ["p1", "p2", "pätient 3"], "row ids")
        same(list(table.var_names), ["TP53", "KRAS", "a/b (c)", "EGFR"], "genes")
        months = list(table.obs.pop("survival_months"))
        same((months[0], np.isnan(months[1]), months[2]), (1.5, True, 12.0), "obs numbers")
        same({c: list(table.obs[c]) for c in table.obs}, {"patient_id": ["a", "", "c"], "site": ["05", "05", "2F"]}, "obs columns")
        same(list(table.var["symbol"]), ["TP53", "KRAS", "", "EGFR"], "var columns")
        same({k: table.uns[k] for k in ("genome_build", "source_sha256", "modality")},
             {"genome_build": "GRCh38", "source_sha256": "00ff", "modality": "rnaseq"}, "uns")
        same([list(table.uns[k]) for k in ("reference_mean", "reference_sd")], [[0, 1, 2, 3], [1, 1, 0.5, 1]], "reference")
        same(table.uns["units"], "log2_tpm", "units")
        assert isinstance(table.uns["units"], str)
    same(anndata.read_h5ad(folder / "empty.h5ad").shape, (0, 1), "empty table")
    with h5py.File(folder / "csr.h5ad") as file:
        same(dict(file.attrs), {"encoding-type": "anndata", "encoding-version": "0.1.0"}, "root attributes")
        same(file["X/indices"].dtype, np.dtype("int32"), "indices")


def typed(node):
    """Attributes as {name: (type, value)}: h5py gives str only for variable-length scalars."""
    return {name: (type(value), value) for name, value in node.attrs.items()}


COORDS = {
    "patch_size": (np.int64, 256), "patch_size_level0": (np.float64, 517.25), "level0_magnification": (np.int64, 40),
    "target_magnification": (np.float64, 20.0), "overlap": (np.int64, 16), "name": (str, "slide_ä"), "savetodir": (str, ""),
    "level0_width": (np.int64, 40000), "level0_height": (np.int64, 30000), "patch_level": (np.int64, 1),
}
FEATURES = {"name": (str, "slide_ä"), "savetodir": (str, ""), "encoder": (str, "resnet18")}
ROOT = {
    "format_version": (np.int64, 1), "slide_id": (str, "slide_ä"), "recipe": (str, "recipe0"), "slide_identity": (str, "identity0"),
    "encoder": (str, "resnet18"), "encoder_sha256": (str, "sha0"), "encoder_random_weights": (np.int64, 1), "mpp": (np.float64, 0.2475),
    "target_mpp": (np.float64, 0.5), "overview_x_level0": (np.float64, 64), "overview_y_level0": (np.float64, 32),
    "overview_width_level0": (np.float64, 39904.5), "overview_height_level0": (np.float64, 29904.25),
}


def check_bag(file, tiles, kind):
    where = f"{tiles} tiles, {kind}"
    same(typed(file), ROOT, f"{where}: root attributes")
    same(typed(file["coords"]), COORDS, f"{where}: attributes of coords")
    same(typed(file["features"]), FEATURES, f"{where}: attributes of features")
    features = file["features"]
    same((features.dtype, features.shape, features.chunks), (np.dtype(kind), (tiles, 5), (256, 5)), f"{where}: features")
    values = np.arange(tiles * 5, dtype=np.float32) * np.float32(0.1) - np.float32(7)
    np.testing.assert_array_equal(features[:].ravel(), values.astype(kind))
    i = np.arange(tiles)
    same(file["coords"].dtype, np.dtype("int64"), f"{where}: coords")
    np.testing.assert_array_equal(file["coords"][:], np.stack([i * 517, i * 3], 1).reshape(tiles, 2))
    for name, expected in (("tissue_fraction", i / 512), ("quality/focus", i * 2)):
        same((file[name].dtype, file[name].shape), (np.dtype("float32"), (tiles,)), f"{where}: {name}")
        np.testing.assert_array_equal(file[name][:], expected.astype(np.float32))
    unreadable = [[8, 9]] if tiles else []
    same((file["unreadable"].dtype, file["unreadable"][:].tolist()), (np.dtype("int64"), unreadable), f"{where}: unreadable")


def features(folder):
    probe("write", folder)
    for tiles in (0, 300):
        for kind in ("float16", "float32"):
            with h5py.File(folder / f"f{kind[5:]}_{tiles}.h5") as file:
                check_bag(file, tiles, kind)
    with h5py.File(folder / "prediction.h5") as file:
        classes = json.loads(file.attrs["classes"])
        same(classes, ["normal", "tümour"], "classes")
        same({k: file.attrs[k] for k in ("slide_id", "task", "attention_kind")},
             {"slide_id": "slide_ä", "task": "label", "attention_kind": "softmax"}, "prediction attributes")
        same((file["attention"].dtype, file["attention"].shape), (np.dtype("float32"), (300, 1)), "attention")
        same((file["contribution"].dtype, file["contribution"].shape), (np.dtype("float32"), (300, 2)), "contribution")
        np.testing.assert_array_equal(file["attention"][:], np.float32(1 / 300))
        same(file["coords"].shape, (300, 2), "coords of the prediction")


def tcga(folder):
    rows = pd.read_csv(CSV, dtype={"case_id": str, "slide_id": str})
    genes = [c for c in rows.columns if c.endswith("_rnaseq")]
    cases = rows.drop_duplicates("case_id").set_index("case_id")
    assert len(cases) < len(rows), "the real table has patients with several slides"
    kept = cases.sample(frac=0.8, random_state=3)  # shuffled, and one patient in five is not in the table
    x = kept[genes].to_numpy(np.float32)
    path = folder / "luad.h5ad"
    anndata.AnnData(X=x, obs=kept[["oncotree_code"]], var=pd.DataFrame(index=genes)).write_h5ad(path)
    slides = [name.removesuffix(".svs") for name in rows["slide_id"]]
    found = probe("join", path, *slides)
    same((found["rows"], found["genes"]), x.shape, "shape of the real table")
    position = {case: i for i, case in enumerate(kept.index)}
    matched = 0
    for case, slide, match in zip(rows["case_id"], slides, found["matches"]):
        if case not in position:
            same(match, None, slide)
            continue
        matched += 1
        same((match["row_id"], match["by"]), (case, "tcga-patient"), slide)
        same(np.float32(match["first_value"]), x[position[case], 0], f"{slide}: first gene")
    assert 0 < matched < len(slides), "some slides find their patient and some do not"
    print(f"{matched} of {len(slides)} slides found their patient among {x.shape[0]} x {x.shape[1]} values")


if __name__ == "__main__":
    PROBE = sys.argv[2]
    CSV = sys.argv[3] if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory() as scratch:
        {"read": read, "write": write, "features": features, "tcga": tcga}[sys.argv[1]](pathlib.Path(scratch))
