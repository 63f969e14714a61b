ARG PARENT
FROM ${PARENT}
COPY app /app
USER root
# As on the host, what lies in the folder is found behind everything else.
RUN python3 -m compileall -q /app \
    && python3 -c "import site; print('/app/labs', file=open(site.getsitepackages()[0] + '/labs.pth', 'w'))"
USER chaos
