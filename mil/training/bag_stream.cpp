// SPDX-License-Identifier: Apache-2.0
#include "mil/training/bag_stream.h"

#include <algorithm>
#include <utility>

namespace microtome {

namespace {

constexpr std::size_t kAhead = 2;

}  // namespace

std::shared_ptr<const Bag> bag_of(const TrainingSlide& slide) {
  if (slide.load) return std::make_shared<const Bag>(slide.load());
  return {std::shared_ptr<void>(), &slide.bag};  // not owned
}

BagStream::BagStream(std::vector<const TrainingSlide*> order) : order_(std::move(order)) {
  if (std::any_of(order_.begin(), order_.end(), [](const TrainingSlide* slide) { return slide->load != nullptr; }))
    reader_ = std::thread([this] { read_ahead(); });
}

BagStream::~BagStream() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (reader_.joinable()) reader_.join();
}

void BagStream::read_ahead() {
  for (const TrainingSlide* slide : order_) {
    std::shared_ptr<const Bag> bag;
    std::exception_ptr failure;
    try {
      bag = bag_of(*slide);
    } catch (...) {
      failure = std::current_exception();
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || ready_.size() < kAhead; });
    if (stopping_) return;
    failure_ = failure;
    if (!failure) ready_.push_back(std::move(bag));
    changed_.notify_all();
    if (failure) return;
  }
}

std::shared_ptr<const Bag> BagStream::next() {
  const TrainingSlide* slide = order_.at(taken_++);
  if (!reader_.joinable()) return bag_of(*slide);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  auto bag = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return bag;
}

}  // namespace microtome
