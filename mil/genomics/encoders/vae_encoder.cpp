// SPDX-License-Identifier: Apache-2.0
// A variational autoencoder (Kingma & Welling 2014): h = ReLU(encoder.0 x), code ~ N(mean h, exp(log_variance h)), x' = decoder.2 ReLU(decoder.0 code).
// Its loss is the negative evidence bound of a Gaussian of variance beta, up to a factor, over the features: (1/2 |x - x'|^2 + beta KL) / F.
// Standardised features make it comparable between tables.
#include "mil/genomics/encoders/encoder_list.h"

namespace microtome {
namespace {

constexpr double kBeta = 0.1;  // at 1 the best code of a standardised row is an empty one

class VaeEncoder final : public TableEncoder {
 public:
  explicit VaeEncoder(const Modality& modality)
      : features_(static_cast<std::int64_t>(modality.features.size())), dim_(modality.dim), hidden_(2 * modality.dim) {}

  void add_slots(Slots& slots, const std::string& name) override {
    slots.add(name + ".encoder.0", encoder_, hidden_, features_);
    slots.add(name + ".mean", mean_, dim_, hidden_, Start::fan_in);
    slots.add(name + ".log_variance", log_variance_, dim_, hidden_, Start::fan_in);
    slots.add(name + ".decoder.0", decoder_, hidden_, dim_);
    slots.add(name + ".decoder.2", out_, features_, hidden_, Start::fan_in);
  }

  EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const override {
    const at::Tensor hidden = dropout(at::relu(encoder_(row)));
    const at::Tensor mean = mean_(hidden), log_variance = log_variance_(hidden);
    at::Tensor code = mean;
    if (dropout.generator.defined()) code = mean + (0.5 * log_variance).exp() * at::empty({dim_}, at::kFloat).normal_(0, 1, dropout.generator);
    const at::Tensor error = row - out_(at::relu(decoder_(code)));
    const at::Tensor divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum();
    return {code.unsqueeze(0), (0.5 * error.square().sum() + kBeta * divergence) / static_cast<double>(features_)};
  }

 private:
  std::int64_t features_, dim_, hidden_;
  Linear encoder_, mean_, log_variance_, decoder_, out_;
};

}  // namespace

std::unique_ptr<TableEncoder> make_vae_encoder(const Modality& modality) { return std::make_unique<VaeEncoder>(modality); }

}  // namespace microtome
