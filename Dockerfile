# The gate itself, as an image. No HEALTHCHECK: it is a command that ends, not a service.
FROM python:3.12-slim AS build
COPY . /source
RUN python -m pip wheel --no-cache-dir --wheel-dir /wheels "/source[yaml]"

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir --no-index --find-links /wheels "anchore-gate[yaml]" \
    && rm -rf /wheels \
    && useradd --system --create-home --uid 10001 gate
USER gate
WORKDIR /work
ENTRYPOINT ["anchore-gate"]
CMD ["--help"]
