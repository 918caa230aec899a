# syntax=docker/dockerfile:1
# The image of docs/docker.md. What stands here is also performed without a container engine, by tests/image.

FROM python:3.13-slim AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/together-mock UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /src
RUN --mount=type=cache,target=/root/.cache \
    python -m venv /opt/uv && /opt/uv/bin/python -m pip install uv==0.13.9
# The dependencies by themselves first: they change less often than the project.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache \
    /opt/uv/bin/uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY app app
COPY fixtures fixtures
COPY openapi openapi
# The lock file has the build backend too: what it does not have by its hash is refused.
RUN --mount=type=cache,target=/root/.cache \
    /opt/uv/bin/uv export --quiet --frozen --only-group build --output-file build.txt \
    && /opt/uv/bin/uv build --wheel --build-constraints build.txt --require-hashes --out-dir dist \
    && /opt/uv/bin/uv pip install --no-deps --python /opt/together-mock dist/*.whl \
    && mkdir /data

FROM python:3.13-slim
LABEL org.opencontainers.image.title="together-mock" \
      org.opencontainers.image.description="A local server that stands in for Together AI's dedicated-endpoints platform." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim"
# Nothing is installed into a running container.
RUN python -m pip uninstall --yes --quiet pip && rm -rf /usr/local/lib/python3.*/ensurepip
COPY --from=build /opt/together-mock /opt/together-mock
COPY --from=build --chown=65532:65532 /data /data
# A server that listens to its container alone is of no use.
ENV PATH=/opt/together-mock/bin:$PATH TOGETHER_MOCK_HOST=0.0.0.0
# Last: nothing that was made above depends on them.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
USER 65532:65532
EXPOSE 4010
HEALTHCHECK --interval=2s --timeout=5s --start-period=5s --retries=3 CMD ["together-mock", "healthcheck"]
ENTRYPOINT ["together-mock"]
CMD ["serve"]
