// SPDX-License-Identifier: Apache-2.0
#include "mil/ladder/cox_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "mil/encoders/card_object.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int schema_version = 1;

std::vector<double> numbers_of(const CardObject& object, const char* key, std::size_t count) {
  std::vector<double> numbers = object.numbers(key);
  if (numbers.size() != count) object.refuse_value(key, fmt::format("'{}' as {} numbers, one a column", key, count));
  return numbers;
}

CoxCoefficients read_fit(const CardObject& object, std::size_t columns) {
  CoxCoefficients fit{numbers_of(object, "mean", columns), numbers_of(object, "scale", columns), numbers_of(object, "coefficients", columns),
                      object.text("problem")};
  if (!std::all_of(fit.scale.begin(), fit.scale.end(), [](double scale) { return scale > 0; })) object.refuse_value("scale", "'scale' as positive numbers");
  return fit;
}

Json json_of(const CoxCoefficients& fit) {
  Json json{{"mean", fit.mean}, {"scale", fit.scale}, {"coefficients", fit.coefficients}};
  if (!fit.problem.empty()) json["problem"] = fit.problem;
  return json;
}

Json json_of(const CoxCard& card) {
  Json json{{"schema_version", schema_version},
            {"table", card.table},
            {"columns", card.columns},
            {"ties", card.ties == CoxTies::efron ? "efron" : "breslow"},
            {"ridge", card.ridge},
            {"fits", Json::array()},
            {"training", Json::parse(card.training_json)},
            {"intended_use", "research use only"}};
  for (const CoxCoefficients& fit : card.fits) json["fits"].push_back(json_of(fit));
  return json;
}

}  // namespace

double cox_risk(const CoxCoefficients& fit, const TableRow& row) {
  double risk = 0;
  for (std::size_t c = 0; c < fit.coefficients.size() && row.present; ++c) {
    const double z = (row.values[c] - fit.mean[c]) / fit.scale[c];
    risk += fit.coefficients[c] * (std::isfinite(z) ? z : 0.0);
  }
  return risk;
}

double cox_risk(const CoxCard& card, const TableRow& row) {
  double sum = 0;
  for (const CoxCoefficients& fit : card.fits) sum += cox_risk(fit, row);
  return sum / static_cast<double>(card.fits.size());
}

CoxCard read_cox_card(const fs::path& folder) {
  const fs::path path = folder / cox_file_name;
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw ModelError(fmt::format("{}: the coefficients of a Cox regression were wanted: there is no such file: copy the whole folder", path.string()));
  const CardObject object = CardObject::read(path);
  object.count("schema_version", schema_version, schema_version);
  CoxCard card;
  card.table = object.text("table");
  if (card.table.empty()) object.refuse_value("table", "'table' as the name of a table");
  card.columns = object.texts("columns");
  if (card.columns.empty() || std::set<std::string>(card.columns.begin(), card.columns.end()).size() != card.columns.size())
    object.refuse_value("columns", "'columns' as one or more texts, each once");
  const std::string ties = object.choice("ties", {"efron", "breslow"});
  if (ties.empty()) object.refuse_value("ties", "'ties' among efron, breslow");
  card.ties = ties == "efron" ? CoxTies::efron : CoxTies::breslow;
  card.ridge = object.positive_number("ridge");
  for (const CardObject& fit : object.objects("fits")) card.fits.push_back(read_fit(fit, card.columns.size()));
  if (card.fits.empty()) object.refuse_value("fits", "'fits' as one or more fits");
  if (!object.is_object("training")) object.refuse_value("training", "'training' as an object");
  card.training_json = object.json_text("training");
  return card;
}

void write_cox_card(const fs::path& folder, const CoxCard& card) {
  const fs::path path = folder / cox_file_name, beside = fs::path(path).concat(".part");
  try {
    std::ofstream out(beside, std::ios::binary);
    out << json_of(card).dump(2) << "\n" << std::flush;
    out.close();
    if (!out) throw ModelError(fmt::format("{}: the coefficients cannot be written: check the folder's permissions and free space", path.string()));
    fs::rename(beside, path);
  } catch (const Json::exception& error) {
    throw ModelError(fmt::format("{}: the coefficients cannot be written: {}: names must be UTF-8 text", path.string(), error.what()));
  } catch (const fs::filesystem_error& error) {
    throw ModelError(fmt::format("{}: the coefficients cannot be written: {}: check the folder's permissions", path.string(), error.code().message()));
  }
}

}  // namespace microtome
