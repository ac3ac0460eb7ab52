import { TEXT_INPUT } from "@soma/sdk/input-schema";
import type { ProjectState } from "../domain/project-state.ts";
import { drawRun } from "../domain/run-picture.ts";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import type { Resolvers } from "./generated.ts";

export interface AgentsDeps {
  graphs: GraphRegistry;
  /** Left out where there is no project. */
  project?: (() => ProjectState) | undefined;
}

/** Faults of a project that are told at most. */
const MAX_FAULTS = 100;

/** What runs can be started of, and the project that some of it comes from. */
export function agentResolvers({ graphs, project }: AgentsDeps) {
  return {
    Query: {
      graphs: () => [...graphs.list()],
      graph: (_parent, { name }) => graphs.find(name) ?? null,
      project() {
        if (project === undefined) return null;
        const { name, loadedAt, faults } = project();
        return { name, loadedAt: loadedAt.toISOString(), faults: faults.slice(0, MAX_FAULTS) };
      },
    },
    AgentGraph: {
      file: ({ name }) => project?.().files.get(name) ?? null,
      inputSchema: ({ begin, inputSchema }) => inputSchema ?? (begin === undefined ? TEXT_INPUT : null),
      picture: (graph) => drawRun(graph, []),
    },
  } satisfies Resolvers;
}
