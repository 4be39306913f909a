// SPDX-License-Identifier: Apache-2.0
// archive ─► admit ─► survey ─► pack ─► ahead ─► fetch ─► window ─► read ─► encode ─► gather ─► conclude ─► publish
//              ▲                          ▲                 ▲         │                 │                      │
//              │                          └─ it is decoded ─┼─────────┘                 │                      │
//              │                                            └──── one batch is done ────┘                      │
//              └───────────────────────────────── one slide is done ───────────────────────────────────────────┘
//
// Topology only: the bodies are in stages.cpp and batching.cpp.
#include "pipeline/slide_graph.h"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/version.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <tuple>

#include "pipeline/batching.h"
#include "pipeline/machine/interrupt.h"
#include "pipeline/machine/io_threads.h"
#include "pipeline/outputs/slide_documents.h"
#include "pipeline/stages.h"

namespace microtome {
namespace {

// The roles of the nodes, one a line.
// clang-format off
namespace fl = tbb::flow;
using Done = fl::continue_msg;
template <class T> struct MsgOf { using type = Ref<T>; };
template <> struct MsgOf<Done> { using type = Done; };
template <class T> using Msg = typename MsgOf<T>::type;
template <class T> using Source = fl::input_node<Msg<T>>;
template <class T> using Limit = fl::limiter_node<Msg<T>>;
template <class T> using Order = fl::sequencer_node<Msg<T>>;
template <class T> using Queue = fl::queue_node<Msg<T>>;
template <class In, class Out = In> using Stage = fl::function_node<Msg<In>, Msg<Out>>;
template <class In, class... Outs> using Split = fl::multifunction_node<Msg<In>, std::tuple<Msg<Outs>...>>;
template <class T> using Detached = fl::async_node<Msg<T>, Msg<T>>;
template <int I, class N> auto& port(N& n) { return fl::output_port<I>(n); }
template <class A, class B> void connect(A& a, B& b) { fl::make_edge(a, b); }
template <class A, class B, class... Rest> void connect(A& a, B& b, Rest&... rest) { fl::make_edge(a, b); connect(b, rest...); }

// More than a network file system needs to be kept busy; they sleep most of the time.
constexpr int kStorageThreads = 8;

using Slide = SlideJob;
using Batch = BatchJob;
// clang-format on

/// The bodies of the nodes as the graph wants them: clocked, with the run's parts bound. Each does what its name in stages.h says.
class Bodies {
 public:
  Bodies(const RunParts& parts, const std::function<Ref<SlideJob>()>& next, Progress& progress, StageClock& clock)
      : parts_(parts),
        next_(next),
        progress_(progress),
        clock_(clock),
        packer_({static_cast<std::size_t>(parts.config.engine.batch), static_cast<std::size_t>(parts.config.engine.slides_in_flight),
                 parts.row_bytes(), parts.bag_bytes}),
        room_(parts.row_bytes(), parts.bag_bytes) {}

  Ref<Slide> next_slide(tbb::flow_control& control) {
    const StageClock::Scope scope(clock_, Node::archive, {});
    Ref<Slide> slide = stop_signal() != 0 ? nullptr : next_();
    if (!slide) {
      control.stop();
      return nullptr;
    }
    slide->started = slide->ready = Clock::now();
    in_flight_.enter(slide);
    return slide;
  }

  Ref<Slide> survey(const Ref<Slide>& slide) {
    timed(Node::survey, *slide, [&] {
      if (stop_signal() == 0) survey_slide(parts_, *slide);
    });
    if (!slide->outcome.failed) progress_.slide_planned(slide->row.keys.slide_id, slide->pending);
    return slide;
  }

  template <class Ports>
  void pack(const Ref<Slide>& slide, Ports& ports) {
    if (stop_signal() != 0) return;  // it stays in flight: what it has is kept
    std::vector<Ref<Batch>> batches;
    const bool nothing_to_do = slide->pending == 0 && !slide->awaits_bag();
    timed(Node::pack, *slide, [&] { batches = packer_.add(slide); });
    for (auto& batch : batches) {
      batch->ready = Clock::now();
      std::get<0>(ports).try_put(batch);
    }
    if (nothing_to_do) std::get<1>(ports).try_put(slide);
  }

  /// Null: a slide was published.
  template <class Ports>
  void room(const Ref<Batch>& batch, Ports& ports) {
    for (auto& next : room_.let_through(batch)) {
      next->ready = Clock::now();
      std::get<0>(ports).try_put(next);
    }
  }

  void fetch(const Ref<Batch>& batch) {
    timed(Node::fetch, *batch, [&] { fetch_bytes(parts_, *batch); });
  }

  template <class Ports>
  void read(const Ref<Batch>& batch, Ports& ports) {
    timed(Node::read, *batch, [&] { read_pixels(parts_, *batch); });
    std::get<0>(ports).try_put(batch);
    std::get<1>(ports).try_put(Done());
  }

  Ref<Batch> encode(const Ref<Batch>& batch) {
    timed(Node::encode, *batch, [&] { encode_pixels(parts_, *batch); });
    return batch;
  }

  template <class Ports>
  void gather(const Ref<Batch>& batch, Ports& ports) {
    std::vector<Ref<Slide>> whole;
    timed(Node::gather, *batch, [&] { whole = gather_rows(*batch); });
    if (!batch->abandoned) {
      tiles_ += batch->tiles.size();
      progress_.tiles_done(batch->tiles.size());
    }
    for (auto& slide : whole) {
      slide->ready = Clock::now();
      std::get<0>(ports).try_put(slide);
    }
    std::get<1>(ports).try_put(Done());
  }

  Ref<Slide> conclude(const Ref<Slide>& slide) {
    timed(Node::conclude, *slide, [&] { conclude_slide(parts_, *slide); });
    return slide;
  }

  Done publish(const Ref<Slide>& slide) {
    const std::size_t tiles = slide->planned;
    timed(Node::publish, *slide, [&] { publish_slide(parts_, *slide); });
    ++(slide->outcome.failed ? failed_ : slide->outcome.partial ? partial_ : ok_);
    if (slide->finished) ++rescored_;
    progress_.slide_done(slide->row.keys.slide_id, slide_status(*slide), tiles,
                         slide->outcome.reasons.empty() ? "" : slide->outcome.reasons.front().text);
    in_flight_.leave(*slide);
    return Done();
  }

  void keep_rest() const {
    for (const auto& slide : in_flight_.rest()) keep_partial(parts_, *slide);
  }
  RunCounts counts() const { return {ok_, partial_, failed_, tiles_, rescored_}; }

 private:
  template <class Job, class Work>
  void timed(Node node, Job& job, Work work) {
    {
      const StageClock::Scope scope(clock_, node, job.ready);
      work();
    }
    job.ready = Clock::now();
  }

  const RunParts& parts_;
  const std::function<Ref<SlideJob>()>& next_;
  Progress& progress_;
  StageClock& clock_;
  Packer packer_;
  BagRoom room_;
  SlidesInFlight in_flight_;
  std::atomic<std::size_t> ok_{0}, partial_{0}, failed_{0}, tiles_{0}, rescored_{0};
};

/// The first exception of work outside the graph's own threads: it ends the run as one inside does.
class ErrorKeeper {
 public:
  /// Whether the work was done: not when it throws, nor when other work has thrown before.
  template <class Work>
  bool keep(Work work) {
    {
      const std::lock_guard lock(mutex_);
      if (error_) return false;
    }
    try {
      work();
      return true;
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      return false;
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

void run_in_arena(const RunParts& parts, Bodies& bodies) {
  const auto threads = static_cast<std::size_t>(parts.threads);
  const int devices = parts.device_lanes();
  const std::size_t publishers = parts.encoders.empty() ? threads : 2;  // pictures are most of the work where nothing is encoded
  fl::graph g;
  IoThreads storage(kStorageThreads);
  IoThreads waiting(devices);  // for devices: whoever computes, decodes
  ErrorKeeper error;
  // the graph waits for what is out there
  const auto detach = [&g, &error](IoThreads& threads, auto body) {
    return [&g, &error, &threads, body](const Ref<Batch>& batch, auto& gateway) {
      gateway.reserve_wait();
      threads.post([&g, &error, &gateway, body, batch] {
        if (error.keep([&] { body(batch); })) {
          gateway.try_put(batch);
        } else {
          g.cancel();
        }
        gateway.release_wait();
      });
    };
  };

  // Nodes in the order of the picture.
  // clang-format off
  Source<Slide>              archive (g, [&](auto& control) { return bodies.next_slide(control); });      // manifest order, finished ones skipped
  Limit<Slide>               admit   (g, static_cast<std::size_t>(parts.config.engine.slides_in_flight));
  Stage<Slide>               survey  (g, threads, [&](const Ref<Slide>& s) { return bodies.survey(s); });  // open, tissue, plan
  Order<Slide>               in_order(g, [](const Ref<Slide>& s) { return s->index; });
  Split<Slide, Batch, Slide> pack    (g, fl::serial, [&](const Ref<Slide>& s, auto& ports) { bodies.pack(s, ports); });   // 0: full batches   1: slides without a tile
  Split<Batch, Batch>        room    (g, fl::serial, [&](const Ref<Batch>& b, auto& ports) { bodies.room(b, ports); });   // the memory bound of bags
  Queue<Batch>               plans   (g);                                                                 // a limiter refuses, it does not hold
  Limit<Batch>               ahead   (g, static_cast<std::size_t>(parts.config.engine.batches_ahead));    // stored bytes in flight
  Detached<Batch>            fetch   (g, fl::unlimited, detach(storage, [&](const Ref<Batch>& b) { bodies.fetch(b); }));  // waits for storage, on threads of its own
  Order<Batch>               in_turn (g, [](const Ref<Batch>& b) { return b->index; });
  Limit<Batch>               window  (g, static_cast<std::size_t>(parts.window));                         // the memory bound of pixels
  Split<Batch, Batch, Done>  read    (g, threads, [&](const Ref<Batch>& b, auto& ports) { bodies.read(b, ports); });      // 0: pixels   1: it is decoded
  Stage<Batch>               encode  (g, threads, [&](const Ref<Batch>& b) { return bodies.encode(b); });                 // a lane a thread
  Detached<Batch>            offload (g, fl::unlimited, detach(waiting, [&](const Ref<Batch>& b) { bodies.encode(b); }));  // encode, where devices compute
  Split<Batch, Slide, Done>  gather  (g, fl::serial, [&](const Ref<Batch>& b, auto& ports) { bodies.gather(b, ports); });  // 0: slides that are whole   1: one batch is done
  Stage<Slide>               conclude(g, threads, [&](const Ref<Slide>& s) { return bodies.conclude(s); });
  Stage<Slide, Done>         publish (g, publishers, [&](const Ref<Slide>& s) { return bodies.publish(s); });
  Stage<Done, Batch>         let_go  (g, fl::serial, [](const Done&) { return Ref<Batch>(); });

  connect(archive, admit, survey, in_order, pack);
  connect(port<0>(pack), room);
  connect(port<0>(room), plans, ahead, fetch, in_turn, window, read);
  if (devices == 0) connect(port<0>(read), encode, gather);
  if (devices != 0) fl::make_edge(port<0>(read), offload);  // what encode does, while the threads here go on decoding
  fl::make_edge(offload, gather);
  connect(port<0>(gather), conclude, publish);
  fl::make_edge(port<1>(pack), conclude);                // failed, or without a tile
  fl::make_edge(port<1>(read), ahead.decrementer());     // it is decoded
  fl::make_edge(port<1>(gather), window.decrementer());  // one batch is done
  fl::make_edge(publish, admit.decrementer());           // one slide is done
  fl::make_edge(publish, let_go);                        // its bag is let go
  fl::make_edge(let_go, room);
  // clang-format on
  archive.activate();
  g.wait_for_all();
  error.rethrow();
}

}  // namespace

void SlidesInFlight::enter(const Ref<SlideJob>& slide) {
  const std::lock_guard lock(mutex_);
  slides_.emplace(slide->index, slide);
}

void SlidesInFlight::leave(const SlideJob& slide) {
  const std::lock_guard lock(mutex_);
  slides_.erase(slide.index);
}

std::vector<Ref<SlideJob>> SlidesInFlight::rest() const {
  const std::lock_guard lock(mutex_);
  std::vector<Ref<SlideJob>> out;
  for (const auto& [index, slide] : slides_) out.push_back(slide);
  return out;
}

std::string graph_library_version() { return TBB_runtime_version(); }

RunCounts run_slide_graph(const RunParts& parts, const std::function<Ref<SlideJob>()>& next_slide, Progress& progress, StageClock& clock) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(parts.threads));
  tbb::task_arena arena(parts.threads);
  Bodies bodies(parts, next_slide, progress, clock);
  arena.execute([&] { run_in_arena(parts, bodies); });
  if (stop_signal() != 0) bodies.keep_rest();
  return bodies.counts();
}

}  // namespace microtome
