// SPDX-License-Identifier: Apache-2.0
#include "pipeline/machine/io_threads.h"

namespace microtome {

IoThreads::IoThreads(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

IoThreads::~IoThreads() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  there_is_work_.notify_all();
  threads_.clear();  // joins
}

void IoThreads::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  there_is_work_.notify_one();
}

void IoThreads::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    there_is_work_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
  }
}

}  // namespace microtome
