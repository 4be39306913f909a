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
            "age": np.arange(rows, dtype=float),
            "grade": pd.Categorical(np.arange(rows) % 3),
            "alive": np.arange(rows) % 2 == 0,
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
        table = anndata.AnnData(X=x, obs=obs_of(x.shape[0]), var=pd.DataFrame(index=[f"G{i}" for i in range(x.shape[1])]))
        table.uns["units"] = "log2_tpm"
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
    texts = {c: ["" if pd.isna(v) else v for v in table.obs[c]] for c in ("patient_id", "note", "partly")}
    same(found["row_columns"], texts, f"{name} text columns")
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


def read(folder):
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
        same({c: list(table.obs[c]) for c in table.obs}, {"patient_id": ["a", "", "c"], "site": ["05", "05", "2F"]}, "obs columns")
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
