// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/encoders/table_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mil/genomics/encoders/encoder_list.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

struct Entry {
  const char* name;
  bool groups;
  std::unique_ptr<TableEncoder> (*make)(const Modality&);
};

constexpr std::array kEntries{Entry{"linear", false, make_linear_encoder}, Entry{"snn", false, make_snn_encoder},
                              Entry{"mlp", false, make_mlp_encoder},       Entry{"vae", false, make_vae_encoder},
                              Entry{"conv1d", false, make_conv1d_encoder}, Entry{"groups", true, make_group_encoder},
                              Entry{"pathways", true, make_pathway_encoder}};

const Entry* find(const std::string& name) {
  const auto found = std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& entry) { return name == entry.name; });
  return found == kEntries.end() ? nullptr : found;
}

void require_groups(const Modality& modality) {
  if (modality.groups.empty())
    throw ModelError(fmt::format("the table {}: groups of features were wanted by the encoder {}: it has none: give a gene sets file (--gene-sets), or use snn", modality.name,
                                 modality.encoder));
  for (const FeatureGroup& group : modality.groups)
    if (group.features.empty())
      throw ModelError(fmt::format("the table {}: one or more features a group were wanted by the encoder {}: '{}' has none: leave it out",
                                   modality.name, modality.encoder, group.name));
}

}  // namespace

const char* table_encoder_names() { return "linear, snn, mlp, vae, conv1d, groups, pathways"; }

bool reads_groups(const std::string& table_encoder) {
  const Entry* entry = find(table_encoder);
  return entry != nullptr && entry->groups;
}

std::unique_ptr<TableEncoder> make_table_encoder(const Modality& modality) {
  const Entry* entry = find(modality.encoder);
  if (entry == nullptr)
    throw ModelError(
        fmt::format("the table {}: an encoder among {} was wanted: found '{}'", modality.name, table_encoder_names(), modality.encoder));
  if (entry->groups) require_groups(modality);
  return entry->make(modality);
}

}  // namespace microtome
