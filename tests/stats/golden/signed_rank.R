# What R says about small and large samples with ties, zeros and shifts; writes signed_rank.json.
#
# Run in this folder: Rscript signed_rank.R
# Needs the packages exactRankTests, coin and jsonlite. The data are whole numbers, in steps of
# 1 / unit: a difference of two F1 values or recalls on 150 images is such a number of steps, and R,
# which compares floats, then ties what ties on paper.
suppressPackageStartupMessages({
  library(exactRankTests)
  library(coin)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

CASES <- list()

# Evaluates a call on the data and keeps both.
record <- function(kind, call, result, ...) {
  data <- list(...)
  # Approximations announce themselves by warnings; none may pass as an exact value.
  value <- withCallingHandlers(
    eval(call, c(data, list(zero = numeric(length(data$x))))),
    warning = function(w) stop(kind, ": ", conditionMessage(w))
  )
  if (!is.null(data$x)) data$x <- I(data$x)  # one number stays a list of one
  CASES[[length(CASES) + 1]] <<- c(
    list(kind = kind, call = paste(deparse(call, width.cutoff = 500L), collapse = " ")),
    data, list(result = result(value))
  )
}

p_of <- function(value) list(pvalue = as.numeric(value$p.value))
ALTERNATIVES <- c("greater", "less", "two.sided")

signed_rank <- function(name, x, mu = 0, unit = 1) {
  untied <- !anyDuplicated(abs(x - mu)) && all(x != mu)
  for (alternative in ALTERNATIVES) {
    about <- function(kind, call, result = p_of) {
      record(kind, call, result, name = name, x = x, mu = mu, unit = unit, alternative = alternative)
    }
    if (untied) {
      about("signed rank, no ties",
            quote(wilcox.test(x, mu = mu, alternative = alternative, exact = TRUE)),
            function(v) list(statistic = unname(v$statistic), pvalue = v$p.value))
    }
    if (any(x != mu)) {
      about("signed rank, zeros dropped",
            quote(wilcox.exact(x, mu = mu, alternative = alternative, exact = TRUE)),
            function(v) list(statistic = unname(v$statistic), pvalue = v$p.value))
      about("signed rank, zeros by Pratt",
            quote(wilcoxsign_test(x ~ I(zero + mu), alternative = alternative,
                                  distribution = "exact", zero.method = "Pratt")),
            function(v) list(pvalue = as.numeric(pvalue(v))))
      about("sign flips of the mean",
            quote(perm.test(x, mu = mu, alternative = alternative, exact = TRUE)))
      about("sign test",
            quote(binom.test(c(sum(x > mu), sum(x < mu)), alternative = alternative)),
            function(v) list(statistic = unname(v$statistic), pvalue = v$p.value))
    }
  }
}

interval <- function(name, x, unit = 1) {
  untied <- !anyDuplicated(abs(x)) && all(x != 0)
  for (confidence in c(0.8, 0.95, 0.99)) {
    ends <- function(v) list(estimate = unname(v$estimate), low = v$conf.int[1], high = v$conf.int[2])
    if (untied) {
      record("interval, no ties",
             quote(wilcox.test(x, exact = TRUE, conf.int = TRUE, conf.level = confidence)),
             ends, name = name, x = x, unit = unit, confidence = confidence)
    }
    record("interval, ties",
           quote(wilcox.exact(x, exact = TRUE, conf.int = TRUE, conf.level = confidence)),
           ends, name = name, x = x, unit = unit, confidence = confidence)
  }
}

# --- samples ---------------------------------------------------------------------------------------

TIED <- c(7, 3, -1, 4, 4, 2, -2, 5, 1, 1, 3, -2, 6, -3, 2, 4)
UNTIED <- c(1, -2, 3, 4, -5, 6, 7, 8, 9, 10)
ZEROS <- c(0, 0, 1, -1, 2, 3, 3, -2, 5, 0, 4)
# Five large gains among nothing, as a layer gives that works in one network of three.
INFLATED <- c(0, 0, 0, 0, 0, 0, 0, 90, 75, 0, 0, 120, 0, 90, 0, 105)

signed_rank("tied", TIED)
signed_rank("tied, shifted onto a value", TIED, mu = 2)
signed_rank("tied, shifted below all", TIED, mu = -4)
signed_rank("untied", UNTIED)
signed_rank("zeros", ZEROS)
signed_rank("zeros, shifted onto a tie", ZEROS, mu = 3)
signed_rank("zero-inflated gains", INFLATED, unit = 150)
signed_rank("zero-inflated gains at the margin", INFLATED, mu = 15, unit = 150)
signed_rank("all equal", rep(4, 9))
signed_rank("one value", 3)
signed_rank("one value and zeros", c(0, 0, -2, 0))

set.seed(2109)
for (n in c(8, 12, 16, 32, 63, 100, 200)) {
  gains <- round(150 * rnorm(n, mean = 0.03, sd = 0.1))
  signed_rank(paste("gains of", n, "seeds in 150ths"), gains, unit = 150)
  if (n <= 32) signed_rank(paste("gains of", n, "seeds at the margin"), gains, mu = 15, unit = 150)
}
# No two sizes alike, so that R's own test is exact to 200.
for (n in c(20, 50, 200)) {
  sizes <- sample(10 * n, n)
  signed_rank(paste(n, "untied values"), sizes * sample(c(-1, 1, 1), n, replace = TRUE))
}

interval("untied", UNTIED)
interval("tied", TIED)
interval("tied, few", c(1, 1, 2, 2, 3, 3, -1, 4, 4, 6, 2, 5))
interval("zeros", ZEROS)
interval("zeros moved away from zero", ZEROS + 10)
interval("zero-inflated gains", INFLATED, unit = 150)
set.seed(9016)
for (n in c(8, 16, 32)) {
  interval(paste("gains of", n, "seeds in 150ths"), round(150 * rnorm(n, 0.03, 0.1)), unit = 150)
  interval(paste("untied gains of", n, "seeds"), sample(40 * n, n) * sample(c(-1, 1), n, TRUE))
}

for (trials in c(1, 8, 32, 1000)) {
  for (successes in unique(c(0, 1, trials %/% 4, trials))) {
    for (confidence in c(0.9, 0.95)) {
      record("proportion", quote(binom.test(successes, trials, conf.level = confidence)),
             function(v) list(low = v$conf.int[1], high = v$conf.int[2]),
             successes = successes, trials = trials, confidence = confidence)
    }
  }
}

for (p in list(c(0.01, 0.02, 0.03, 0.04), c(0.03, 0.01, 0.04, 0.02), c(0.5, 0.9, 0.002),
               c(0.02, 0.02, 0.02), c(1, 0, 0.3), c(0.001, 0.2, 0.004, 0.011, 0.6, 0.049))) {
  for (method in c("holm", "bonferroni")) {
    record("adjusted", quote(p.adjust(p, method = method)), function(v) list(adjusted = v),
           p = p, method = method)
  }
}

# A reference that differs from enumeration, so that the test can say by how much: perm.test maps
# numbers that are not whole to whole ones, coarsely enough to move a p-value.
FRACTIONS <- c(0.31, -0.12, 0.07, 0.55, -0.2, 0.4, 0.18, 0.02, -0.05, 0.6, 0.11)
record("sign flips of the mean, rounded by R",
       quote(perm.test(x, alternative = "greater", exact = TRUE)), p_of,
       name = "fractions", x = FRACTIONS, mu = 0, unit = 1, alternative = "greater")

VERSIONS <- list(R = paste(R.version$major, R.version$minor, sep = "."))
for (package in c("exactRankTests", "coin", "jsonlite")) {
  VERSIONS[[package]] <- as.character(packageVersion(package))
}
one_line <- vapply(CASES, toJSON, "", auto_unbox = TRUE, digits = NA)
writeLines(c(
  paste0('{"versions": ', toJSON(VERSIONS, auto_unbox = TRUE), ","),
  '"cases": [',
  paste0(one_line, c(rep(",", length(one_line) - 1), "")),
  "]}"
), "signed_rank.json")
