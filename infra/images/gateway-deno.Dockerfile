# The gateway on Deno, with the page. The first Deno of a container works out what the second one, the gateway, may do.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error -w webui && npm run build -w webui

FROM ${NODE_IMAGE} AS deno
WORKDIR /deno
COPY infra/local/deno/package.json infra/local/deno/package-lock.json ./
RUN npm ci --include=optional --ignore-scripts --no-audit --no-fund --loglevel=error \
  && cp node_modules/@deno/linux-*-glibc/deno /usr/local/bin/deno

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
COPY --from=deno /usr/local/bin/deno /usr/local/bin/deno
RUN sh infra/images/stage.sh gateway-deno /usr/local/bin/deno gateway graphql infra/local schemas subgraphs/shared
COPY --from=page /app/webui/dist /image/app/webui/dist
# Where infra/local/find-deno.ts looks for the version that it wants.
RUN folder=/image/app/.tools/deno-$(node -p 'require("/app/infra/local/deno/package.json").dependencies.deno')/node_modules/@deno \
  && mkdir -p "$folder/image" && ln -s /usr/local/bin/deno "$folder/image/deno"

FROM scratch
COPY --from=build /image/ /
ENV PATH=/usr/local/bin NODE_ENV=production DENO_DIR=/tmp/deno DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["deno"]
CMD ["run", "--no-lock", "--node-modules-dir=manual", "--no-remote", "--cached-only", "--no-prompt", \
  "--allow-env", "--allow-read", "--allow-net", "--allow-sys", "--allow-run", "infra/local/start-deno.ts"]
