"""Run code in a real Jupyter kernel, and take in what it sends, as a front end would."""
import sys
from collections import Counter
from pathlib import Path

from jupyter_client.manager import start_new_kernel


def run_in_kernel(code: str, folder: str, env: dict[str, str]) -> Counter:  # messages by type
    "Runs code with this folder as the current one; passes on its stderr, raises `RuntimeError` if it fails"
    messages = Counter()
    def take(message):
        messages[message["msg_type"]] += 1
        # what loggers print stands in the notebook, what went wrong is for whoever runs this
        if message["content"].get("name") == "stderr": sys.stderr.write(message["content"]["text"])
    manager, client = start_new_kernel(cwd=folder, env=env)
    try:
        reply = client.execute_interactive(f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{code}",
                                           output_hook=take, store_history=False)
        if reply["content"]["status"] != "ok": raise RuntimeError("\n".join(reply["content"]["traceback"]))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return messages
