// SPDX-License-Identifier: Apache-2.0
// ResNets 18, 34 and 50 (He et al. 2016, with the stride in the 3x3 convolution as torchvision and timm have it), inference only.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "mil/encoders/network.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

constexpr double kBatchNormEps = 1e-5;

struct Architecture {
  const char* name;
  bool bottleneck;
  std::array<int, 4> blocks;  // per stage; 0: the stage is left out
};
// The truncated one is what CLAM calls resnet50_trunc: features of the third stage are less tied to ImageNet's classes.
constexpr Architecture kArchitectures[] = {
    {"resnet18", false, {2, 2, 2, 2}}, {"resnet34", false, {3, 4, 6, 3}}, {"resnet50", true, {3, 4, 6, 3}}, {"resnet50-trunc", true, {3, 4, 6, 0}}};

const Architecture* find_architecture(const std::string& name) {
  for (const Architecture& architecture : kArchitectures)
    if (name == architecture.name) return &architecture;
  return nullptr;
}

/// A convolution and the batch norm behind it, by their keys.
struct ConvSpec {
  std::string conv;
  std::string norm;
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  double random_gamma = 1;
};

struct BlockSpec {
  std::vector<ConvSpec> convs;
  std::optional<ConvSpec> downsample;
};

struct NetworkSpec {
  ConvSpec stem{"conv1", "bn1", 3, 64, 7, 2};
  std::vector<BlockSpec> blocks;
};

BlockSpec block_spec(const std::string& prefix, bool bottleneck, std::int64_t in, std::int64_t width, std::int64_t stride) {
  const auto conv = [&](int number, std::int64_t from, std::int64_t to, std::int64_t kernel, std::int64_t step) {
    return ConvSpec{fmt::format("{}.conv{}", prefix, number), fmt::format("{}.bn{}", prefix, number), from, to, kernel, step};
  };
  const std::int64_t out = bottleneck ? width * 4 : width;
  BlockSpec block;
  if (bottleneck)
    block.convs = {conv(1, in, width, 1, 1), conv(2, width, width, 3, stride), conv(3, width, out, 1, 1)};
  else
    block.convs = {conv(1, in, width, 3, stride), conv(2, width, width, 3, 1)};
  block.convs.back().random_gamma = 0.5;  // sixteen residual sums would let untrained activations grow without bound
  if (stride != 1 || in != out) block.downsample = ConvSpec{prefix + ".downsample.0", prefix + ".downsample.1", in, out, 1, stride};
  return block;
}

NetworkSpec network_spec(const Architecture& architecture) {
  NetworkSpec spec;
  std::int64_t in = 64;
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t width = std::int64_t{64} << stage;
    for (int block = 0; block < architecture.blocks[stage]; ++block) {
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      spec.blocks.push_back(block_spec(fmt::format("layer{}.{}", stage + 1, block), architecture.bottleneck, in, width, stride));
      in = architecture.bottleneck ? width * 4 : width;
    }
  }
  return spec;
}

std::vector<ConvSpec> all_convs(const NetworkSpec& spec) {
  std::vector<ConvSpec> convs{spec.stem};
  for (const BlockSpec& block : spec.blocks) {
    convs.insert(convs.end(), block.convs.begin(), block.convs.end());
    if (block.downsample) convs.push_back(*block.downsample);
  }
  return convs;
}

constexpr std::array<const char*, 4> kNormKeys{".weight", ".bias", ".running_mean", ".running_var"};

struct Conv {
  at::Tensor weight;
  at::Tensor bias;
  std::int64_t stride = 1;
  std::int64_t padding = 0;

  at::Tensor operator()(const at::Tensor& x) const { return at::conv2d(x, weight, bias, stride, padding); }
};

struct Block {
  std::vector<Conv> convs;
  std::optional<Conv> downsample;
};

/// Takes tensors out of a weights file by key, with the sentences.
class WeightsReader {
 public:
  WeightsReader(const Architecture& architecture, const NamedTensors& weights, const std::string& source, const Placement& placement)
      : architecture_(architecture), weights_(weights), source_(source), placement_(placement) {}

  /// In float64, because the folded product would otherwise be rounded twice.
  Conv conv(const ConvSpec& spec) const {
    const at::Tensor kernel = take(spec.conv + ".weight", {spec.out, spec.in, spec.kernel, spec.kernel});
    std::array<at::Tensor, 4> norm;
    for (std::size_t i = 0; i < norm.size(); ++i) norm[i] = take(spec.norm + kNormKeys[i], {spec.out});
    const at::Tensor scale = norm[0] / (norm[3] + kBatchNormEps).sqrt();
    const at::Tensor weight = kernel * scale.reshape({-1, 1, 1, 1});
    return Conv{place(weight).contiguous(at::MemoryFormat::ChannelsLast), place(norm[1] - norm[2] * scale), spec.stride, spec.kernel / 2};
  }

  void refuse_surplus(const NetworkSpec& spec) const {
    std::size_t wanted = 0;
    for (const auto& [key, tensor] : weights_) wanted += !ignored(key);
    const std::vector<ConvSpec> convs = all_convs(spec);
    if (wanted == convs.size() * (1 + kNormKeys.size())) return;
    NamedTensors surplus = weights_;
    for (const ConvSpec& conv : convs) {
      surplus.erase(conv.conv + ".weight");
      for (const char* suffix : kNormKeys) surplus.erase(conv.norm + suffix);
    }
    for (const auto& [key, tensor] : surplus)
      if (!ignored(key))
        throw ModelError(fmt::format("{}: wanted only the keys of {}: found '{}' too: these weights are of another network", source_,
                                     architecture_.name, key));
  }

 private:
  bool ignored(const std::string& key) const {
    return key.starts_with("fc.") || key.ends_with(".num_batches_tracked") || (architecture_.blocks[3] == 0 && key.starts_with("layer4."));
  }

  at::Tensor take(const std::string& key, std::vector<std::int64_t> shape) const {
    const auto found = weights_.find(key);
    const bool there = found != weights_.end();
    if (!there || found->second.sizes() != at::IntArrayRef(shape) || !found->second.is_floating_point())
      throw ModelError(
          fmt::format("{}: wanted '{}' of shape {} for {}: {}: give weights with torchvision's key names", source_, key,
                      c10::str(at::IntArrayRef(shape)), architecture_.name,
                      there ? fmt::format("found {} {}", c10::toString(found->second.scalar_type()), c10::str(found->second.sizes()))
                            : std::string("it is missing")));
    return found->second.to(at::kDouble);
  }

  at::Tensor place(const at::Tensor& tensor) const { return tensor.to(at::kFloat).to(placement_.device, placement_.precision); }

  const Architecture& architecture_;
  const NamedTensors& weights_;
  const std::string& source_;
  Placement placement_;
};

class ResNet {
 public:
  ResNet(const NetworkSpec& spec, const WeightsReader& reader) : stem_(reader.conv(spec.stem)) {
    for (const BlockSpec& block : spec.blocks) {
      Block& made = blocks_.emplace_back();
      for (const ConvSpec& conv : block.convs) made.convs.push_back(reader.conv(conv));
      if (block.downsample) made.downsample = reader.conv(*block.downsample);
    }
  }

  at::Tensor operator()(const at::Tensor& images) const {
    at::Tensor x = stem_(images).relu_();
    x = at::max_pool2d(x, 3, 2, 1);
    for (const Block& block : blocks_) x = forward(block, x);
    return x.mean(at::IntArrayRef{2, 3});
  }

 private:
  static at::Tensor forward(const Block& block, const at::Tensor& x) {
    at::Tensor y = block.convs.front()(x);
    for (std::size_t i = 1; i < block.convs.size(); ++i) y = block.convs[i](y.relu_());
    return y.add_(block.downsample ? (*block.downsample)(x) : x).relu_();
  }

  Conv stem_;
  std::vector<Block> blocks_;
};

/// splitmix64 (Steele et al. 2014). A normal number is the sum of four 16-bit uniform ones: integer arithmetic, so equal everywhere.
class NormalNumbers {
 public:
  explicit NormalNumbers(std::uint64_t seed) : state_(seed) {}

  double next() {
    const std::uint64_t bits = next_bits();
    const double sum = double(bits & 0xffff) + double(bits >> 16 & 0xffff) + double(bits >> 32 & 0xffff) + double(bits >> 48);
    return (sum - 2.0 * 65535) / std::sqrt(4 * (65536.0 * 65536.0 - 1) / 12);
  }

 private:
  std::uint64_t next_bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

at::Tensor kaiming_normal(const ConvSpec& spec, NormalNumbers& numbers) {
  at::Tensor weight = at::empty({spec.out, spec.in, spec.kernel, spec.kernel}, at::kFloat);
  const double sigma = std::sqrt(2.0 / static_cast<double>(spec.out * spec.kernel * spec.kernel));
  float* values = weight.data_ptr<float>();
  for (std::int64_t i = 0; i < weight.numel(); ++i) values[i] = static_cast<float>(sigma * numbers.next());
  return weight;
}

}  // namespace

bool is_resnet(const std::string& name) { return find_architecture(name) != nullptr; }

Network make_resnet(const std::string& name, const NamedTensors& weights, const std::string& source, const Placement& placement) {
  const Architecture& architecture = *find_architecture(name);
  const NetworkSpec spec = network_spec(architecture);
  const WeightsReader reader(architecture, weights, source, placement);
  ResNet network(spec, reader);
  reader.refuse_surplus(spec);
  return {std::move(network), placement.precision, 0};
}

NamedTensors random_resnet_weights(const std::string& name, std::uint64_t seed) {
  NormalNumbers numbers(seed);
  NamedTensors weights;
  for (const ConvSpec& conv : all_convs(network_spec(*find_architecture(name)))) {
    weights[conv.conv + ".weight"] = kaiming_normal(conv, numbers);
    weights[conv.norm + ".weight"] = at::full({conv.out}, conv.random_gamma, at::kFloat);
    weights[conv.norm + ".bias"] = at::zeros({conv.out}, at::kFloat);
    weights[conv.norm + ".running_mean"] = at::zeros({conv.out}, at::kFloat);
    weights[conv.norm + ".running_var"] = at::ones({conv.out}, at::kFloat);
  }
  return weights;
}

}  // namespace microtome
