ARG BASE
FROM ${BASE}
WORKDIR /home/ui-server
COPY ui-server start-ui-server.sh ./
COPY docker.yaml config/
USER 1000
ENTRYPOINT ["./start-ui-server.sh"]
