# The subgraphs, the worker and the jobs: each is a program of /app, named when a container is started.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
RUN sh infra/images/stage.sh server /usr/local/bin/node \
  conf graphql infra/cli infra/local schemas \
  subgraphs/langgraph subgraphs/memory subgraphs/policy subgraphs/runs subgraphs/sdk subgraphs/shared subgraphs/tools

FROM scratch
COPY --from=build /image/ /
ENV PATH=/usr/local/bin NODE_ENV=production
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["node"]
CMD ["subgraphs/runs/main.ts"]
