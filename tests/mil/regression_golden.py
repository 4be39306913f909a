# SPDX-License-Identifier: Apache-2.0
# Writes tests/mil/golden/regression.json: small seeded sets and what scikit-learn, scipy and plain definitions say of them.
#   pip install scikit-learn scipy (1.9.1 and 1.17.1 wrote the file); python regression_golden.py
# Outside the default tests, which compare with the committed file.
import json, pathlib, warnings

import numpy as np
import scipy.stats
import sklearn.metrics as sk

warnings.filterwarnings("error", category=RuntimeWarning)
HERE = pathlib.Path(__file__).parent


def cohort(seed, n, scale, digits, slope, shift):
    """Predictions that shrink towards their mean and are shifted; rounding plants ties on both sides."""
    r = np.random.default_rng(seed)
    t = scale * r.gamma(2.0, 1.0, n)
    p = shift + slope * t + 0.6 * scale * r.normal(size=n)
    return np.round(t, digits), np.round(p, digits)


def lin_by_definition(t, p):
    """Lin 1989, equation 4: variances and covariance over n."""
    return 2 * ((t - t.mean()) * (p - p.mean())).mean() / (t.var() + p.var() + (t.mean() - p.mean()) ** 2)


def values(t, p):
    line = scipy.stats.linregress(p, t)
    return {"mae": sk.mean_absolute_error(t, p), "rmse": sk.root_mean_squared_error(t, p), "r2": sk.r2_score(t, p),
            "pearson": scipy.stats.pearsonr(t, p).statistic, "spearman": scipy.stats.spearmanr(t, p).statistic, "bias": (p - t).mean(),
            "calibration_slope": line.slope, "calibration_intercept": line.intercept, "ccc": lin_by_definition(t, p)}


def case(seed, n, scale, digits, slope, shift):
    t, p = cohort(seed, n, scale, digits, slope, shift)
    weight = np.random.default_rng(seed + 100).integers(0, 4, n)
    d = p - t
    return {"t": t, "p": p, "values": values(t, p), "weight": weight, "weighted": values(np.repeat(t, weight), np.repeat(p, weight)),
            "agreement": {"bias": d.mean(), "sd": d.std(ddof=1), "low": d.mean() - 1.96 * d.std(ddof=1), "high": d.mean() + 1.96 * d.std(ddof=1)}}


def bca_of_errors(seed, n):
    """scipy's BCa limits of a mean absolute error, of so many resamples that two generators agree."""
    t, p = cohort(seed, n, 10, 3, 0.7, 2)
    error = np.abs(p - t)
    limits = scipy.stats.bootstrap((error,), np.mean, n_resamples=200000, method="BCa", batch=2000, rng=np.random.default_rng(1)).confidence_interval
    return {"t": t, "p": p, "low": limits.low, "high": limits.high}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


if __name__ == "__main__":
    document = {"fine": case(1, 60, 1, 12, 0.7, 0.4), "ties": case(2, 80, 3, 0, 0.6, 1), "large": case(3, 40, 2e6, 1, 1.3, -4e6), "wrong": case(4, 50, 1, 6, -0.5, 3),
                "bca": bca_of_errors(5, 70)}
    (HERE / "golden" / "regression.json").write_text(json.dumps(plain(document), separators=(",", ":")).replace('},"', '},\n"') + "\n")
