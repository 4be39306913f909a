# SPDX-License-Identifier: Apache-2.0
# Writes tests/mil/golden/evaluation.json: small seeded sets and what scikit-learn, scipy, statsmodels and plain definitions say of them.
#   pip install scikit-learn scipy statsmodels; python evaluation_golden.py; Rscript evaluation_golden.R
# Outside the default tests, which compare with the committed file.
import json, pathlib, warnings

import numpy as np
import scipy.optimize, scipy.stats
import sklearn.metrics as sk
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("error", category=RuntimeWarning)
HERE = pathlib.Path(__file__).parent


def binary_case(seed, n, share, digits, patients):
    """Scores that overlap, rounded so that there are ties; a second model that leans on the first; rows spread over patients."""
    r = np.random.default_rng(seed)
    y = (r.random(n) < share).astype(int)
    latent = r.normal(size=n) + 1.3 * y
    squash = lambda x: np.clip(np.round(1 / (1 + np.exp(-x)), digits), 0.001, 0.999)
    return {"y": y, "p": squash(latent - 0.4), "p2": squash(0.7 * latent + r.normal(size=n) - 0.2), "patient": np.arange(n) if patients == n else r.integers(0, patients, n)}


def delong_by_definition(y, *scores):
    """Placements from the O(mn) kernel, not from ranks."""
    kernels = [np.where(s[y == 1][:, None] > s[y == 0], 1.0, np.where(s[y == 1][:, None] == s[y == 0], 0.5, 0.0)) for s in scores]
    v10, v01 = np.array([k.mean(1) for k in kernels]), np.array([k.mean(0) for k in kernels])
    cov = np.cov(v10).reshape(len(scores), -1) / v10.shape[1] + np.cov(v01).reshape(len(scores), -1) / v01.shape[1]
    return [k.mean() for k in kernels], cov


def equal_width_bins(p, y, bins=15):
    out = []
    for b in range(bins):
        inside = (p > b / bins if b else p >= 0) & (p <= (b + 1) / bins)
        out.append((int(inside.sum()), float(p[inside].mean()) if inside.any() else 0, float(y[inside].mean()) if inside.any() else 0))
    return out


def equal_mass_error(p, y, bins=15):
    """A group of equal probabilities goes where its middle rank belongs."""
    where = np.array([int(((p < v).sum() + (p == v).sum() / 2) * bins / len(p)) for v in p])
    return sum(abs((p[where == b] - y[where == b]).sum()) for b in range(bins)) / len(p)


def temperature(p, y):
    z = np.log(np.maximum(p, 1e-12))
    nll = lambda b: np.mean([np.logaddexp.reduce(b * row) - b * row[k] for row, k in zip(z, y)])
    best = scipy.optimize.minimize_scalar(nll, bounds=(1e-3, 50), method="bounded", options={"xatol": 1e-12})
    return 1 / best.x


def decisions(y, d, classes):
    labels = list(range(classes))
    out = {"accuracy": sk.accuracy_score(y, d), "balanced_accuracy": sk.balanced_accuracy_score(y, d), "mcc": sk.matthews_corrcoef(y, d),
           "kappa": sk.cohen_kappa_score(y, d, weights="quadratic", labels=labels)}
    if classes == 2:
        m = sk.confusion_matrix(y, d)
        out |= {"f1": sk.f1_score(y, d), "sensitivity": sk.recall_score(y, d), "specificity": sk.recall_score(y, d, pos_label=0),
                "ppv": sk.precision_score(y, d), "npv": m[0, 0] / m[:, 0].sum()}
    else:
        out |= {"f1": sk.f1_score(y, d, average="macro", labels=labels), "sensitivity": sk.recall_score(y, d, average="macro", labels=labels),
                "specificity": np.mean([sk.recall_score(y != k, d != k) for k in labels])}
    return out


def binary(case):
    y, p, p2 = case["y"], case["p"], case["p2"]
    areas, cov = delong_by_definition(y, p, p2)
    fpr, tpr, thresholds = sk.roc_curve(y, p, drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(y, p)
    logit = np.log(p / (1 - p))
    fit = sm.Logit(y, sm.add_constant(logit)).fit(disp=0, tol=1e-14, maxiter=200)
    large = sm.GLM(y, np.ones(len(y)), family=sm.families.Binomial(), offset=logit).fit(tol=1e-14)
    best = int(np.argmax(np.round(tpr - fpr, 12)))
    d, d2 = (p >= 0.5).astype(int), (p2 >= 0.5).astype(int)
    only_one, only_other = int(((d == y) & (d2 != y)).sum()), int(((d2 == y) & (d != y)).sum())
    bins = equal_width_bins(p, y)
    values = {"auc": sk.roc_auc_score(y, p), "auprc": sk.average_precision_score(y, p), **decisions(y, d, 2), "brier": sk.brier_score_loss(y, p),
              "ece": sum(n * abs(c - s) for n, c, s in bins) / len(y), "ece_equal_mass": equal_mass_error(p, y),
              "calibration_slope": fit.params[1], "calibration_intercept": large.params[0], "temperature": temperature(np.column_stack([1 - p, p]), y)}
    t = np.arange(1, 100) / 100
    net = [((p >= x) & (y == 1)).mean() - ((p >= x) & (y == 0)).mean() * x / (1 - x) for x in t]
    low, high = proportion_confint(7, 19, method="wilson")
    return {**case, "values": values, "recalibration_intercept": fit.params[0], "roc": {"fpr": fpr, "tpr": tpr}, "pr": {"recall": recall[:-1][::-1], "precision": precision[:-1][::-1]},
            "youden": {"j": tpr[best] - fpr[best], "called": int((p >= thresholds[best]).sum())}, "net_benefit": net, "wilson_7_19": [low, high],
            "delong": {"auc": areas, "covariance": cov}, "mcnemar": {"only_one": only_one, "only_other": only_other,
            "p": mcnemar([[0, only_one], [only_other, 0]], exact=True).pvalue}}


def four_classes(seed, n):
    r = np.random.default_rng(seed)
    y = r.choice(4, n, p=[0.45, 0.3, 0.2, 0.05])
    z = r.normal(size=(n, 4)) + 1.2 * np.eye(4)[y]
    p = np.round(np.exp(z) / np.exp(z).sum(1, keepdims=True), 2)
    p[:, 0] = np.round(1 - p[:, 1:].sum(1), 2)
    p = np.maximum(p, 0.01)
    p /= p.sum(1, keepdims=True)
    d = p.argmax(1)
    top, right = p.max(1), (d == y).astype(int)
    hot = np.eye(4)[y]
    values = {"auc": sk.roc_auc_score(y, p, multi_class="ovr"), "auc_hand_till": sk.roc_auc_score(y, p, multi_class="ovo"),
              "auprc": sk.average_precision_score(hot, p), **decisions(y, d, 4), "brier": ((p - hot) ** 2).sum(1).mean(),
              "ece": sum(n * abs(c - s) for n, c, s in equal_width_bins(top, right)) / len(y), "ece_equal_mass": equal_mass_error(top, right),
              "temperature": temperature(p, y)}
    return {"y": y, "p": p.ravel(), "patient": np.arange(n), "values": values}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return plain(value.tolist()) if isinstance(value, (np.ndarray, np.generic)) else value


if __name__ == "__main__":
    document = {"ties": binary(binary_case(1, 90, 0.45, 1, 90)), "imbalance": binary(binary_case(2, 160, 0.08, 3, 160)),
                "patients": binary(binary_case(3, 120, 0.4, 2, 45)), "four": four_classes(4, 130)}
    (HERE / "golden").mkdir(exist_ok=True)
    (HERE / "golden" / "evaluation.json").write_text(json.dumps(plain(document), separators=(",", ":")).replace('},"', '},\n"') + "\n")
