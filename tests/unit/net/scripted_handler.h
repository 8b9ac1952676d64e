// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/server_session.h"

namespace weir::net::test {

// A handler that writes down requests and answers when it is told to. One connection, no loops.
class ScriptedHandler final : public RequestHandler {
 public:
  struct Request {
    std::string method, target, body;
    bool ended = false, stalled = false, gone = false;
    int ticks = 0;
    Responder responder;
  };

  bool answer_at_end = true;    // 200 with the body's size, in on_end
  bool refuse_at_head = false;  // 404, without a sink
  bool take_rest = false;
  bool reset_client = false;
  std::vector<std::shared_ptr<Request>> requests;

  std::unique_ptr<RequestSink> on_request(const RequestHead& head, const ConnectionInfo&,
                                          Responder responder) override {
    auto request = std::make_shared<Request>();
    request->method = head.method();
    request->target = head.target();
    request->responder = responder;
    requests.push_back(request);
    if (!refuse_at_head) return std::make_unique<Sink>(*this, request);
    responder.respond(Response{.status = 404});
    return nullptr;
  }

  static Response size_answer(const Request& request) {
    Response response;
    response.body = std::to_string(request.body.size());
    return response;
  }

 private:
  struct Sink final : RequestSink {
    Sink(ScriptedHandler& handler_in, std::shared_ptr<Request> request_in)
        : handler(handler_in), request(std::move(request_in)) {}
    ~Sink() override { request->gone = true; }
    void on_body(std::string_view bytes) override { request->body += bytes; }
    void on_end() override {
      request->ended = true;
      if (handler.answer_at_end) request->responder.respond(size_answer(*request));
    }
    void on_stalled() override {
      request->stalled = true;
      request->responder.respond(Response{.status = 408, .close = true});
    }
    void on_tick(Time) override { ++request->ticks; }
    bool wants_rest() const override { return handler.take_rest; }
    bool resets_client() const override { return handler.reset_client; }

    ScriptedHandler& handler;
    std::shared_ptr<Request> request;
  };
};

inline Time at_second(double seconds) {
  const auto mono = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return {mono, std::chrono::seconds(784111777) + mono};
}

inline std::string output_of(ServerSession& session) {
  std::string out;
  session.take_output(out);
  return out;
}

}  // namespace weir::net::test
