"""gevent's WSGI server for one application, with nothing patched.

python -m tests.acceptance.unpatched MODULE:NAME PORT
"""

from __future__ import annotations

import sys
from importlib import import_module

from gevent.pywsgi import WSGIServer

if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    WSGIServer(("127.0.0.1", int(sys.argv[2])), getattr(import_module(module), name), log=None).serve_forever()
