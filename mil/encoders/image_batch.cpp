// SPDX-License-Identifier: Apache-2.0
// Two ways to the same numbers: on the CPU, bytes are looked up, because a byte has only 256 normalised values; elsewhere they are
// computed.
#include "mil/encoders/image_batch.h"

#include <c10/util/Exception.h>

#include <algorithm>

namespace microtome {
namespace {

at::Tensor resize_floats(const at::Tensor& images, std::int64_t side, Interpolation interpolation) {
  return interpolation == Interpolation::bicubic ? at::_upsample_bicubic2d_aa(images, {side, side}, false)
                                                 : at::_upsample_bilinear2d_aa(images, {side, side}, false);
}

/// torchvision's CenterCrop: Python's round, which takes halves to the even number.
std::int64_t crop_offset(std::int64_t side, std::int64_t crop) {
  const std::int64_t half = (side - crop) / 2;
  return (side - crop) % 2 == 0 ? half : half + half % 2;
}

at::Tensor center_crop(const at::Tensor& images, std::int64_t crop) {
  const std::int64_t offset = crop_offset(images.size(2), crop);
  return images.narrow(2, offset, crop).narrow(3, offset, crop);
}

at::Tensor three_floats(const std::array<double, 3>& values) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble).to(at::kFloat).reshape({1, 3, 1, 1});
}

/// In torchvision's order of operations: float32 byte / 255, minus mean, over std. The 255 lies on the device, because torch multiplies by
/// the reciprocal of a number from the host, and that has other last bits.
at::Tensor scaled(const at::Tensor& levels) {
  return levels.to(at::kFloat).div_(at::full({1}, 255, at::TensorOptions(at::kFloat).device(levels.device())));
}

template <typename Word>  // a value of the table as bits: nothing is computed with it
void look_up(const at::Tensor& bytes, const at::Tensor& table, const at::Tensor& images) {
  const auto* words = static_cast<const Word*>(table.const_data_ptr());
  auto* out = static_cast<Word*>(images.mutable_data_ptr());
  const std::int64_t side = bytes.size(2);
  for (std::int64_t image = 0; image < bytes.size(0); ++image)
    for (std::int64_t y = 0; y < side; ++y) {
      const std::uint8_t* row = bytes.const_data_ptr<std::uint8_t>() + image * bytes.stride(0) + y * bytes.stride(2);
      for (const std::uint8_t* end = row + 3 * side; row != end; row += 3, out += 3) {
        out[0] = words[row[0]];
        out[1] = words[256 + row[1]];
        out[2] = words[512 + row[2]];
      }
    }
}

at::Tensor looked_up(const at::Tensor& bytes, const at::Tensor& table) {
  const at::Tensor images = at::empty(bytes.sizes(), table.options(), at::MemoryFormat::ChannelsLast);
  if (table.element_size() == 2)
    look_up<std::uint16_t>(bytes, table, images);
  else
    look_up<std::uint32_t>(bytes, table, images);
  return images;
}

}  // namespace

ImageBatch::ImageBatch(const Preprocessing& preprocessing, int tile_px, at::Device device, at::ScalarType dtype)
    : preprocessing_(preprocessing),
      side_(preprocessing.input_px(tile_px)),
      mean_(three_floats(preprocessing.mean)),
      std_(three_floats(preprocessing.std)),
      dtype_(dtype) {
  const at::Tensor every_byte = at::arange(256, at::kByte).reshape({1, 1, 1, 256}).repeat({1, 3, 1, 1});
  table_ = scaled(every_byte).sub_(mean_).div_(std_).to(dtype).contiguous();
  if (preprocessing.resizes(tile_px) && !preprocessing.resize_after_scaling)
    resize_.emplace(tile_px, preprocessing.resize_px, preprocessing.interpolation, device);
  mean_ = mean_.to(device);
  std_ = std_.to(device);
}

at::Tensor ImageBatch::operator()(const at::Tensor& tiles) const {
  TORCH_CHECK(tiles.dim() == 4 && tiles.is_contiguous() && tiles.size(3) == 3 && tiles.size(1) == tiles.size(2) &&
                  preprocessing_.input_px(static_cast<int>(tiles.size(1))) == side_,
              "wanted tiles for images of ", side_, " px: found ", tiles.sizes());
  at::Tensor levels = (resize_ ? (*resize_)(tiles) : tiles).permute({0, 3, 1, 2});  // channels-last in memory
  const bool after_scaling = preprocessing_.resize_after_scaling && preprocessing_.resizes(static_cast<int>(tiles.size(1)));
  if (after_scaling) levels = resize_floats(scaled(levels), preprocessing_.resize_px, preprocessing_.interpolation);
  if (preprocessing_.crop_px != 0) levels = center_crop(levels, preprocessing_.crop_px);
  if (levels.is_cpu() && !after_scaling) return looked_up(levels, table_);
  const at::Tensor unit = after_scaling ? levels : scaled(levels);
  return unit.sub(mean_).div_(std_).to(dtype_).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace microtome
