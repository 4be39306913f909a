// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/intervals.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace microtome {

double normal_quantile(double probability) { return boost::math::quantile(boost::math::normal(), probability); }
double normal_probability(double z) { return boost::math::cdf(boost::math::normal(), z); }

Range wilson(double hits, double trials, double level) {
  const double z = normal_quantile((1 + level) / 2), share = hits / trials;
  const double middle = share + z * z / (2 * trials);
  const double half = z * std::sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials));
  const double scale = 1 + z * z / trials;
  return {std::max(0.0, (middle - half) / scale), std::min(1.0, (middle + half) / scale)};
}

double mcnemar_p(std::int64_t only_one, std::int64_t only_other) {
  const auto differ = static_cast<double>(only_one + only_other);
  if (differ == 0) return 1;
  const boost::math::binomial fair(differ, 0.5);
  return std::min(1.0, 2 * boost::math::cdf(fair, static_cast<double>(std::min(only_one, only_other))));
}

}  // namespace microtome
