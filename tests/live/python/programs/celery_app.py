# A Celery application with its broker in a folder: celery -A celery_app worker
import os
import sys

import celery

folder = os.environ["BROKER_FOLDER"]
app = celery.Celery("celery_app", broker="filesystem://", backend="file://" + folder)
app.conf.broker_transport_options = {
    "data_folder_in": folder,
    "data_folder_out": folder,
    "control_folder": folder,
    "polling_interval": 0.05,
}


@app.task
def truth():
    files = {n: getattr(m, "__file__", None) for n, m in list(sys.modules.items()) if m is not None}
    return {"pid": os.getpid(), "modules": files}
