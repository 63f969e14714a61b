ARG PARENT
FROM ${PARENT}
COPY labs /app/labs
USER root
RUN python3 -m compileall -q /app/labs
USER chaos
