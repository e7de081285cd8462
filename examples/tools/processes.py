"""Programs that run side by side and end together: what sweeps and the claims' measurements share."""
import json
import signal
import subprocess
import threading


class Processes:
    """Those that are under way. After interrupt() none is started any more."""

    def __init__(self):
        self.stopped, self.running, self.lock = False, set(), threading.Lock()

    def start(self, words, log, cwd=None):
        """The exit code of a program, which writes to the file `log`; None: it was not started."""
        with self.lock:
            if self.stopped:
                return None
            # In a session of its own: Ctrl-C reaches it by interrupt() alone, once.
            process = subprocess.Popen(words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
            self.running.add(process)
        try:
            return process.wait()
        finally:
            with self.lock:
                self.running.discard(process)

    def interrupt(self):
        """Programs save and end when they are interrupted."""
        with self.lock:
            self.stopped = True
            for process in self.running:
                process.send_signal(signal.SIGINT)


def read_json(path):
    """None where there is none, or none that is whole."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
