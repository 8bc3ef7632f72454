# A whole Django project in one file: python django_app.py SOCKET. Says what it has imported.
import os
import sys

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path


def truth(request):
    files = {n: getattr(m, "__file__", None) for n, m in list(sys.modules.items()) if m is not None}
    return JsonResponse({"pid": os.getpid(), "modules": files})


urlpatterns = [path("truth", truth)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
application = get_wsgi_application()
