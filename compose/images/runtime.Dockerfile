ARG PARENT
FROM ${PARENT}
ENV PYTHONPATH=/app:/site PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY site /site
# A read-only container cannot keep bytecode, and compiling at each start would take a second.
USER root
RUN python3 -m compileall -q /site
USER chaos
