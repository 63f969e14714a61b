# Takes what runs from the registry's image, onto the parent; what does not start ends the build.
ARG SOURCE
ARG PARENT
FROM ${SOURCE} AS source

FROM ${PARENT}
COPY --from=source /toxiproxy /usr/bin/toxiproxy-server
RUN toxiproxy-server --version
COPY stdio_agent.py /app/
