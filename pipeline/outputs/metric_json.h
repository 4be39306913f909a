// SPDX-License-Identifier: Apache-2.0
// What the documents of all tasks say alike. Json is nlohmann's ordered_json, which only sources include.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/intervals.h"
#include "mil/evaluation/levels.h"
#include "pipeline/outputs/evaluation_result.h"

namespace microtome {

/// null where there is no value.
template <class Json>
Json number_json(std::optional<double> value) {
  return value ? Json(*value) : Json(nullptr);
}

/// {"value", "low", "high", "method", "n", "events"?, "reason"?, "note"?}
template <class Json>
Json metric_json(const Metric& m) {
  Json out = {{"value", number_json<Json>(m.value)},
              {"low", number_json<Json>(m.interval.low)},
              {"high", number_json<Json>(m.interval.high)},
              {"method", m.interval.method},
              {"n", m.n}};
  if (m.events) out["events"] = *m.events;
  if (!m.interval.reason.empty()) out["reason"] = m.interval.reason;
  if (!m.note.empty()) out["note"] = m.note;
  return out;
}

/// By name.
template <class Json>
Json metrics_object(const std::vector<Metric>& metrics) {
  Json out = Json::object();
  for (const Metric& m : metrics) out[m.name] = metric_json<Json>(m);
  return out;
}

/// By number: {"<task>": metrics}.
template <class Json>
Json folds_json(const std::vector<JudgedFold>& folds, const std::string& task) {
  Json out = Json::object();
  for (const JudgedFold& fold : folds) out[std::to_string(fold.number)] = {{task, metrics_object<Json>(fold.metrics)}};
  return out;
}

template <class Json>
Json gap_json(const Gap& gap) {
  Json out = {{"value", number_json<Json>(gap.value)}, {"p", number_json<Json>(gap.p)}, {"method", "permutation of levels"}};
  if (!gap.reason.empty()) out["reason"] = gap.reason;
  return out;
}

/// Two models and their difference, by the metrics' names. `Comparison` has the metrics of one, other and difference side by side.
template <class Json, class Comparison>
Json compared_json(const Comparison& c) {
  Json out = Json::object();
  for (std::size_t k = 0; k < c.difference.size(); ++k)
    out[c.difference[k].name] = {{"one", number_json<Json>(c.one[k].value)},
                                 {"other", number_json<Json>(c.other[k].value)},
                                 {"difference", metric_json<Json>(c.difference[k])}};
  return out;
}

}  // namespace microtome
