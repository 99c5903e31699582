# The gate itself, as an image. No HEALTHCHECK: it is a command that ends, not a service.
FROM python:3.12-slim AS build
COPY pyproject.toml setup.cfg README.md LICENSE /source/
COPY anchore_gate /source/anchore_gate
# Without pip in it: what installs packages has no place where images are judged.
RUN python -m venv --without-pip /opt/gate \
    && python -m pip --python /opt/gate/bin/python install --no-cache-dir "/source[yaml]"

FROM python:3.12-slim
COPY --from=build /opt/gate /opt/gate
RUN useradd --create-home --shell /usr/sbin/nologin --uid 10001 gate
USER gate
WORKDIR /work
ENTRYPOINT ["/opt/gate/bin/anchore-gate"]
CMD ["--help"]
