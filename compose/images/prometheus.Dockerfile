ARG PARENT
FROM ${PARENT}
COPY prometheus/usr/bin/prometheus /usr/bin/
COPY first_seconds.py stdio_agent.py /app/
