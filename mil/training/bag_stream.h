// SPDX-License-Identifier: Apache-2.0
// Bags one after the other, read ahead of their use, so that an archive larger than memory trains. Internal to mil/; no torch.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mil/training/train.h"

namespace microtome {

/// The slide's bag with features: the one in memory, or read now. A slide in memory must outlive the pointer.
std::shared_ptr<const Bag> bag_of(const TrainingSlide& slide);

/// Two bags ahead of the one in use, by a thread of its own where any slide has to be read.
class BagStream {
 public:
  /// `order` may name a slide several times.
  explicit BagStream(std::vector<const TrainingSlide*> order);
  ~BagStream();
  BagStream(const BagStream&) = delete;
  BagStream& operator=(const BagStream&) = delete;

  /// The next in order; call it order.size() times. Throws what reading threw (BagError).
  std::shared_ptr<const Bag> next();

 private:
  void read_ahead();

  std::vector<const TrainingSlide*> order_;
  std::size_t taken_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Bag>> ready_;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::thread reader_;
};

}  // namespace microtome
