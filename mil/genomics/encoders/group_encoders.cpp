// SPDX-License-Identifier: Apache-2.0
// A token a group of features. "groups": a network of its own for each (MCAT, SurvPath). "pathways": the first layer has a weight a membership and is
// nothing but zero elsewhere, the second is shared, so a few hundred overlapping gene sets cost what their memberships cost.
#include <cmath>

#include "mil/genomics/encoders/encoder_list.h"
#include "mil/genomics/encoders/snn.h"

namespace microtome {
namespace {

at::Tensor indices(const std::vector<std::int64_t>& values) { return at::tensor(at::ArrayRef<std::int64_t>(values), at::kLong); }

class GroupEncoder final : public TableEncoder {
 public:
  explicit GroupEncoder(const Modality& modality) : dim_(modality.dim), nets_(modality.groups.size()) {
    for (const FeatureGroup& group : modality.groups) members_.push_back(indices(group.features));
  }

  void add_slots(Slots& slots, const std::string& name) override {
    for (std::size_t g = 0; g < nets_.size(); ++g) nets_[g].add_slots(slots, name + "." + std::to_string(g), members_[g].size(0), dim_);
  }

  EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const override {
    std::vector<at::Tensor> tokens;
    for (std::size_t g = 0; g < nets_.size(); ++g) tokens.push_back(nets_[g](row.index_select(0, members_[g]), dropout));
    return {at::stack(tokens), {}};
  }

 private:
  std::int64_t dim_;
  std::vector<at::Tensor> members_;
  std::vector<Snn> nets_;
};

/// token_p = s(W2 s(sum_{i in p} x_i w_pi / sqrt(|p|) + b_p) + b2), s being ELU and alpha dropout. The root stands in for a start that depends on p.
class PathwayEncoder final : public TableEncoder {
 public:
  explicit PathwayEncoder(const Modality& modality) : dim_(modality.dim), groups_(static_cast<std::int64_t>(modality.groups.size())) {
    std::vector<std::int64_t> features, group_of;
    std::vector<float> factors;
    for (std::size_t g = 0; g < modality.groups.size(); ++g) {
      const auto& members = modality.groups[g].features;
      features.insert(features.end(), members.begin(), members.end());
      group_of.insert(group_of.end(), members.size(), static_cast<std::int64_t>(g));
      factors.insert(factors.end(), members.size(), 1 / std::sqrt(static_cast<float>(members.size())));
    }
    features_ = indices(features);
    group_of_ = indices(group_of);
    factors_ = at::tensor(at::ArrayRef<float>(factors));
  }

  void add_slots(Slots& slots, const std::string& name) override {
    slots.add(name + ".members", weights_, {features_.size(0), dim_}, Start::normal);
    slots.add(name + ".bias", bias_, {groups_, dim_}, Start::zeros);
    slots.add(name + ".1.0", second_, dim_, dim_, Start::lecun_normal);
  }

  EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const override {
    const at::Tensor given = (row.index_select(0, features_) * factors_).unsqueeze(1) * weights_;
    const at::Tensor first = dropout.alpha(at::elu(bias_.index_add(0, group_of_, given)));
    return {dropout.alpha(at::elu(second_(first))), {}};
  }

 private:
  std::int64_t dim_, groups_;
  at::Tensor features_, group_of_, factors_;  // (memberships)
  at::Tensor weights_, bias_;                 // (memberships, d), (groups, d)
  Linear second_;
};

}  // namespace

std::unique_ptr<TableEncoder> make_group_encoder(const Modality& modality) { return std::make_unique<GroupEncoder>(modality); }
std::unique_ptr<TableEncoder> make_pathway_encoder(const Modality& modality) { return std::make_unique<PathwayEncoder>(modality); }

}  // namespace microtome
