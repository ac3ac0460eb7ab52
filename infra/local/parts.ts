import { langgraphMigrations } from "@soma/langgraph/migrate";
import { startMemory } from "@soma/memory/main";
import { memoryMigrations } from "@soma/memory/migrate";
import { startPolicy } from "@soma/policy/main";
import { policyMigrations } from "@soma/policy/migrate";
import type { WorkerProcess } from "@soma/runs/kill-worker";
import type { LiveGraphs } from "@soma/runs/live-graphs";
import { startRuns } from "@soma/runs/main";
import { runsMigrations } from "@soma/runs/migrate";
import type { ModelSource } from "@soma/runs/models";
import type { ProjectState } from "@soma/runs/project-state";
import type { Tool } from "@soma/sdk/define-tool";
import type { EventBus } from "@soma/shared/bus/event-bus";
import type { Log } from "@soma/shared/log";
import type { Migration } from "@soma/shared/postgres/migrate";
import type { Running } from "@soma/shared/subgraph-settings";
import { startTools } from "@soma/tools/main";
import { toolsMigrations } from "@soma/tools/migrate";

/** What a subgraph is started with; it takes what it needs. */
interface PartDeps {
  env: Record<string, string | undefined>;
  log: Log;
  /** Undefined when the process holds its events in the outbox. */
  bus: EventBus | undefined;
  /** The models of this process; looked for by the part itself when left out. */
  models?: ModelSource;
  /** Every graph of this process; those that ship when left out. */
  graphs?: LiveGraphs;
  /** What those of a project come from. */
  project?: () => ProjectState;
  /** Tools beside those that ship. */
  moreTools?: () => readonly Tool[];
  /** One that may be killed, where there is one. */
  workerProcess?: WorkerProcess | undefined;
}

export interface SubgraphPart {
  start(deps: PartDeps): Promise<Running>;
  migrations(): Promise<Migration[]>;
}

/** The subgraphs, by name; the name is also that of its Postgres schema. */
export const SUBGRAPHS: Readonly<Record<string, SubgraphPart> & { policy: SubgraphPart }> = {
  memory: { start: startMemory, migrations: memoryMigrations },
  policy: { start: startPolicy, migrations: policyMigrations },
  runs: { start: startRuns, migrations: runsMigrations },
  tools: { start: startTools, migrations: toolsMigrations },
};

/** Schemas and what migrates them: the subgraphs', and those of what comes by a door of its own. */
export const SCHEMAS: Readonly<Record<string, Pick<SubgraphPart, "migrations">>> = {
  ...SUBGRAPHS,
  langgraph: { migrations: langgraphMigrations },
};
