ARG PARENT
FROM ${PARENT}
COPY services /app/services
COPY harness /app/harness
USER root
RUN python3 -m compileall -q /app
USER chaos
WORKDIR /app
ENTRYPOINT ["python3", "-m", "harness.engines.compose.loadgen"]
