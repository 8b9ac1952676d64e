# SPDX-License-Identifier: Apache-2.0
"""The senders: how each is set up below build/sdks (again only where its sources changed) and how it is run."""
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build/sdks")
VENV = os.path.join(OUT, "python/bin/python")


def run(*argv, cwd=None):
    done = subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout[-3000:]}")


def set_up_python():
    run("python3", "-m", "venv", "--clear", os.path.join(OUT, "python"))
    run(VENV, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", os.path.join(HERE, "python/requirements.txt"))


def set_up_js():
    shutil.rmtree(os.path.join(OUT, "js"), ignore_errors=True)
    shutil.copytree(os.path.join(HERE, "js"), os.path.join(OUT, "js"), ignore=shutil.ignore_patterns("node_modules"))
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=os.path.join(OUT, "js"))


def set_up_java():
    run("mvn", "-q", "-B", "-Dstyle.color=never", f"-Dout={OUT}/java", "package", cwd=os.path.join(HERE, "java"))


def set_up_go():
    run("go", "build", "-o", os.path.join(OUT, "go/sender"), ".", cwd=os.path.join(HERE, "go"))


class Language:
    def __init__(self, name, folder, tools, set_up, argv, protocols, timeout_unit):
        self.name, self.folder, self.tools, self.set_up, self.argv = name, folder, tools, set_up, argv
        self.protocols = protocols
        self.second = timeout_unit  # what OTEL_EXPORTER_OTLP_TIMEOUT calls a second

    def missing(self):
        return [tool for tool in self.tools if not shutil.which(tool)]

    def ready(self):
        """Sets it up unless it stands as its sources are now."""
        stamp, now = os.path.join(OUT, self.folder + ".stamp"), self._digest()
        if os.path.exists(stamp) and shutil.which(self.argv[0]):
            with open(stamp) as f:
                if f.read() == now:
                    return
        print(f"setting up {self.name} in build/sdks", flush=True)
        self.set_up()
        with open(stamp, "w") as f:
            f.write(now)

    def _digest(self):
        digest = hashlib.sha256()
        for directory, below, names in os.walk(os.path.join(HERE, self.folder)):
            below[:] = sorted(set(below) - {"node_modules", "target", "__pycache__"})
            for name in sorted(names):
                with open(os.path.join(directory, name), "rb") as f:
                    digest.update(name.encode() + b"\0" + f.read() + b"\0")
        return digest.hexdigest()


LANGUAGES = [
    Language("Python", "python", ["python3"], set_up_python, [VENV, os.path.join(HERE, "python/sender.py")], ["grpc", "http/protobuf"], 1),
    Language("JS", "js", ["node", "npm"], set_up_js, ["node", os.path.join(OUT, "js/sender.js")], ["grpc", "http/json", "http/protobuf"], 1000),
    Language("Java", "java", ["java", "mvn"], set_up_java,
             ["java", "-cp", f"{OUT}/java/sender-1.jar:{OUT}/java/lib/*", "weir.Sender"], ["grpc", "http/protobuf"], 1000),
    Language("Go", "go", ["go"], set_up_go, [os.path.join(OUT, "go/sender")], ["grpc", "http/protobuf"], 1000),
]


@contextlib.contextmanager
def alone():
    """Two runs at once set up one after the other."""
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, "lock"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def enter_venv():
    """This script reads spans with the Python SDK's own packages: it goes on in their venv."""
    with alone():
        LANGUAGES[0].ready()
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(OUT, "python")):
        os.execv(VENV, [VENV, *sys.argv])


def set_up_all(wanted):
    """-> the languages that can be run here; says which cannot. Those that can be set up and fail, fail."""
    found = []
    with alone():
        for language in LANGUAGES:
            if wanted and language.folder not in wanted:
                continue
            if missing := language.missing():
                print(f"SKIPPED {language.name}: {', '.join(missing)} not on this machine", flush=True)
                continue
            language.ready()
            found.append(language)
    return found


class Case:
    """One SDK with one protocol."""

    def __init__(self, language, protocol, gzip=False):
        self.language, self.protocol, self.gzip = language, protocol, gzip
        self.sender = f"{language.name} {protocol.replace('http', 'HTTP').replace('grpc', 'gRPC')}"
        self.name = f"{language.folder}-{protocol.replace('/', '-')}" + ("-gzip" if gzip else "")

    def start(self, port, count, directory, stay=False, **env):
        return Program(self, port, count, os.path.join(directory, self.name), stay, env)


class Program:
    """A sender that runs. Its streams are files, so that it never waits for a reader."""

    def __init__(self, case, port, count, path, stay, env):
        self.case, self.path = case, path
        clean = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_") and not k.lower().endswith("_proxy")}
        own = {"OTEL_SERVICE_NAME": case.name, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}
        if case.gzip:
            own["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip"
        with open(path + ".out", "wb") as out, open(path + ".log", "wb") as err:
            self.p = subprocess.Popen([*case.language.argv, case.protocol, str(count), *(["stay"] if stay else [])], stdin=subprocess.PIPE,
                                      stdout=out, stderr=err, env={**clean, **own, **env})

    def running(self):
        return self.p.poll() is None

    def finish(self, seconds=60):
        """Lets it end. -> the lines of its truth"""
        self.p.stdin.close()
        code = self.p.wait(seconds)
        with open(self.path + ".log", errors="replace") as f:
            assert code == 0, f"{self.case.name} ended with {code}:\n{f.read()[-2000:]}"
        with open(self.path + ".out", encoding="utf-8") as f:
            return f.read().splitlines()

    def kill(self):
        self.p.kill()
        self.p.wait()
