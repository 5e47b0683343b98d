# The worker and the gateway: `docker build -t perennial-worker:0.1.0 .`. It needs no file but its own and writes none but to /tmp.
# glibc, because the Temporal SDK has native parts that know no other C library.
ARG NODE=node:20.20.2-bookworm-slim

# Compiles, and bundles the workflows, so that the worker starts without a compiler's work.
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bin bin
COPY scripts scripts
RUN npm ci --include=dev
COPY tsconfig.json ./
COPY src src
RUN npm run build
# What these programs load, which is a fifth of the production dependencies.
RUN node scripts/image-files.mjs /image dist/worker.js dist/worker/health.js dist/gateway.js dist/command/index.mjs

FROM ${NODE}
ENV NODE_ENV=production PERENNIAL_RUNTIME=kubernetes
WORKDIR /app
COPY --from=build /image ./
# The image's own user node, as a number: Kubernetes cannot prove of a name that it is not root.
USER 1000:1000
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s CMD ["node", "dist/worker/health.js"]
CMD ["node", "--enable-source-maps", "dist/worker.js"]
