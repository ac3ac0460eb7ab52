import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { discoverGraphs } from "@soma/runs/agents";
import { createLiveGraphs, type LiveGraphs } from "@soma/runs/live-graphs";
import type { ProjectFault, ProjectState } from "@soma/runs/project-state";
import type { Tool } from "@soma/sdk/define-tool";
import type { Scenario } from "@soma/sdk/scenario";
import type { Log } from "@soma/shared/log";
import { startLoop } from "@soma/shared/loop";
import { discoverTools, SHIPPED_TOOLS } from "@soma/tools/catalog";
import { listProjectFiles } from "./project-files.ts";
import { openProjectModules } from "./project-modules.ts";
import { keepGood, type ProjectParts, readProject, type Shipped } from "./read-project.ts";

/** A folder of somebody's own agents and tools, as the product has it at the moment. */
export interface Project {
  graphs: LiveGraphs;
  /** The same list until the tools change. */
  tools(): readonly Tool[];
  scenario(): Scenario | undefined;
  /** Its `conf/`, when that has a `models.yaml`. */
  modelsDir: URL | undefined;
  /** What the API tells of it. */
  state(): ProjectState;
  /** One line a person reads. */
  describe(): string;
  close(): Promise<void>;
}

export interface OpenProjectOptions {
  log: Log;
  /** Tells the person who started the product. */
  say(line: string): void;
}

/** How often is looked for changes; a file is taken when it has not changed for one look. */
const LOOK_MS = 200;

/** Opens a project and follows its changes; throws with every fault of it at once. */
export async function openProject(dir: string, { log, say }: OpenProjectOptions): Promise<Project> {
  const { look, close, ...project } = await loadProject(dir, { log, say });
  const loop = startLoop({ name: "project", intervalMs: LOOK_MS, log }, () => look().then(() => false));
  return {
    ...project,
    async close() {
      await loop.close();
      close();
    },
  };
}

interface LoadedProject extends Omit<Project, "close"> {
  /** Takes what has changed and stands still again; what cannot be loaded stays as it was, and is told why. */
  look(): Promise<void>;
  close(): void;
}

/** A project that is looked at by whoever calls `look()`. */
export async function loadProject(dir: string, { log, say }: OpenProjectOptions): Promise<LoadedProject> {
  if (!existsSync(join(dir, "agents")) && !existsSync(join(dir, "tools")))
    throw new Error(`${dir} is no project: it has neither agents nor tools; \`npx soma init ${dir}\` makes a new one`);
  const shipped = await findShipped();
  const modules = await openProjectModules(dir);
  const takenOf = async (): Promise<string> => JSON.stringify([...(await listProjectFiles(dir))].sort());
  let seen = await takenOf();
  let taken = seen;
  const { parts: first, faults } = await readProject(dir, modules, shipped);
  if (faults.length > 0) {
    modules.close();
    throw new Error(`the project ${dir} has faults:\n${faults.map(({ message }) => `  - ${message}`).join("\n")}`);
  }
  const graphs = createLiveGraphs(shipped.graphs);
  let parts = first;
  let tools: readonly Tool[] = [];
  let told: { loadedAt: Date; faults: readonly ProjectFault[] } = { loadedAt: new Date(), faults };
  const take = (next: ProjectParts): void => {
    graphs.replace([...next.graphs.values()]);
    tools = [...next.tools.values()];
    parts = next;
  };
  take(first);
  return {
    graphs,
    tools: () => tools,
    scenario: () => parts.scenario,
    modelsDir: existsSync(join(dir, "conf/models.yaml")) ? pathToFileURL(`${join(dir, "conf")}/`) : undefined,
    state() {
      const files = new Map([...parts.graphs].map(([file, graph]) => [graph.name, file]));
      return { name: basename(dir), files, ...told };
    },
    describe: () => describe(parts),
    async look() {
      const now = await takenOf();
      const isSettled = now === seen;
      seen = now;
      if (!isSettled || now === taken) return;
      const read = await readProject(dir, modules, shipped);
      take(keepGood(parts, read.parts, await listProjectFiles(dir)));
      // Only now: what could not be read is tried again.
      taken = now;
      told = { loadedAt: new Date(), faults: read.faults };
      for (const { message } of read.faults) {
        log.error(
          { project: dir, fault: message },
          "a part of the project cannot be taken; what was there before goes on",
        );
        say(`${message}; what was there before goes on`);
      }
      if (read.faults.length > 0) return;
      log.info({ project: dir, pins: graphs.pins() }, "the project is loaded again");
      say(`Loaded again: ${describe(parts)}`);
    },
    close: modules.close,
  };
}

async function findShipped(): Promise<Shipped> {
  const tools = await discoverTools(SHIPPED_TOOLS, { httpFetchAllow: new Set() });
  return { graphs: await discoverGraphs(), tools };
}

function describe({ graphs, tools, scenario }: ProjectParts): string {
  const namesOf = (parts: ProjectParts["graphs"] | ProjectParts["tools"]): string =>
    parts.size === 0 ? "none" : [...parts.values()].map(({ name }) => name).join(", ");
  return `agents ${namesOf(graphs)} · tools ${namesOf(tools)}${scenario === undefined ? "" : " · scenario.yaml"}`;
}
