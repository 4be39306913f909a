// SPDX-License-Identifier: Apache-2.0
// The encoders that read all features of a row at once.
#include "mil/genomics/encoders/encoder_list.h"
#include "mil/genomics/encoders/snn.h"

namespace microtome {
namespace {

std::int64_t features_of(const Modality& modality) { return static_cast<std::int64_t>(modality.features.size()); }

class LinearEncoder final : public TableEncoder {
 public:
  explicit LinearEncoder(const Modality& modality) : features_(features_of(modality)), dim_(modality.dim) {}
  void add_slots(Slots& slots, const std::string& name) override { slots.add(name + ".0", net_, dim_, features_); }
  EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const override { return {dropout(at::relu(net_(row))).unsqueeze(0), {}}; }

 private:
  std::int64_t features_, dim_;
  Linear net_;
};

class SnnEncoder final : public TableEncoder {
 public:
  explicit SnnEncoder(const Modality& modality) : features_(features_of(modality)), dim_(modality.dim) {}
  void add_slots(Slots& slots, const std::string& name) override { net_.add_slots(slots, name, features_, dim_); }
  EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const override { return {net_(row, dropout).unsqueeze(0), {}}; }

 private:
  std::int64_t features_, dim_;
  Snn net_;
};

class MlpEncoder final : public TableEncoder {
 public:
  explicit MlpEncoder(const Modality& modality) : features_(features_of(modality)), dim_(modality.dim) {}
  void add_slots(Slots& slots, const std::string& name) override {
    slots.add(name + ".0", first_, dim_, features_);
    slots.add(name + ".3", second_, dim_, dim_);
  }
  EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const override {
    return {dropout(at::relu(second_(dropout(at::relu(first_(row)))))).unsqueeze(0), {}};
  }

 private:
  std::int64_t features_, dim_;
  Linear first_, second_;
};

}  // namespace

std::unique_ptr<TableEncoder> make_linear_encoder(const Modality& modality) { return std::make_unique<LinearEncoder>(modality); }
std::unique_ptr<TableEncoder> make_snn_encoder(const Modality& modality) { return std::make_unique<SnnEncoder>(modality); }
std::unique_ptr<TableEncoder> make_mlp_encoder(const Modality& modality) { return std::make_unique<MlpEncoder>(modality); }

}  // namespace microtome
