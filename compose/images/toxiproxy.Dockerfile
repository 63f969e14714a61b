ARG PARENT
FROM ${PARENT}
COPY toxiproxy/toxiproxy-server /usr/bin/
COPY stdio_agent.py /app/
