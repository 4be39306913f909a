# SPDX-License-Identifier: Apache-2.0
# Writes tests/mil/golden/multilabel.json: small seeded sets of several yes/no labels and what scikit-learn says of them.
#   pip install scikit-learn; python multilabel_golden.py
# Outside the default tests, which compare with the committed file.
import json, pathlib

import numpy as np
import sklearn.metrics as sk

LABELS = ["EGFR", "KRAS", "TP53"]


def cohort(seed, n, patients, digits):
    """Labels that exclude each other more or less; scores that overlap, rounded so that there are ties; rows spread over patients."""
    r = np.random.default_rng(seed)
    patient = np.arange(n) if patients == n else np.sort(r.integers(0, patients, n))
    y = np.column_stack([r.random(n) < 0.3, r.random(n) < 0.25, r.random(n) < 0.5]).astype(int)
    y[:, 1] &= 1 - y[:, 0]
    latent = r.normal(size=y.shape) + np.array([1.5, 0.8, 0.4]) * y
    squash = lambda x: np.clip(np.round(1 / (1 + np.exp(0.5 - x)), digits), 0.001, 0.999)
    return {"names": LABELS, "y": y, "p": squash(latent), "p2": squash(0.6 * latent + r.normal(size=y.shape)), "patient": patient}


def calibration_error(y, p, bins=15):
    """Bins are open below and closed above; the first takes 0 too."""
    where = np.array([next(b for b in range(bins) if v <= (b + 1) / bins) for v in p])
    return sum(abs((p[where == b] - y[where == b]).sum()) for b in range(bins)) / len(y)


def measures(y, p):
    """`y` has -1 where an answer is not known. Without any, scikit-learn's own averages are taken; they must be those by hand."""
    d = (p >= 0.5).astype(int)
    columns = [(y[k, l], p[k, l], d[k, l]) for l in range(y.shape[1]) for k in [y[:, l] >= 0]]
    judged = [c for c in columns if len(set(c[0])) == 2]
    mean = lambda measure: np.mean([measure(*c) for c in judged])
    known, whole = y >= 0, (y >= 0).all(1)
    out = {"macro_auc": mean(lambda y, p, d: sk.roc_auc_score(y, p)), "macro_auprc": mean(lambda y, p, d: sk.average_precision_score(y, p)),
           "macro_balanced_accuracy": mean(lambda y, p, d: sk.balanced_accuracy_score(y, d)), "macro_f1": mean(lambda y, p, d: sk.f1_score(y, d)),
           "macro_brier": mean(lambda y, p, d: sk.brier_score_loss(y, p)), "macro_ece": mean(lambda y, p, d: calibration_error(y, p)),
           "micro_auc": sk.roc_auc_score(y[known], p[known]), "micro_f1": sk.f1_score(y[known], d[known]),
           "hamming_loss": sk.hamming_loss(y[known], d[known]), "exact_match": sk.accuracy_score(y[whole], d[whole]),
           "cardinality_known": y[whole].sum(1).mean(), "cardinality_predicted": d[whole].sum(1).mean()}
    if known.all():
        own = {"macro_auc": sk.roc_auc_score(y, p, average="macro"), "micro_auc": sk.roc_auc_score(y, p, average="micro"),
               "macro_auprc": sk.average_precision_score(y, p, average="macro"), "macro_f1": sk.f1_score(y, d, average="macro"),
               "micro_f1": sk.f1_score(y, d, average="micro"), "hamming_loss": sk.hamming_loss(y, d), "exact_match": sk.accuracy_score(y, d)}
        assert all(abs(out[name] - value) < 1e-12 for name, value in own.items()), (out, own)
        out |= own
    return out


def case(set_):
    return {**set_, "values": measures(set_["y"], set_["p"]), "values2": measures(set_["y"], set_["p2"]),
            "labels": {name: {"auc": sk.roc_auc_score(y[k], p[k]), "auprc": sk.average_precision_score(y[k], p[k]), "n": int(k.sum()), "events": int((y == 1).sum())}
                       for name, y, p in zip(LABELS, set_["y"].T, set_["p"].T) for k in [y >= 0] if len(set(y[k])) == 2}}


if __name__ == "__main__":
    gaps, single = cohort(12, 70, 40, 2), cohort(13, 50, 50, 2)
    gaps["y"][np.random.default_rng(1).random(gaps["y"].shape) < 0.25] = -1
    single["y"][:, 2] = np.where(np.arange(50) % 5, 0, -1)     # one answer only: not judged, and in one heap with the others all the same
    document = {"complete": case(cohort(11, 60, 60, 1)), "gaps": case(gaps), "single": case(single)}
    flat = {name: {k: v.ravel() if k in ("y", "p", "p2") else v for k, v in one.items()} for name, one in document.items()}
    text = json.dumps(flat, separators=(",", ":"), default=lambda value: value.tolist()).replace('},"', '},\n"')
    (pathlib.Path(__file__).parent / "golden" / "multilabel.json").write_text(text + "\n")
