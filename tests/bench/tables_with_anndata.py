# SPDX-License-Identifier: Apache-2.0
"""The same work in pandas and anndata: one command a line on stdin, one line of answer (seconds, or a sha256) each.

import ZIP FOLDER    the MCAT table, a row a patient, as theirs.rnaseq.h5ad and theirs.cnv.h5ad
make FILE            10,000 x 20,000 float32, csr, a tenth of them not 0
rows I J ...         these rows of FILE in backed mode, dense; digest: their sha256; single: one row after the other, X kept
"""
import hashlib
import sys
import time
import warnings

import anndata
import numpy as np
import pandas as pd
import scipy.sparse as sp

warnings.filterwarnings("ignore")
CLINICAL = ["site", "is_female", "oncotree_code", "age", "survival_months"]


def import_table(source, folder):
    frame = pd.read_csv(source, compression="zip", index_col=0, dtype={"site": str, "case_id": str, "slide_id": str})
    frame["site"] = frame["case_id"].str.slice(5, 7)
    patients = frame.drop_duplicates("case_id").set_index("case_id")
    for modality in ("rnaseq", "cnv"):
        columns = [c for c in frame.columns if c.endswith("_" + modality)]
        table = anndata.AnnData(X=patients[columns].to_numpy(np.float32), obs=patients[CLINICAL].copy(),
                                var=pd.DataFrame(index=[c[: -len(modality) - 1] for c in columns]))
        table.obs["event"] = 1 - patients["censorship"]
        table.uns["units"] = modality
        if modality == "cnv":  # z-scores refer to a population that is not in the file
            table.uns["reference_mean"], table.uns["reference_sd"] = np.nanmean(table.X, 0, np.float64), np.nanstd(table.X, 0, np.float64, ddof=1)
        table.write_h5ad(f"{folder}/theirs.{modality}.h5ad")


def make(path):
    x = sp.random(10_000, 20_000, density=0.1, format="csr", dtype=np.float32, random_state=1)
    table = anndata.AnnData(X=x)
    table.obs_names = [f"TCGA-{i:07d}" for i in range(x.shape[0])]
    table.var_names = [f"GENE{i}" for i in range(x.shape[1])]
    table.write_h5ad(path)
    return anndata.read_h5ad(path, backed="r")


def answer(words, state):
    if words[0] == "make":
        state["backed"] = make(words[1])
        return "0"
    started = time.perf_counter()
    if words[0] == "import":
        import_table(*words[1:])
        return repr(time.perf_counter() - started)
    rows = [int(w) for w in words[1:]]
    if words[0] == "single":
        x = state["backed"].X  # once: to ask for X anew would read the starts of all rows each time
        for row in rows:
            x[row].toarray()
        return repr(time.perf_counter() - started)
    found = state["backed"].X[rows].toarray()
    return hashlib.sha256(np.ascontiguousarray(found)).hexdigest() if words[0] == "digest" else repr(time.perf_counter() - started)


state = {}
for line in sys.stdin:
    print(answer(line.split(), state), flush=True)
