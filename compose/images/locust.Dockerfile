ARG PARENT
FROM ${PARENT}
COPY site /site
USER root
RUN python3 -m compileall -q /site
USER chaos
