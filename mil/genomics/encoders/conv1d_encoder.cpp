// SPDX-License-Identifier: Apache-2.0
// Convolutions along features whose order means something, bins of copy number along the genome: twice Conv(7), ReLU, maximum of 4, then Lin, ReLU.
// The row is filled up to a multiple of 16 with zeros, the training mean. Names are those of one torch.nn.Sequential.
#include "mil/genomics/encoders/encoder_list.h"

namespace microtome {
namespace {

constexpr std::int64_t kKernel = 7, kPool = 4, kFirst = 8, kSecond = 16;

class Conv1dEncoder final : public TableEncoder {
 public:
  explicit Conv1dEncoder(const Modality& modality) : dim_(modality.dim) {
    const auto features = static_cast<std::int64_t>(modality.features.size()), step = kPool * kPool;
    padding_ = (step - features % step) % step;
    pooled_ = (features + padding_) / step;
  }

  void add_slots(Slots& slots, const std::string& name) override {
    add(slots, name + ".0", first_, kFirst, 1);
    add(slots, name + ".3", second_, kSecond, kFirst);
    slots.add(name + ".7", out_, dim_, kSecond * pooled_);
  }

  EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const override {
    const at::Tensor filled = at::constant_pad_nd(row, {0, padding_}).reshape({1, 1, -1});
    const at::Tensor read = pass(second_, pass(first_, filled));
    return {dropout(at::relu(out_(dropout(read.flatten())))).unsqueeze(0), {}};
  }

 private:
  static void add(Slots& slots, const std::string& name, Linear& convolution, std::int64_t out, std::int64_t in) {
    slots.add(name + ".weight", convolution.weight, {out, in, kKernel}, Start::kaiming);
    slots.add(name + ".bias", convolution.bias, {out}, Start::zeros);
  }
  static at::Tensor pass(const Linear& convolution, const at::Tensor& input) {
    return at::max_pool1d(at::relu(at::conv1d(input, convolution.weight, convolution.bias, 1, kKernel / 2)), kPool);
  }

  std::int64_t dim_, padding_ = 0, pooled_ = 0;
  Linear first_, second_, out_;
};

}  // namespace

std::unique_ptr<TableEncoder> make_conv1d_encoder(const Modality& modality) { return std::make_unique<Conv1dEncoder>(modality); }

}  // namespace microtome
