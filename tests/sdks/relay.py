# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that counts what a client sends: shows that a compressing sender does compress."""
import contextlib
import socket
import threading


class Relay:
    def __init__(self, target):
        self.target, self.sent, self.lock = target, 0, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._copy, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._copy, args=(server, client, False), daemon=True).start()

    def _copy(self, source, sink, count):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if count:
                    with self.lock:
                        self.sent += len(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
