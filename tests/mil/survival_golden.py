# SPDX-License-Identifier: Apache-2.0
# Writes tests/mil/golden/survival.json: small seeded cohorts and what scikit-survival, lifelines and plain definitions say of them.
#   pip install scikit-survival==0.28.0 lifelines==0.30.3 (with numpy 2.4.6); python survival_golden.py; Rscript survival_golden.R
# Outside the default tests, which compare with the committed file.
import json, pathlib, warnings

import numpy as np
import scipy.stats
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import concordance_index
import pandas as pd
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import brier_score, concordance_index_censored, concordance_index_ipcw, cumulative_dynamic_auc, integrated_brier_score
from sksurv.nonparametric import kaplan_meier_estimator
from sksurv.util import Surv

HERE = pathlib.Path(__file__).parent
surv = lambda t, e: Surv.from_arrays(np.array(e, bool), np.array(t, float))


def cohort(seed, n, whole_months, risk_digits, censoring):
    """Exponential survival whose rate grows with the risk and a grade; whole months and rounded risks plant ties."""
    r = np.random.default_rng(seed)
    risk, grade = np.round(r.normal(size=n), risk_digits), r.integers(0, 3, n)
    months, censored = r.exponential(40 / np.exp(0.7 * risk + 0.3 * grade)), r.exponential(censoring, n)
    t, e = np.minimum(months, censored), months <= censored
    t = np.maximum(1, np.ceil(t)) if whole_months else np.round(t, 4) + 1e-4
    return {"t": t, "e": e.astype(int), "risk": risk, "grade": grade}


def harrell_by_pairs(c):
    con = dis = tie = same = 0
    for i in range(len(c["t"])):
        for j in range(len(c["t"])):
            if c["e"][i] and (c["t"][i] < c["t"][j] or (c["t"][i] == c["t"][j] and not c["e"][j])):
                d = c["risk"][i] - c["risk"][j]
                con, dis, tie, same = con + (d > 1e-8), dis + (d < -1e-8), tie + (abs(d) <= 1e-8), same + (c["t"][i] == c["t"][j])
    return [int(con), int(dis), int(tie), int(same)]


def censoring_before(t, e, at):
    """Kaplan-Meier of censoring just before a time; patients with an event at a time have left when others are censored there."""
    g = 1.0
    for u in np.unique(t[t < at]):
        left = (t >= u).sum() - ((t == u) & (e == 1)).sum()
        if left > 0:
            g *= 1 - ((t == u) & (e == 0)).sum() / left
    return g


def uno_by_pairs(c, tau):
    t, e, r = c["t"], c["e"], c["risk"]
    right = whole = 0.0
    for i in range(len(t)):
        if not e[i] or t[i] >= tau:
            continue
        w = censoring_before(t, e, t[i]) ** -2
        can = (t > t[i]) | ((t == t[i]) & (e == 0))
        d = r[i] - r[can]
        right += w * ((d > 1e-8).sum() + 0.5 * (abs(d) <= 1e-8).sum())
        whole += w * can.sum()
    return right / whole


def d_calibration_by_definition(curves, months, t, e):
    mass = np.zeros(10)
    for i in range(len(t)):
        seen = e[i] == 1 and t[i] <= months[-1]
        s = np.interp(min(t[i], months[-1]), np.r_[0, months], np.r_[1, curves[i]])
        edges = np.linspace(0, 1, 11)
        if seen:
            mass[min(int(s * 10), 9)] += 1
        else:
            mass += np.clip(s - edges[:-1], 0, 0.1) / s
    chi2 = ((mass - len(t) / 10) ** 2 / (len(t) / 10)).sum()
    return {"share": mass / len(t), "chi_square": chi2, "p": scipy.stats.chi2.sf(chi2, 9)}


def kaplan_meier(c):
    t, s, (low, high) = kaplan_meier_estimator(c["e"] == 1, c["t"], conf_type="log-log", conf_level=0.95)
    fitted = KaplanMeierFitter().fit(c["t"], c["e"])
    return {"t": t, "s": s, "low": low, "high": high, "median": fitted.median_survival_time_, "lifelines": [float(fitted.predict(v)) for v in t]}


def cox(c, ties, ridge=0.0):
    x = np.column_stack([c["risk"], c["grade"]]).astype(float)
    out = {"sksurv": CoxPHSurvivalAnalysis(ties=ties, alpha=ridge, tol=1e-14, n_iter=200).fit(x, surv(c["t"], c["e"])).coef_}
    if ties == "efron" and ridge == 0:
        frame = pd.DataFrame({"t": c["t"], "e": c["e"], "risk": c["risk"], "grade": c["grade"]})
        fitted = CoxPHFitter().fit(frame, "t", "e", fit_options={"precision": 1e-12})
        out |= {"lifelines": fitted.params_.values, "standard_error": fitted.standard_errors_.values, "log_likelihood": fitted.log_likelihood_}
    return out


def judged(c, train):
    y, ytrain = surv(c["t"], c["e"]), surv(train["t"], train["e"])
    events = np.sort(c["t"][c["e"] == 1])
    tau = float(np.quantile(events, 0.8))
    inside = lambda t: t[(t > c["t"].min()) & (t < min(c["t"].max(), train["t"].max()))]
    times = inside(np.unique(np.linspace(np.quantile(events, 0.1), tau, 12)))
    auc, mean = cumulative_dynamic_auc(ytrain, y, c["risk"], times)
    months = inside(np.array([6.0, 12, 24, 36, 60]))
    curves = np.round(np.exp(-np.outer(np.exp(0.7 * c["risk"] + 0.3 * c["grade"]) / 40, months)), 6)
    group = (c["risk"] >= np.median(c["risk"])).astype(int) + (c["risk"] >= np.quantile(c["risk"], 0.8))
    two, three = (multivariate_logrank_test(c["t"], g, c["e"]) for g in ((group > 0).astype(int), group))
    con = concordance_index_censored(c["e"] == 1, c["t"], c["risk"])
    return {"harrell": con[0], "pairs": [int(v) for v in con[1:]], "pairs_by_hand": harrell_by_pairs(c),
            "lifelines_c": concordance_index(c["t"], -c["risk"], c["e"]),
            "tau": tau, "uno_by_hand": uno_by_pairs(c, tau), "uno_sksurv": concordance_index_ipcw(ytrain, y, c["risk"], tau)[0],
            "times": times, "auc": auc, "auc_mean": mean, "months": months, "curves": curves.ravel(),
            "brier": brier_score(ytrain, y, curves, months)[1], "ibs": integrated_brier_score(ytrain, y, curves, months),
            "kaplan_meier": kaplan_meier(c), "group": group, "log_rank_2": [two.test_statistic, two.p_value], "log_rank_3": [three.test_statistic, three.p_value],
            "cox_efron": cox(c, "efron"), "cox_breslow": cox(c, "breslow"), "cox_ridge": cox(c, "breslow", 2.5),
            "d_calibration": d_calibration_by_definition(curves, months, c["t"], c["e"])}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (np.floating, float)):
        return None if not np.isfinite(value) else float(value)
    return int(value) if isinstance(value, np.integer) else value


out = {}
train = cohort(9, 160, False, 6, 60)
for name, c in {"fine": cohort(1, 120, False, 6, 60), "ties": cohort(2, 150, True, 1, 50), "censored": cohort(3, 90, True, 6, 18)}.items():
    reference = train if name == "fine" else c
    out[name] = c | judged(c, reference) | {"reference": {"t": reference["t"], "e": reference["e"]}}
(HERE / "golden" / "survival.json").write_text(json.dumps(plain(out)) + "\n")
