// SPDX-License-Identifier: Apache-2.0
// How each aggregator is made; make_aggregator chooses among them. Internal to mil/aggregators/.
#pragma once

#include <memory>

#include "mil/aggregators/aggregator.h"

namespace microtome {

std::unique_ptr<Aggregator> make_mean_pooling(const ModelCard& card);
std::unique_ptr<Aggregator> make_max_pooling(const ModelCard& card);
std::unique_ptr<Aggregator> make_top_k(const ModelCard& card);
std::unique_ptr<Aggregator> make_abmil(const ModelCard& card, bool gated);
std::unique_ptr<Aggregator> make_porpoise(const ModelCard& card);
std::unique_ptr<Aggregator> make_mcat(const ModelCard& card);
std::unique_ptr<Aggregator> make_survpath(const ModelCard& card);
std::unique_ptr<Aggregator> make_tables_alone(const ModelCard& card);
std::unique_ptr<Aggregator> make_clam(const ModelCard& card, bool branch_per_class, bool gated);
std::unique_ptr<Aggregator> make_dsmil(const ModelCard& card);
std::unique_ptr<Aggregator> make_transmil(const ModelCard& card);
std::unique_ptr<Aggregator> make_transformer(const ModelCard& card);
std::unique_ptr<Aggregator> make_patch_gcn(const ModelCard& card);

}  // namespace microtome
