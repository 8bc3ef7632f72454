# A WSGI application that says what its own process has imported: gunicorn flask_app:app
import os
import sys

import flask
import requests  # noqa: F401
import yaml  # noqa: F401

app = flask.Flask(__name__)


@app.get("/truth")
def truth():
    files = {n: getattr(m, "__file__", None) for n, m in list(sys.modules.items()) if m is not None}
    return {"pid": os.getpid(), "modules": files}
