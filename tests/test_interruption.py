import subprocess
import sys

import pytest

TWICE = """
import os, signal, threading
from sdbr.concurrency import until_interrupted
with until_interrupted(threading.Event(), lambda line: print(line, flush=True)):
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
print("still here")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_the_second_interruption_leaves_at_once_and_says_so():
    ran = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True)
    assert ran.returncode == 130
    assert ran.stdout.splitlines() == [
        "Stopping: waiting for the requests in flight. Press Ctrl-C again to stop now."
    ]
    assert ran.stderr.startswith("Stopped. Requests in flight may still be billed")
