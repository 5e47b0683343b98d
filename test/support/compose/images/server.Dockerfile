ARG BASE
FROM ${BASE}
COPY temporal-server /usr/local/bin/
COPY entrypoint.sh /etc/temporal/
WORKDIR /etc/temporal
USER 1000
CMD ["/etc/temporal/entrypoint.sh"]
