// SPDX-License-Identifier: Apache-2.0
#include "mil/training/pretraining.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "mil/model_error.h"
#include "mil/training/bag_stream.h"
#include "mil/training/contrastive_loss.h"
#include "mil/training/optimiser.h"
#include "mil/training/sampling.h"

namespace microtome {
namespace {

constexpr std::int64_t kProjected = 128, kMostTiles = 2048;
constexpr std::size_t kPairs = 64;
constexpr int kRising = 5;
constexpr double kWeightDecay = 0.01, kPi = 3.14159265358979323846;
constexpr std::uint64_t kStream = std::uint64_t{1} << 32;  // random numbers that no epoch of the fit has

using SlidesOfPatient = std::map<std::string, std::vector<const TrainingSlide*>>;

SlidesOfPatient with_a_table(const std::vector<const TrainingSlide*>& slides) {
  SlidesOfPatient patients;
  for (const TrainingSlide* slide : slides)
    if (std::any_of(slide->tables.begin(), slide->tables.end(), [](const TableRow& row) { return row.present; })) patients[slide->patient_id].push_back(slide);
  if (patients.size() < 2)
    throw ModelError(fmt::format("the training set: two or more patients with a table were wanted for pretraining in every fold: there are {}: check the ids, or set "
                                 "pretrain_epochs to 0",
                                 patients.size()));
  return patients;
}

std::vector<const TrainingSlide*> one_a_patient(const SlidesOfPatient& patients, Engine& engine) {
  std::vector<const TrainingSlide*> order;
  for (const auto& [id, slides] : patients) order.push_back(slides[engine() % slides.size()]);
  shuffle_in_place(order, engine);
  return order;
}

/// Of the learning rate after `done` of all epochs.
double rate_after(double done, int epochs) {
  const double rising = std::min<double>(kRising, epochs / 2.0);
  return done < rising ? done / rising : 0.5 * (1 + std::cos(kPi * (done - rising) / (epochs - rising)));
}

BagInput drawn_input(const MilNetwork& network, const TrainingSlide& slide, const Bag& bag, std::int64_t most, Engine& engine) {
  BagInput input = network.input(bag, slide.tables);
  const auto tiles = sampled_tiles(bag.tiles(), 0, most, engine);
  if (tiles.empty()) return input;
  const at::Tensor rows = at::tensor(at::ArrayRef<std::int64_t>(tiles));
  input.raw = input.raw.index_select(0, rows);
  input.coords = input.coords.index_select(0, rows);
  return input;
}

/// Linear layers from what the network says to where both sides are compared; as wide as the first vector that comes.
class Projection {
 public:
  explicit Projection(const at::Generator& generator) : generator_(generator) {}
  void size_for(const at::Tensor& vector) {
    const double bound = std::sqrt(6.0 / static_cast<double>(vector.size(0) + kProjected));
    weight_ = at::empty({kProjected, vector.size(0)}).uniform_(-bound, bound, generator_).set_requires_grad(true);
  }
  at::Tensor operator()(const std::vector<at::Tensor>& vectors) const { return at::linear(at::stack(vectors), weight_); }
  const at::Tensor& weight() const { return weight_; }

 private:
  at::Generator generator_;
  at::Tensor weight_;
};

class Pretraining {
 public:
  Pretraining(MilNetwork& network, const std::vector<at::Tensor>& learned, const std::vector<const TrainingSlide*>& slides, const TrainSettings& settings,
              std::uint64_t number)
      : network_(network),
        patients_(with_a_table(slides)),
        settings_(settings),
        engine_(engine_of(settings.seed, number, kStream)),
        dropout_{settings.dropout, at::make_generator<at::CPUGeneratorImpl>(engine_())},
        tiles_(at::make_generator<at::CPUGeneratorImpl>(engine_())),
        tables_(at::make_generator<at::CPUGeneratorImpl>(engine_())),
        most_(settings.bag_size > 0 ? std::min(settings.bag_size, kMostTiles) : kMostTiles),
        optimiser_(leaves(learned, *slides_of_first()), {OptimiserKind::adamw, settings.pretrain_learning_rate, kWeightDecay}) {}

  /// Its mean loss.
  double epoch(int done) {
    const auto order = one_a_patient(patients_, engine_);
    const std::size_t steps = (order.size() + kPairs - 1) / kPairs;
    BagStream bags(order);
    double sum = 0;
    for (std::size_t step = 0; step < steps; ++step) {
      // steps of like size: a last one of a single patient would teach nothing
      const std::size_t first = step * order.size() / steps, last = (step + 1) * order.size() / steps;
      const double loss = learn({order.begin() + static_cast<std::ptrdiff_t>(first), order.begin() + static_cast<std::ptrdiff_t>(last)}, bags,
                                rate_after(done + static_cast<double>(step + 1) / static_cast<double>(steps), settings_.pretrain_epochs));
      sum += loss * static_cast<double>(last - first);
    }
    return sum / static_cast<double>(order.size());
  }

 private:
  const TrainingSlide* slides_of_first() const { return patients_.begin()->second.front(); }

  std::vector<at::Tensor> leaves(std::vector<at::Tensor> learned, const TrainingSlide& any) {
    const BeforeFusion before = said(any, *bag_of(any));
    tiles_.size_for(before.slide);
    tables_.size_for(before.tables);
    learned.push_back(tiles_.weight());
    learned.push_back(tables_.weight());
    return learned;
  }

  BeforeFusion said(const TrainingSlide& slide, const Bag& bag) {
    try {
      return network_.before_fusion(drawn_input(network_, slide, bag, most_, engine_), dropout_);
    } catch (const BagError& error) {
      throw ModelError(fmt::format("the training set: slide '{}': {}", slide.bag.slide_id, error.what()));
    }
  }

  double learn(const std::vector<const TrainingSlide*>& slides, BagStream& bags, double rate) {
    std::vector<at::Tensor> tiles, tables;
    std::vector<std::shared_ptr<const Bag>> held;  // the graph may look at their features
    for (const TrainingSlide* slide : slides) {
      const BeforeFusion before = said(*slide, *held.emplace_back(bags.next()));
      tiles.push_back(before.slide);
      tables.push_back(before.tables);
    }
    const at::Tensor loss = contrastive_loss(tiles_(tiles), tables_(tables));
    loss.backward();
    optimiser_.step(rate);
    optimiser_.zero_grad();
    return loss.item<double>();
  }

  MilNetwork& network_;
  SlidesOfPatient patients_;
  const TrainSettings& settings_;
  Engine engine_;
  Dropout dropout_;
  Projection tiles_, tables_;
  std::int64_t most_;
  Optimiser optimiser_;
};

}  // namespace

void pretrain(MilNetwork& network, const std::vector<at::Tensor>& learned, const std::vector<const TrainingSlide*>& slides, const TrainSettings& settings,
              std::uint64_t number, const std::function<void(int, double)>& on_epoch) {
  const at::AutoGradMode with_gradient(true);
  Pretraining pretraining(network, learned, slides, settings, number);
  for (int done = 0; done < settings.pretrain_epochs; ++done) {
    const double loss = pretraining.epoch(done);
    on_epoch(done + 1, loss);
  }
}

}  // namespace microtome
