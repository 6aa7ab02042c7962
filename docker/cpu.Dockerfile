# syntax=docker/dockerfile:1
# The CPU pod: layer server, assessment, watcher, and the Prefect server itself. No torch.
FROM python:3.11-slim-bookworm AS build

# Debian takes old versions off its mirrors, so a pin breaks the build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential cmake \
    && rm -rf /var/lib/apt/lists/*

# An image runs on other machines than it was built on: no -march=native. AVX2 is what every x86
# server of the last ten years has; for AVX-512 build with --build-arg CPU="... -DGGML_AVX512=ON".
ARG CPU="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON"
ENV CMAKE_ARGS=$CPU PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/lamina
ENV PATH=/opt/lamina/bin:$PATH

# llama.cpp alone first: the longest step, and the one that changes least.
COPY constraints.txt ./
RUN pip install --no-binary llama-cpp-python --constraint constraints.txt llama-cpp-python
COPY pyproject.toml scripts/requirements.py ./
RUN mkdir scripts && mv requirements.py scripts/ \
    && python scripts/requirements.py serve s3 postgres up > requirements.txt \
    && pip install --constraint constraints.txt --requirement requirements.txt


FROM python:3.11-slim-bookworm
# libgomp: OpenMP of llama.cpp; openssh-client: known_hosts of an SFTP depot
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 openssh-client curl tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 lamina \
    && install -d -o lamina -g lamina /workspace /depot /prefect
COPY --from=build /opt/lamina /opt/lamina
COPY --chown=lamina:lamina . /app
ENV PATH=/opt/lamina/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 \
    LAMINA_HOME=/app LAMINA_WORKSPACE=/workspace LAMINA_HOST=0.0.0.0
RUN printf '#!/bin/sh\nexec python -m lamina "$@"\n' > /opt/lamina/bin/lamina \
    && chmod +x /opt/lamina/bin/lamina
WORKDIR /app
USER 1000
EXPOSE 5000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
    CMD ["curl", "--fail", "--silent", "http://127.0.0.1:5000/health"]
ENTRYPOINT ["tini", "-g", "--", "docker/start.sh"]
CMD ["cpu"]
