// SPDX-License-Identifier: Apache-2.0
// Opens and writes the folder of a slide model, and says whether it fits a run.
#include "mil/aggregators/slide_model.h"

#include <fmt/format.h>

#include <cmath>

#include "mil/aggregators/abmil.h"
#include "mil/aggregators/model_card.h"
#include "mil/allowed_models.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr const char* gated = "abmil-gated";
// Written as decimal text by people: 0.5 and 0.5000001 are the same tiling.
constexpr double mpp_tolerance = 1e-3;

class AbmilModel final : public SlideModel {
 public:
  AbmilModel(CardFile file, Abmil network) : file_(std::move(file)), network_(std::move(network)) {}
  const ModelCard& card() const override { return file_.card; }
  const std::string& sha256() const override { return file_.weights_sha256; }
  std::string name() const override { return file_.card.aggregator; }
  Prediction predict(const Bag& bag, const GenomicInput& genomic) const override {
    Prediction prediction = predict_abmil(network_, file_.card, bag, genomic);
    prediction.aggregator = {name(), sha256()};
    prediction.encoder = {file_.card.encoder, file_.card.encoder_sha256};
    return prediction;
  }

 private:
  const CardFile file_;
  const Abmil network_;
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

}  // namespace

std::shared_ptr<const SlideModel> load_slide_model(const fs::path& folder, const AllowedModels* allowed) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    throw ModelError(
        fmt::format("{}: a model folder was wanted: there is no such folder: name one that 'microtome train' wrote", folder.string()));
  auto file = read_model_card(folder);
  if (file.card.aggregator != gated)
    throw ModelError(fmt::format("{}: aggregator '{}' was wanted: the card names '{}': a newer version of the program may know it",
                                 (folder / card_file_name).string(), gated, file.card.aggregator));
  const auto weights = folder / weights_file_name;
  if (!fs::is_regular_file(weights, error))
    throw ModelError(
        fmt::format("{}: the weights of the model were wanted: there is no such file: copy the whole folder", weights.string()));
  require_sha256(weights, file.weights_sha256);
  require_allowed(allowed, weights, file.weights_sha256);
  auto network = abmil_from(read_safetensors(weights), file.card, weights);
  return std::make_shared<AbmilModel>(std::move(file), std::move(network));
}

void save_abmil(const fs::path& folder, Abmil network, const ModelCard& card) {
  NamedTensors tensors;
  for (const auto& slot : slots(network, card)) tensors[slot.name] = slot.tensor->detach().contiguous();
  const auto path = folder / weights_file_name;
  const auto beside = fs::path(path).concat(".part");
  write_safetensors(beside, tensors, {{"format", "pt"}});
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
