// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/encoders/encoded_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace microtome {

bool EncodedTables::any_present() const { return std::find(present.begin(), present.end(), true) != present.end(); }

TableSet::TableSet(const std::vector<Modality>& modalities) : modalities_(modalities), nulls_(modalities.size()) {
  for (const Modality& modality : modalities) encoders_.push_back(make_table_encoder(modality));
}

void TableSet::add_slots(Slots& slots, const std::string& published, const std::string& name) {
  for (std::size_t m = 0; m < encoders_.size(); ++m) {
    const bool by_name = m == 0 && modalities_[m].encoder == published;
    encoders_[m]->add_slots(slots, by_name ? name : fmt::format("tables.{}.encoder", m));
    slots.add(fmt::format("tables.{}.null", m), nulls_[m], {modalities_[m].dim}, Start::zeros);
  }
}

EncodedTables TableSet::tokens(const std::vector<at::Tensor>& rows, const Dropout& dropout) const {
  EncodedTables all;
  for (std::size_t m = 0; m < encoders_.size(); ++m) {
    const bool present = m < rows.size() && rows[m].defined();
    all.present.push_back(present);
    if (!present) {
      all.parts.push_back(nulls_[m].unsqueeze(0));
      continue;
    }
    const EncodedTable one = (*encoders_[m])(rows[m], dropout);
    all.parts.push_back(one.tokens);
    if (one.auxiliary_loss.defined()) all.auxiliary_loss = all.auxiliary_loss.defined() ? all.auxiliary_loss + one.auxiliary_loss : one.auxiliary_loss;
  }
  return all;
}

EncodedTables TableSet::vectors(const std::vector<at::Tensor>& rows, const Dropout& dropout) const {
  EncodedTables all = tokens(rows, dropout);
  for (at::Tensor& part : all.parts) part = part.size(0) == 1 ? part.squeeze(0) : part.mean(0);
  return all;
}

std::vector<std::int64_t> TableSet::widths() const {
  std::vector<std::int64_t> widths;
  for (const Modality& modality : modalities_) widths.push_back(modality.dim);
  return widths;
}

}  // namespace microtome
