# The worker: `docker build -t perennial-worker:0.1.0 .`. It needs no file but its own and writes none but to /tmp.
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

# What runs, without what only compiles and tests.
FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM ${NODE}
ENV NODE_ENV=production PERENNIAL_RUNTIME=kubernetes
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The image's own user node, as a number: Kubernetes cannot prove of a name that it is not root.
USER 1000:1000
CMD ["node", "--enable-source-maps", "dist/worker.js"]
