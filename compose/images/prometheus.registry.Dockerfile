# Takes what runs from the registry's image, onto the parent; what does not start ends the build.
ARG SOURCE
ARG PARENT
FROM ${SOURCE} AS source

FROM ${PARENT}
COPY --from=source /bin/prometheus /usr/bin/
RUN prometheus --version
COPY first_seconds.py stdio_agent.py /app/
