"""Starts a program, waits until it says that it is ready, and ends it with its children's output kept."""

import os
import signal
import socket
import subprocess
import tempfile

from .waiting import eventually

INTERLOCK = os.environ["INTERLOCK_BINARY"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """A child process; `with` ends it. `ready(self)` is asked until it says yes."""

    def __init__(self, command, *, ready, environment=None, seconds=120.0):
        self.log = tempfile.TemporaryFile("w+b")
        self.command = [str(part) for part in command]
        self.environment = {**os.environ, **(environment or {})}
        self.ready, self.seconds = ready, seconds
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=self.log, stderr=subprocess.STDOUT, env=self.environment
        )
        eventually(self._alive_and_ready, bool, f"{self.command[0]} is ready", self.seconds)
        return self

    def _alive_and_ready(self):
        status = self.process.poll()
        if status is not None:
            raise AssertionError(f"{' '.join(self.command)} ended with {status}:\n{self.output()[-4000:]}")
        return self.ready(self)

    def output(self):
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode(errors="replace")

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self):
        """Ends it without a chance to say goodbye."""
        self.stop(signal.SIGKILL)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.stop()
        if kind is not None and os.environ.get("INTERLOCK_PEERS_VERBOSE"):
            print(self.output()[-8000:])
        self.log.close()
