ARG PARENT
FROM ${PARENT}
COPY redis/usr/lib /usr/lib
# The server is the checker under another name, which is how it knows what to be.
COPY redis/usr/bin/redis-check-rdb /usr/bin/redis-server
COPY redis/usr/bin/redis-cli /usr/bin/
