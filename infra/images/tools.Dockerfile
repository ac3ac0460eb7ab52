# The executor of tools, with its sandboxes: nothing of models, of runs or of the gateway is in reach of what a tool does.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
RUN sh infra/images/stage.sh tools /usr/local/bin/node conf schemas subgraphs/sdk subgraphs/shared subgraphs/tools

FROM scratch
COPY --from=build /image/ /
ENV PATH=/usr/local/bin NODE_ENV=production
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["node"]
CMD ["subgraphs/tools/main.ts"]
