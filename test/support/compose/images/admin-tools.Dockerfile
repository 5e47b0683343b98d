ARG BASE
FROM ${BASE}
COPY temporal temporal-sql-tool /usr/local/bin/
COPY schema /etc/temporal/schema
USER 1000
