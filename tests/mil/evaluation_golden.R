# SPDX-License-Identifier: Apache-2.0
# Writes tests/mil/golden/evaluation_r.json beside evaluation.json: what pROC says of its sets (DeLong), and boot of a fixed index matrix (BCa).
#   apt-get install r-cran-proc r-cran-boot r-cran-jsonlite; cd tests/mil; Rscript evaluation_golden.R
# Outside the default tests, which compare with the committed file.
suppressMessages({ library(pROC); library(boot); library(jsonlite) })

cases <- fromJSON("golden/evaluation.json")
delong <- function(case) {
  one <- roc(case$y, case$p, levels = c(0, 1), direction = "<", quiet = TRUE)
  other <- roc(case$y, case$p2, levels = c(0, 1), direction = "<", quiet = TRUE)
  test <- roc.test(one, other, method = "delong", paired = TRUE)
  list(auc = as.numeric(one$auc), variance = var(one, method = "delong"), interval = as.numeric(ci.auc(one, method = "delong"))[c(1, 3)],
       other_variance = var(other, method = "delong"), covariance = cov(one, other, method = "delong"), z = as.numeric(test$statistic), p = test$p.value)
}

area <- function(y, p) { ranks <- rank(p); m <- sum(y); (sum(ranks[y == 1]) - m * (m + 1) / 2) / (m * (length(y) - m)) }
set.seed(5)
case <- lapply(cases$ties[c("y", "p")], function(v) v[1:40])
data <- data.frame(y = case$y, p = case$p)
drawn <- boot(data, function(d, i) area(d$y[i], d$p[i]), R = 199, strata = data$y)
left_out <- sapply(seq_len(nrow(data)), function(i) area(data$y[-i], data$p[-i]))
limits <- boot.ci(drawn, conf = 0.95, type = c("perc", "bca"), L = mean(left_out) - left_out)
bca <- list(y = data$y, p = data$p, index = boot.array(drawn, indices = TRUE) - 1, value = drawn$t0, bca = limits$bca[4:5], percentile = limits$percent[4:5])

writeLines(toJSON(list(delong = lapply(cases[c("ties", "imbalance", "patients")], delong), bca = bca), digits = NA, auto_unbox = TRUE), "golden/evaluation_r.json")
