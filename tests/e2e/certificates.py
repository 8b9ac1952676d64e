# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates for tests, made by the openssl command."""
import os
import subprocess


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Authority:
    """A certificate authority in files of a directory; `ca` is the file that others trust."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.ca, self.key = os.path.join(directory, name + ".pem"), os.path.join(directory, name + ".key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                "-out", self.ca, "-days", "2", "-subj", f"/CN={name}")

    def issue(self, name):
        """(certificate, key) for localhost and 127.0.0.1, of clients too."""
        path = os.path.join(self.directory, f"{self.name}-{name}")
        with open(path + ".ext", "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + ".key",
                "-out", path + ".csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", path + ".csr", "-CA", self.ca, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                "-extfile", path + ".ext", "-out", path + ".pem")
        return path + ".pem", path + ".key"


def install(pair, at):
    """Puts a certificate and its key into place by renaming, as deployments do."""
    for source, target in zip(pair, at):
        with open(source, "rb") as f:
            data = f.read()
        with open(target + ".new", "wb") as f:
            f.write(data)
        os.rename(target + ".new", target)
