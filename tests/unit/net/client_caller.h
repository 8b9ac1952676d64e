// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop_fixture.h"
#include "net/http_client.h"

namespace weir::net::test {

using Reply = HttpClient::Reply;

constexpr Duration kLong = std::chrono::seconds(20);

// A client on shard 0 that tests call from outside.
struct Caller {
  explicit Caller(uint16_t port, HttpClient::Options options = {}, std::string host = "127.0.0.1") : world(1) {
    options.url = {options.url.scheme.empty() ? "http" : options.url.scheme, std::move(host), port, ""};
    client = std::make_unique<HttpClient>(world.loops.at(0), options);
    world.loops.run();
  }
  ~Caller() {
    on(world.loops.at(0), [&] {
      client.reset();
      return true;
    });
    world.loops.stop();
    world.loops.join();
  }
  void send(HttpClient::Request request, Promised<Reply>& reply, Duration timeout = kLong) {
    world.loops.at(0).post([this, request = std::move(request), &reply, timeout]() mutable {
      client->send(std::move(request), timeout, [&reply](Reply got) { reply.set(std::move(got)); });
    });
  }
  Reply post(std::vector<std::string_view> body, Duration timeout = kLong) {
    Promised<Reply> reply;
    send({"POST", "/v1/traces", {{"X-Tenant", "a"}}, std::move(body)}, reply, timeout);
    return reply.wait();
  }
  Reply get(std::string path) {
    Promised<Reply> reply;
    send({"GET", std::move(path), {}, {}}, reply);
    return reply.wait();
  }
  Loops world;
  std::unique_ptr<HttpClient> client;
};

}  // namespace weir::net::test
