ARG PARENT
FROM ${PARENT}
COPY toxiproxy/toxiproxy-server /usr/bin/
