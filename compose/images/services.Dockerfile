ARG PARENT
FROM ${PARENT}
COPY services /app/services
USER root
RUN python3 -m compileall -q /app
USER chaos
WORKDIR /app
ENTRYPOINT ["python3", "-m", "services.main"]
