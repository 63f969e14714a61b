# Takes what runs from the registry's image, onto the parent; what does not start ends the build.
ARG SOURCE
ARG PARENT
FROM ${SOURCE} AS source

FROM ${PARENT}
COPY --from=source /usr/local/bin/redis-server /usr/local/bin/redis-cli /usr/bin/
RUN redis-server --version && redis-cli --version
