// SPDX-License-Identifier: Apache-2.0
// How each table encoder is made; make_table_encoder chooses among them. Internal to mil/genomics/encoders/.
#pragma once

#include <memory>

#include "mil/genomics/encoders/table_encoder.h"

namespace microtome {

std::unique_ptr<TableEncoder> make_linear_encoder(const Modality& modality);
std::unique_ptr<TableEncoder> make_snn_encoder(const Modality& modality);
std::unique_ptr<TableEncoder> make_mlp_encoder(const Modality& modality);
std::unique_ptr<TableEncoder> make_vae_encoder(const Modality& modality);
std::unique_ptr<TableEncoder> make_conv1d_encoder(const Modality& modality);
std::unique_ptr<TableEncoder> make_group_encoder(const Modality& modality);
std::unique_ptr<TableEncoder> make_pathway_encoder(const Modality& modality);

}  // namespace microtome
