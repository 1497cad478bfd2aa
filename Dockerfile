FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-run.lock ./
RUN python -m venv /opt/kslint \
    && /opt/kslint/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY scripts/index_rules.py scripts/
COPY kslint kslint
COPY rules rules
RUN /opt/kslint/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="kslint" \
      org.opencontainers.image.description="Checks KServe, vLLM and Argo CD manifests before deploy" \
      org.opencontainers.image.source="https://github.com/kslint/kslint" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/kslint /opt/kslint
ENV PATH="/opt/kslint/bin:$PATH"
USER 65532:65532
WORKDIR /repo
ENTRYPOINT ["kslint"]
CMD ["check"]
