# SPDX-License-Identifier: Apache-2.0
"""graphistry_gateway.py HOST PORT CERT KEY USER PASSWORD FILE: an OTLP gateway as Grafana Cloud's: HTTPS, basic authentication, signals
under /otlp/v1/. Takes what is in order (one line of JSON each in FILE: {"path", "body"}) and refuses the rest with 401."""
import base64
import gzip
import http.server
import json
import ssl
import sys


def handler(wanted, out):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            known = self.headers.get("Authorization") == wanted
            out.write(json.dumps({"path": self.path, "known": known, "body": body.hex() if known else ""}) + "\n")
            out.flush()
            self.send_response(200 if known else 401)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    return Handler


def main():
    host, port, cert, key, user, password, path = sys.argv[1:]
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    with open(path, "w", encoding="ascii") as out:
        server = http.server.ThreadingHTTPServer((host, int(port)), handler(wanted, out))
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
