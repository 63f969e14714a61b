# By default the Debian that debian.sh made; else the image that PARENT names, which must have python3.
ARG PARENT=debian

FROM scratch AS debian
ADD base/base.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8

FROM ${PARENT}
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin chaos
USER chaos
