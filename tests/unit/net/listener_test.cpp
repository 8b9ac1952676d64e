// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "loop_fixture.h"
#include "net/url.h"
#include "raw_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;

namespace {

// Sends back what comes, until the peer's end; counts streams per shard.
struct Echo : std::enable_shared_from_this<Echo> {
  explicit Echo(std::unique_ptr<Stream> from) : stream(std::move(from)) {}
  void read() {
    stream->read(buffer, sizeof buffer, [self = shared_from_this()](IoResult result) {
      if (!result.ok()) return self->stream->close();
      const std::string_view pieces[] = {"", {self->buffer, result.bytes}, ""};
      self->stream->write(pieces, [self](IoResult written) {
        if (written.ok()) self->read();
      });
    });
  }
  std::unique_ptr<Stream> stream;
  char buffer[1000];
};

Endpoint local(uint16_t port = 0) { return {"127.0.0.1", port, ""}; }

}  // namespace

TEST_CASE("endpoints") {
  std::string error;
  CHECK(parse_endpoint("localhost:4317", error)->host == "localhost");
  CHECK(parse_endpoint("[::1]:80", error)->to_string() == "[::1]:80");
  CHECK(parse_endpoint(":0", error)->host.empty());
  CHECK(parse_endpoint("unix:///run/x", error)->unix_path == "/run/x");
  for (const char* bad : {"", "host", "host:", "host:70000", "::1:80", "[::1]80", "host:1x", "unix:"}) {
    CAPTURE(bad);
    error.clear();
    CHECK_FALSE(parse_endpoint(bad, error));
    CHECK_FALSE(error.empty());
  }
}

TEST_CASE("URLs") {
  std::string error;
  const auto url = parse_url("http://tempo:4318/otlp?x=1#y", error);
  CHECK((url->host == "tempo" && url->port == 4318 && url->path == "/otlp?x=1"));
  CHECK(parse_url("https://[::1]", error)->authority() == "[::1]");
  CHECK(parse_url("http://a:81", error)->authority() == "a:81");
  CHECK(parse_url("HTTPS://a", error)->port == 443);
  for (const char* broken : {"http://a b", " http://a", "http://a/x y", "http://a\n"}) {
    CHECK_FALSE(parse_url(broken, error));
    CHECK(error == "a URL cannot hold spaces or control characters");
  }
  CHECK(parse_url("http://a?b", error)->path == "/?b");
  for (const char* bad : {"tempo:4318", "ftp://a", "http://", "http://:80", "http://a:x", "http://a:0"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_url(bad, error));
  }
  CHECK_FALSE(parse_url("http://me:secret@a", error));
  CHECK(error.find("secret") == std::string::npos);
}

TEST_CASE("bytes go both ways, in pieces and in bulk") {
  Loops world(2);
  auto bound =
      Listener::bind(world.loops, local(), [](auto stream) { std::make_shared<Echo>(std::move(stream))->read(); });
  REQUIRE(bound.error.empty());
  CHECK(bound.listener->address() == "127.0.0.1:" + std::to_string(bound.listener->port()));
  bound.listener->start();
  world.loops.run();
  RawSocket peer = RawSocket::connect(bound.listener->port());
  std::string text(3'000'000, 'x');
  for (size_t i = 0; i < text.size(); i += 7) text[i] = static_cast<char>('a' + i % 26);
  std::thread sender([&] { peer.send(text); });
  const std::string back = peer.read_until([&](const std::string& all) { return all.size() >= text.size(); });
  sender.join();
  CHECK(back == text);
}

TEST_CASE("a write larger than the socket's buffer comes whole and in order") {
  Loops world(1);
  std::vector<std::string> parts;
  std::string all;
  for (int i = 0; i < 300; ++i) {
    parts.emplace_back(static_cast<size_t>(i * 97), static_cast<char>('a' + i % 26));
    all += parts.back();
  }
  const std::vector<std::string_view> pieces(parts.begin(), parts.end());
  Promised<IoResult> written;
  auto bound = Listener::bind(world.loops, local(), [&](std::unique_ptr<Stream> from) {
    const std::shared_ptr<Stream> stream = std::move(from);
    stream->write(pieces, [&, stream](IoResult result) {
      stream->shutdown_write();
      written.set(result);
    });
  });
  bound.listener->start();
  world.loops.run();
  RawSocket peer = RawSocket::connect(bound.listener->port());
  CHECK(peer.read_to_end() == all);
  const IoResult result = written.wait();
  CHECK(result.ok());
  CHECK(result.bytes == all.size());
}

TEST_CASE("closing a stream ends what is under way") {
  Loops world(1);
  Promised<IoResult> read;
  auto bound = Listener::bind(world.loops, local(), [&](std::unique_ptr<Stream> from) {
    auto echo = std::make_shared<Echo>(std::move(from));
    echo->stream->read(echo->buffer, sizeof echo->buffer, [&, echo](IoResult result) { read.set(result); });
    echo->stream->close();
  });
  bound.listener->start();
  world.loops.run();
  RawSocket peer = RawSocket::connect(bound.listener->port());
  CHECK(read.wait().error);
  CHECK(peer.read_to_end().empty());
}

TEST_CASE("connections go to the shard with the fewest, or to the one that was asked for") {
  constexpr uint32_t kShards = 3;
  for (const std::optional<uint32_t> only : {std::optional<uint32_t>(), std::optional<uint32_t>(2)}) {
    std::mutex mutex;
    std::vector<int> per_shard(kShards, 0);
    std::atomic<int> total{0};
    Promised<bool> all_came;
    std::vector<std::unique_ptr<Stream>> streams;
    Loops world(kShards);
    const auto on_stream = [&](std::unique_ptr<Stream> stream) {
      std::lock_guard lock(mutex);
      CHECK(stream->peer().starts_with("127.0.0.1:"));
      ++per_shard[stream->shard().index()];
      streams.push_back(std::move(stream));
      if (++total == 30) all_came.set(true);
    };
    auto bound = Listener::bind(world.loops, local(), on_stream, only);
    bound.listener->start();
    world.loops.run();
    std::vector<RawSocket> peers;
    for (int i = 0; i < 30; ++i) peers.push_back(RawSocket::connect(bound.listener->port()));
    all_came.wait();
    world.loops.stop();
    world.loops.join();
    CHECK(per_shard == (only ? std::vector<int>{0, 0, 30} : std::vector<int>{10, 10, 10}));
    streams.clear();
  }
}

TEST_CASE("a busy port names the port and the process") {
  Loops world(1);
  const auto nothing = [](std::unique_ptr<Stream>) {};
  auto first = Listener::bind(world.loops, local(), nothing);
  const auto second = Listener::bind(world.loops, local(first.listener->port()), nothing);
  CHECK_FALSE(second.listener);
  const std::string port = std::to_string(first.listener->port());
  std::string name;
  std::getline(std::ifstream("/proc/self/comm"), name);
  CHECK(second.error == "cannot listen on 127.0.0.1:" + port + ": address already in use by " + name + " (pid " +
                            std::to_string(::getpid()) + ")");
}

TEST_CASE("what cannot be listened on says why") {
  Loops world(1);
  const auto nothing = [](std::unique_ptr<Stream>) {};
  CHECK(Listener::bind(world.loops, {"192.0.2.1", 0, ""}, nothing).error ==
        "cannot listen on 192.0.2.1:0: Cannot assign requested address");
  CHECK(Listener::bind(world.loops, {"no-such-host.invalid", 1, ""}, nothing)
            .error.starts_with("cannot listen on no-such-host.invalid:1: "));
}

TEST_CASE("both families and Unix sockets") {
  const std::string path = std::filesystem::temp_directory_path() / ("weir-test-" + std::to_string(::getpid()));
  {
    Loops world(1);
    const auto echo = [](auto stream) { std::make_shared<Echo>(std::move(stream))->read(); };
    auto any = Listener::bind(world.loops, {"", 0, ""}, echo);
    REQUIRE(any.error.empty());
    auto un = Listener::bind(world.loops, {"", 0, path}, echo);
    REQUIRE(un.error.empty());
    CHECK(std::filesystem::exists(path));
    CHECK_FALSE(Listener::bind(world.loops, {"", 0, path}, echo).error.empty());  // alive: not taken away
    any.listener->start();
    world.loops.run();
    RawSocket peer = RawSocket::connect(any.listener->port());
    peer.send("hello");
    CHECK(peer.read_until([](const std::string& all) { return all.size() >= 5; }) == "hello");
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("an abstract Unix socket has no file, and a stale file is no obstacle") {
  Loops world(1);
  const auto nothing = [](std::unique_ptr<Stream>) {};
  const std::string name = "weir-test-" + std::to_string(::getpid());
  auto abstract = Listener::bind(world.loops, {"", 0, "@" + name}, nothing);
  CHECK(abstract.error.empty());
  CHECK(Listener::bind(world.loops, {"", 0, "@" + name}, nothing).error ==
        "cannot listen on unix:@" + name + ": address already in use");
  const std::string path = std::filesystem::temp_directory_path() / (name + "-stale");
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(dead, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  ::close(dead);
  CHECK(Listener::bind(world.loops, {"", 0, path}, nothing).error.empty());
}

TEST_CASE("after stop_accepting nobody is let in, and the port is free") {
  Loops world(1);
  const auto echo = [](auto stream) { std::make_shared<Echo>(std::move(stream))->read(); };
  auto bound = Listener::bind(world.loops, local(), echo);
  bound.listener->start();
  world.loops.run();
  RawSocket before = RawSocket::connect(bound.listener->port());
  before.send("x");
  before.read_until([](const std::string& all) { return !all.empty(); });
  bound.listener->stop_accepting();
  on(world.loops.at(0), [] { return true; });
  CHECK_THROWS(RawSocket::connect(bound.listener->port()));
  before.send("y");
  CHECK(before.read_until([](const std::string& all) { return !all.empty(); }) == "y");
  CHECK(Listener::bind(world.loops, local(bound.listener->port()), echo).error.empty());
}
