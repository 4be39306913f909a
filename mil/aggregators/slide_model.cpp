// SPDX-License-Identifier: Apache-2.0
// Opens and writes the folder of a slide model, and says whether it fits a run.
#include "mil/aggregators/slide_model.h"

#include <fmt/format.h>

#include <cmath>

#include "mil/aggregators/ensemble.h"
#include "mil/aggregators/mil_network.h"
#include "mil/aggregators/model_card.h"
#include "mil/allowed_models.h"
#include "mil/explain/ablation.h"
#include "mil/explain/explain_tables.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

// Written as decimal text by people: 0.5 and 0.5000001 are the same tiling.
constexpr double mpp_tolerance = 1e-3;

class MilModel final : public SlideModel {
 public:
  MilModel(MilNetwork network, std::string sha256) : network_(std::move(network)), sha256_(std::move(sha256)) {}
  const ModelCard& card() const override { return network_.card(); }
  const std::string& sha256() const override { return sha256_; }
  std::string name() const override { return card().aggregator; }
  Prediction predict(const Bag& bag, const std::vector<TableRow>& tables) const override {
    return named(network_.predict(bag, tables));
  }
  Prediction answer(const Bag& bag, const std::vector<TableRow>& tables) const override { return named(network_.answer(bag, tables)); }

  TableExplanation explain(const Bag& bag, const std::vector<TableRow>& tables, int predicted) const override {
    return card().modalities.empty() ? TableExplanation{} : explain_tables(network_, network_.input(bag, tables), predicted);
  }

  std::vector<double> ablated_risks(const Bag& bag, const std::vector<TableRow>& tables) const override {
    std::vector<double> risks;
    if (!card().survival || card().modalities.empty()) return risks;
    std::vector<TableRow> rows = tables;
    rows.resize(card().modalities.size());
    for (std::size_t missing = 0; missing <= rows.size(); ++missing) risks.push_back(risk_without(network_, bag, rows, missing));
    return risks;
  }

 private:
  Prediction named(Prediction prediction) const {
    prediction.aggregator = {name(), sha256_};
    return prediction;
  }

  const MilNetwork network_;
  const std::string sha256_;
};

void require_sha256(const fs::path& weights, const std::string& wanted) {
  const auto found = sha256_of_file(weights);
  if (found != wanted)
    throw ModelError(
        fmt::format("{}: the weights with sha256 {} were wanted: these have {}: the file was changed or is damaged, copy the folder again",
                    weights.string(), wanted, found));
}

template <class T>
void require_equal(const fs::path& folder, const char* what, const T& trained, const T& run) {
  if (trained != run)
    throw ModelError(
        fmt::format("{}: the model was trained with {} '{}': this run has '{}': use the one it was trained with, or train again",
                    folder.string(), what, trained, run));
}

std::shared_ptr<const SlideModel> load_ensemble(const fs::path& folder, CardFile file, const AllowedModels* allowed) {
  std::vector<std::shared_ptr<const SlideModel>> members;
  std::vector<std::string> sha256;
  for (const std::string& name : file.card.members) {
    if (fs::path(name).filename() != name || name == ".." || name == ".")
      throw ModelError(fmt::format("{}: names of folders beside it were wanted as members: found '{}': use the folder as 'microtome train' wrote it",
                                   (folder / card_file_name).string(), name));
    const auto& member = members.emplace_back(load_slide_model(folder / name, allowed));
    const ModelCard& one = member->card();
    if (one.classes != file.card.classes || one.kind() != file.card.kind() || one.aggregator != file.card.aggregator || one.encoder_sha256 != file.card.encoder_sha256 || !one.members.empty())
      throw ModelError(fmt::format("{}: a member alike the others was wanted (classes, aggregator, encoder): this one differs: use the folder as "
                                   "'microtome train' wrote it",
                                   (folder / name).string()));
    sha256.push_back(member->sha256());
  }
  if (members_sha256(sha256) != file.weights_sha256)
    throw ModelError(fmt::format("{}: the members with sha256 {} together were wanted: these have {}: the folder was changed, copy it again", folder.string(),
                                 file.weights_sha256, members_sha256(sha256)));
  return join_models(std::move(members), std::move(file.card), std::move(file.weights_sha256));
}

}  // namespace

AnswerKind ModelCard::kind() const {
  if (survival) return AnswerKind::risk;
  if (value) return AnswerKind::value;
  return multi_label ? AnswerKind::labels : AnswerKind::classes;
}

std::int64_t ModelCard::outputs() const {
  if (!survival) return static_cast<std::int64_t>(classes.size());
  return survival->form == "hazards" ? static_cast<std::int64_t>(survival->months.size()) : 1;
}

std::shared_ptr<const SlideModel> load_slide_model(const fs::path& folder, const AllowedModels* allowed) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    throw ModelError(
        fmt::format("{}: a model folder was wanted: there is no such folder: name one that 'microtome train' wrote", folder.string()));
  auto file = read_model_card(folder);
  if (!is_aggregator(file.card.aggregator))
    throw ModelError(fmt::format("{}: an aggregator among {} was wanted: the card names '{}': a newer version of the program may know it",
                                 (folder / card_file_name).string(), aggregator_names(), file.card.aggregator));
  if (!file.card.members.empty()) return load_ensemble(folder, std::move(file), allowed);
  const auto weights = folder / weights_file_name;
  if (!fs::is_regular_file(weights, error))
    throw ModelError(
        fmt::format("{}: the weights of the model were wanted: there is no such file: copy the whole folder", weights.string()));
  require_sha256(weights, file.weights_sha256);
  require_allowed(allowed, weights, file.weights_sha256);
  MilNetwork network(std::move(file.card));
  network.read(read_safetensors(weights), weights);
  return std::make_shared<MilModel>(std::move(network), std::move(file.weights_sha256));
}

void save_slide_model(const fs::path& folder, const MilNetwork& network, const ModelCard& card) {
  const auto path = folder / weights_file_name;
  const auto beside = fs::path(path).concat(".part");
  write_safetensors(beside, network.tensors(), {{"format", "pt"}});
  CardFile file{card, sha256_of_file(beside)};
  std::error_code error;
  fs::rename(beside, path, error);
  if (error) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    throw ModelError(fmt::format("{}: the weights cannot be written: {}: check the folder's permissions", path.string(), error.message()));
  }
  write_model_card(folder, file);
}

void require_match(const ModelCard& card, const fs::path& folder, const std::string& encoder, const std::string& encoder_sha256,
                   std::int64_t feature_dim, int tile_px, double mpp) {
  require_equal(folder, "encoder", card.encoder, encoder);
  require_equal(folder, "encoder sha256", card.encoder_sha256, encoder_sha256);
  require_equal(folder, "feature dimension", card.feature_dim, feature_dim);
  require_equal(folder, "tile_px", card.tile_px, tile_px);
  if (std::abs(card.mpp - mpp) > mpp_tolerance * card.mpp) require_equal(folder, "mpp", card.mpp, mpp);
}

}  // namespace microtome
