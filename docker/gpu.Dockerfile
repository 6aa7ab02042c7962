# syntax=docker/dockerfile:1
# The GPU pod: a worker that trains, merges and converts. torch's wheels bring their own CUDA
# libraries; the base image brings what they need of the driver's.
FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04 AS build

# Ubuntu takes old versions off its mirrors, so a pin breaks the build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential cmake python3-venv python3-dev \
    && rm -rf /var/lib/apt/lists/*

# llama.cpp here converts and quantizes, which the CPU does: no CUDA build of it is needed.
ARG CPU="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON"
ENV CMAKE_ARGS=$CPU PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python3 -m venv /opt/lamina
ENV PATH=/opt/lamina/bin:$PATH

# llama.cpp alone first, with the converters of the same source: the step that changes least.
COPY constraints.txt scripts/unpack_converters.py ./
RUN version=$(sed -n 's/^llama_cpp_python==//p' constraints.txt) \
    && pip download --no-deps --no-binary llama-cpp-python --dest . "llama-cpp-python==$version" \
    && pip install --constraint constraints.txt llama_cpp_python-*.tar.gz \
    && python unpack_converters.py llama_cpp_python-*.tar.gz /opt/lamina/share/llama.cpp
COPY pyproject.toml scripts/requirements.py ./
RUN mkdir scripts && mv requirements.py scripts/ \
    && python scripts/requirements.py train s3 postgres > requirements.txt \
    && pip install --constraint constraints.txt --requirement requirements.txt


FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04
# gcc: triton, which bitsandbytes and torch use, compiles its launchers when it first runs
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 python3-dev gcc libc6-dev libgomp1 openssh-client tini \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o ubuntu -g ubuntu /workspace /depot
COPY --from=build /opt/lamina /opt/lamina
COPY --chown=ubuntu:ubuntu . /app
ENV PATH=/opt/lamina/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 \
    LAMINA_HOME=/app LAMINA_WORKSPACE=/workspace PREFECT_WORKER_WEBSERVER_HOST=127.0.0.1
RUN printf '#!/bin/sh\nexec python -m lamina "$@"\n' > /opt/lamina/bin/lamina \
    && chmod +x /opt/lamina/bin/lamina
WORKDIR /app
USER 1000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
ENTRYPOINT ["tini", "-g", "--", "docker/start.sh"]
CMD ["gpu"]
