// Ranks that are threads of one process: the trainer's tree of sums without MPI.
#pragma once

#include <fovea/core/error.h>
#include <fovea/optim/training/ranks.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <tuple>
#include <vector>

namespace fovea::test {

class ThreadRanks {
 public:
  // body(ranks) on so many threads; rethrows what the first one threw that is not itself the end of another.
  static void run(int64_t count, const std::function<void(Ranks&)>& body) {
    Post post;
    std::vector<std::exception_ptr> thrown(static_cast<size_t>(count));
    std::vector<std::thread> threads;
    for (int64_t rank = 0; rank < count; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          Member member(post, rank, count);
          body(member);
        } catch (const Ended&) {
        } catch (...) {
          thrown[static_cast<size_t>(rank)] = std::current_exception();
          post.end();
        }
      });
    }
    for (std::thread& each : threads) each.join();
    for (const std::exception_ptr& each : thrown)
      if (each) std::rethrow_exception(each);
  }

 private:
  struct Ended {};
  using Address = std::tuple<int64_t, int64_t, int64_t>;  // from, to, tag
  using Bytes = std::vector<std::byte>;

  class Post {
   public:
    void send(const Address& to, std::span<const std::byte> bytes) {
      const std::lock_guard lock(mutex_);
      boxes_[to].emplace(bytes.begin(), bytes.end());
      arrived_.notify_all();
    }
    bool receive(const Address& from, std::span<std::byte> into, bool wait) {
      std::unique_lock lock(mutex_);
      std::queue<Bytes>& box = boxes_[from];
      while (box.empty()) {
        if (ended_) throw Ended();
        if (!wait) return false;
        arrived_.wait(lock);
      }
      if (box.front().size() != into.size()) throw ValueError("thread ranks: messages of other lengths");
      std::copy(box.front().begin(), box.front().end(), into.begin());
      box.pop();
      return true;
    }
    void end() {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      arrived_.notify_all();
    }

   private:
    std::mutex mutex_{};
    std::condition_variable arrived_{};
    std::map<Address, std::queue<Bytes>> boxes_{};
    bool ended_ = false;
  };

  class Member final : public Ranks {
   public:
    Member(Post& post, int64_t rank, int64_t count) : post_(post), rank_(rank), count_(count) {}
    int64_t rank() const override { return rank_; }
    int64_t count() const override { return count_; }
    int64_t begin(int64_t partner, int64_t tag, std::span<const std::byte> mine, std::span<std::byte> theirs) override {
      post_.send({rank_, partner, tag}, mine);
      swaps_[++last_] = {{partner, rank_, tag}, theirs};
      return last_;
    }
    bool done(int64_t swap, bool wait) override {
      const auto& [from, into] = swaps_.at(swap);
      if (!post_.receive(from, into, wait)) return false;
      swaps_.erase(swap);
      return true;
    }

   private:
    Post& post_;
    int64_t rank_, count_, last_ = 0;
    std::map<int64_t, std::pair<Address, std::span<std::byte>>> swaps_{};
  };
};

}  // namespace fovea::test
