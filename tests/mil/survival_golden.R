# SPDX-License-Identifier: Apache-2.0
# Writes tests/mil/golden/survival_r.json beside survival.json: what R's survival (3.5) says of its cohorts.
#   apt-get install r-cran-survival r-cran-jsonlite; cd tests/mil; Rscript survival_golden.R
# Outside the default tests, which compare with the committed file.
suppressMessages({ library(survival); library(jsonlite) })

cases <- fromJSON("golden/survival.json")
finite <- function(x) ifelse(is.finite(x), x, NA)
exact <- coxph.control(eps = 1e-14, toler.chol = 1e-16, iter.max = 100)

cox <- function(d, ties) {
  fit <- coxph(Surv(t, e) ~ risk + grade, d, ties = ties, control = exact)
  list(coefficient = unname(coef(fit)), standard_error = unname(sqrt(diag(vcov(fit)))), covariance = unname(vcov(fit)[1, 2]), log_likelihood = fit$loglik,
       likelihood_ratio_p = unname(summary(fit)$logtest["pvalue"]), interval = unname(summary(fit)$conf.int[1, 3:4]))
}
judged <- function(case) {
  d <- data.frame(t = case$t, e = case$e, risk = case$risk, grade = case$grade, group = case$group)
  curve <- function(type) { s <- survfit(Surv(t, e) ~ 1, d, conf.type = type); list(t = s$time, s = s$surv, low = finite(s$lower), high = finite(s$upper), n = s$n.risk) }
  median <- summary(survfit(Surv(t, e) ~ 1, d, conf.type = "log-log"))$table
  pairs <- function(...) concordance(Surv(t, e) ~ risk, d, reverse = TRUE, ...)
  harrell <- pairs(); uno <- pairs(timewt = "n/G2", ymax = case$tau - 1e-6)
  breslow <- coxph(Surv(t, e) ~ risk + grade, d, ties = "breslow", control = exact)
  base <- basehaz(breslow, centered = TRUE)
  ridge <- coxph(Surv(t, e) ~ ridge(risk, grade, theta = 2.5, scale = FALSE), d, ties = "breslow", control = exact)
  rank <- function(g) { s <- survdiff(Surv(t, e) ~ g, d); list(chi_square = s$chisq, expected = as.vector(s$exp), observed = as.vector(s$obs)) }
  list(plain = curve("plain"), log_log = curve("log-log"), median = unname(finite(median[c("median", "0.95LCL", "0.95UCL")])), harrell = harrell$concordance, uno = uno$concordance,
       cox = list(efron = cox(d, "efron"), breslow = cox(d, "breslow")), baseline = list(t = base$time, h = base$hazard), ridge = unname(coef(ridge)),
       ridge_se = unname(sqrt(diag(ridge$var))), log_rank_2 = rank(as.integer(d$group > 0)), log_rank_3 = rank(d$group))
}
writeLines(toJSON(lapply(cases, judged), digits = NA, auto_unbox = TRUE, na = "null"), "golden/survival_r.json")
