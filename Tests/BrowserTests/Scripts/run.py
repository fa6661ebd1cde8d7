"""Runs one browser check: run.py CHECK WEIR LOADGEN SCREENSHOTS. Ends with 0 and `passed`, or with what went wrong."""

import faulthandler
import importlib
import os
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from devtools import Browser  # noqa: E402
from weirserver import Server  # noqa: E402


def main():
    name, weir, loadgen, pictures = sys.argv[1:5]
    # Whatever hangs is told by where it hangs.
    faulthandler.dump_traceback_later(float(os.environ.get("WEIR_BROWSER_SECONDS", "840")), exit=True)
    os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="weir-browser-") as folder:
        server = Server(weir, os.path.join(folder, "data"))
        browser = Browser()
        try:
            importlib.import_module(name).check(server, browser, {"loadgen": loadgen, "pictures": pictures, "folder": folder, "weir": weir})
            print("passed")
            return 0
        except Exception:
            traceback.print_exc()
            return 1
        finally:
            browser.close()
            server.process.kill()
            server.process.wait()


sys.exit(main())
