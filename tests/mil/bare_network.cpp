// SPDX-License-Identifier: Apache-2.0
#include "tests/mil/bare_network.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "mil/encoders/encoder_card.h"
#include "mil/encoders/image_batch.h"
#include "mil/encoders/network.h"
#include "mil/encoders/torch_encoder.h"
#include "tests/bench/encoder_models.h"
#include "tests/bench/frame.h"

namespace microtome {

struct BareNetwork::Parts {
  Network network;
  at::Tensor images;   // a batch, ready
  Golden golden;
  int threads = 1;
};

namespace {

Network load(const ModelFile& file, const EncoderCard& card, const Placement& placement) {
  if (file.form == "pt2") return load_package(file.path, read_package_facts(file.path), placement);
  if (file.form == "torchscript") return load_torchscript(file.path, placement);
  const std::string name = card.architecture.substr(0, card.architecture.find('.'));
  return make_resnet(name, read_safetensors(file.path), file.path.string(), placement);
}

}  // namespace

BareNetwork::BareNetwork(const std::filesystem::path& folder, const std::string& form, int threads) : parts_(new Parts) {
  const EncoderCard card = read_encoder_card(folder);
  const Placement placement{at::kCPU, at::kFloat, threads};
  parts_->threads = threads;
  parts_->golden = read_golden(card.golden, card.tile_px);
  for (const ModelFile& file : card.files) {
    if (file.form == form) parts_->network = load(file, card, placement);
  }
  if (!parts_->network.forward) throw std::runtime_error(folder.string() + ": has no " + form);
  const ImageBatch images(card.preprocessing, card.tile_px, at::kCPU, at::kFloat);
  const std::int64_t count = parts_->golden.tiles.size(0);
  std::vector<at::Tensor> repeated;
  for (int i = 0; i < kBenchBatch; ++i) repeated.push_back(parts_->golden.tiles.slice(0, i % count, i % count + 1));
  parts_->images = images(at::cat(repeated));
}

BareNetwork::~BareNetwork() { delete parts_; }

double BareNetwork::run(int tiles) const {
  const int batches = (tiles + kBenchBatch - 1) / kBenchBatch;
  std::atomic<int> next{0};
  const double seconds = seconds_of([&] {
    std::vector<std::jthread> lanes;
    for (int lane = 0; lane < parts_->threads; ++lane) {
      lanes.emplace_back([&] {
        at::set_num_threads(1);
        const c10::InferenceMode inference;
        while (next++ < batches) parts_->network.forward(parts_->images);
      });
    }
  });
  return batches * kBenchBatch / seconds;
}

std::string BareNetwork::verify() const {
  at::Tensor rows;
  std::jthread([&] {
    at::set_num_threads(1);
    const c10::InferenceMode inference;
    rows = parts_->network.forward(parts_->images).clone();
  }).join();
  const std::int64_t count = parts_->golden.outputs.size(0);
  const Deviation deviation = deviation_of(rows.slice(0, 0, count), parts_->golden.outputs);
  return deviation.least_cosine >= 0.9999 ? "" : fmt::format("cosine {} to the golden outputs", deviation.least_cosine);
}

}  // namespace microtome
