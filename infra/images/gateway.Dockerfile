# The gateway on Node, with the page.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error -w webui && npm run build -w webui

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
RUN sh infra/images/stage.sh gateway /usr/local/bin/node gateway graphql schemas subgraphs/shared
COPY --from=page /app/webui/dist /image/app/webui/dist

FROM scratch
COPY --from=build /image/ /
ENV PATH=/usr/local/bin NODE_ENV=production
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["node"]
CMD ["gateway/main.node.ts"]
