# The image of the sensor: Python, the packages that setup.cfg names, the sensor; no compiler, no pip
# of our own, nothing that is written at run time.
#
#   docker build -t runtime-sensor .        buildah bud and podman build do the same
#
# The base is pinned to one release. To pin its very bytes, add the digest that your registry shows:
#   --build-arg BASE=python:3.13.15-slim-trixie@sha256:…
ARG BASE=python:3.13.15-slim-trixie

FROM ${BASE} AS needed
# Two environments: one with pip, which stays behind, and the one that is shipped.
RUN python3 -m venv /tools && python3 -m venv --without-pip /opt/runtime-sensor
COPY setup.cfg ./
# Wheels only: nothing is compiled, so nothing needs a compiler.
RUN python3 -c 'import configparser as c; p = c.ConfigParser(); p.read("setup.cfg"); print(p["options"]["install_requires"])' > /tools/needed \
    && /tools/bin/pip --python /opt/runtime-sensor/bin/python install \
        --no-cache-dir --no-compile --only-binary=:all: -r /tools/needed
# Without valid .pyc files a start costs four times the CPU and 8 MiB more. unchecked-hash: they stay
# valid whatever copying the files does to their times. The client of Kubernetes and what only it
# needs are left out: no pod imports them (they read kubeconfig files).
RUN python3 -m compileall -f -q --invalidation-mode unchecked-hash \
        -x '/(kubernetes|aiohttp|pydantic)/' /opt/runtime-sensor/lib

FROM needed AS own
WORKDIR /src
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY sensor sensor
COPY probes probes
COPY ebpf_prebuilt ebpf_prebuilt
RUN /tools/bin/pip --python /opt/runtime-sensor/bin/python install \
        --no-cache-dir --no-compile --no-deps --prefix /own . \
    && python3 -m compileall -f -q --invalidation-mode unchecked-hash -s /own -p /opt/runtime-sensor \
        /own/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="runtime-sensor" \
      org.opencontainers.image.description="Tells which packages running processes have really loaded" \
      org.opencontainers.image.licenses="Apache-2.0"
# Of the standard library too: the official Python images come without. -f: Python has just written
# some of another kind, for itself.
RUN python3 -m compileall -f -q --invalidation-mode unchecked-hash \
        -x '/(site-packages|dist-packages|test|idlelib|tkinter|turtledemo|ensurepip|pydoc_data)/' \
        "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
# What changes seldom comes first: a new version of the sensor is the last layer only.
COPY --from=needed /opt/runtime-sensor /opt/runtime-sensor
COPY --from=own /own /opt/runtime-sensor
# The thresholds of glibc: fixed at its own start value, else it raises them and what a look has
# freed does not go back to the node.
ENV PATH=/opt/runtime-sensor/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    MALLOC_MMAP_THRESHOLD_=131072
# Whoever reads other people's processes asks for it: the chart's DaemonSet runs as 0, with six
# capabilities and a read-only root; by hand it is `--user 0`.
USER 65532:65532
ENTRYPOINT ["runtime-sensor"]
CMD ["--help"]
