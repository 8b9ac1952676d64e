# SPDX-License-Identifier: Apache-2.0
"""A wire with an ear: relays TCP bytes untouched and notes the head of each HTTP request and of each answer that passes."""
import re
import socket
import threading
import time

REQUEST = re.compile(rb"POST (\S+) HTTP/1\.1\r\n((?:[^\r\n]+\r\n)*)\r\n")
ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n")


class Tap:
    """What connects to `port` is connected to `target`. `posts`: (seconds of time.monotonic(), path, content type, user agent);
    `answers`: status codes."""

    def __init__(self, target):
        self.target, self.posts, self.answers = target, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            for source, sink, hear in ((near, far, self._requests), (far, near, self._answers)):
                threading.Thread(target=self._relay, args=(source, sink, hear), daemon=True).start()

    @staticmethod
    def _relay(source, sink, hear):
        heard = b""
        try:
            while data := source.recv(65536):
                heard = hear(heard + data)
                sink.sendall(data)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _requests(self, heard):
        return self._each(REQUEST, heard, self._note)

    def _answers(self, heard):
        return self._each(ANSWER, heard, lambda m: self.answers.append(int(m[1])))

    @staticmethod
    def _each(pattern, heard, note):
        """Notes every whole head in `heard`; -> what is after the last one, where the next may have begun."""
        end = 0
        for m in pattern.finditer(heard):
            note(m)
            end = m.end()
        return heard[end:]

    def _note(self, m):
        lines = (line.split(": ", 1) for line in m[2].decode().splitlines())
        headers = {name.lower(): value for name, value in lines}
        self.posts.append((time.monotonic(), m[1].decode(), headers["content-type"], headers["user-agent"]))

    def senders(self, since=0.):
        """{(content type, SDK)} of what was posted since then."""
        return {(kind, agent.split("/")[0]) for at, _, kind, agent in self.posts if at >= since}

    def json_posts(self):
        """When each was sent."""
        return [at for at, _, kind, _ in self.posts if kind == "application/json"]
