import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readConf } from "@soma/conf/read-conf";
import { toGraph } from "@soma/runs/agents";
import type { ProjectFault } from "@soma/runs/project-state";
import type { Tool } from "@soma/sdk/define-tool";
import type { AnyGraph } from "@soma/sdk/graph";
import { type Scenario, ScenarioSchema, scenarioFaults } from "@soma/sdk/scenario";
import { toTool } from "@soma/tools/catalog";
import { createRegistry } from "@soma/tools/registry";
import { type LoadedFile, type ProjectModules, readIfThere } from "./project-modules.ts";

/** What a project holds now. */
export interface ProjectParts {
  /** By the file each came from. */
  graphs: ReadonlyMap<string, AnyGraph>;
  tools: ReadonlyMap<string, Tool>;
  scenario: Scenario | undefined;
}

/** What a project must not take the name of. */
export interface Shipped {
  graphs: readonly AnyGraph[];
  tools: readonly Tool[];
}

export interface ReadProject {
  parts: ProjectParts;
  /** What has a fault is not among the parts. */
  faults: ProjectFault[];
}

/** What `conf/` of a project may hold. Who may do what is the installation's to say, and no file of a project. */
const CONF_FILES = ["models.yaml"];

/** Reads a whole project, and tells every fault of it at once. */
export async function readProject(dir: string, modules: ProjectModules, shipped: Shipped): Promise<ReadProject> {
  modules.renew();
  const faults: ProjectFault[] = [];
  const graphs = takeAll(await modules.load("agents"), (exported, file) => takeGraph(exported, file, shipped), faults);
  const files = await modules.load("tools");
  const tools = takeAll(files, (exported, file) => takeTool(exported, file, shipped), faults);
  // Who names the tool of a file that cannot be taken has no fault: it is that file's.
  const isWhole = tools.size === files.length;
  const known = isWhole ? [...shipped.tools, ...tools.values()].map(({ name }) => name) : undefined;
  const scenario = await readScenario(dir, known).catch((error: Error) => {
    faults.push({ message: error.message, file: "scenario.yaml", line: null });
  });
  faults.push(...(await confFaults(dir)));
  return { parts: { graphs, tools, scenario: scenario ?? undefined }, faults };
}

/** What each file holds, by its file; of two with one name the second is a fault. */
function takeAll<T extends { name: string }>(
  loaded: readonly LoadedFile[],
  take: (exported: unknown, file: string) => T,
  faults: ProjectFault[],
): Map<string, T> {
  const taken = new Map<string, T>();
  for (const each of loaded) {
    try {
      if ("fault" in each) {
        faults.push(each.fault);
        continue;
      }
      const part = take(each.exported, each.file);
      const twin = [...taken].find(([, { name }]) => name === part.name);
      if (twin !== undefined) throw new Error(`${each.file} is called "${part.name}", as ${twin[0]} is; rename one`);
      taken.set(each.file, part);
    } catch (error) {
      faults.push({ message: (error as Error).message, file: each.file, line: null });
    }
  }
  return taken;
}

function takeGraph(exported: unknown, file: string, shipped: Shipped): AnyGraph {
  const graph = toGraph(exported, file);
  if (shipped.graphs.some(({ name }) => name === graph.name))
    throw new Error(`${file} is called "${graph.name}", as an agent that ships; give it another name`);
  return graph;
}

function takeTool(exported: unknown, file: string, shipped: Shipped): Tool {
  const tool = toTool(exported, file);
  try {
    createRegistry([...shipped.tools, tool]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} cannot be a tool here: ${why}; give it another name or mend its input`);
  }
  return tool;
}

async function readScenario(dir: string, tools: readonly string[] | undefined): Promise<Scenario | undefined> {
  const path = join(dir, "scenario.yaml");
  if ((await readIfThere(path)) === undefined) return undefined;
  const scenario = readConf(pathToFileURL(path), ScenarioSchema);
  const faults = scenarioFaults(scenario, tools);
  if (faults.length > 0)
    throw new Error(`scenario.yaml has faults:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  return scenario;
}

async function confFaults(dir: string): Promise<ProjectFault[]> {
  const names = await readdir(join(dir, "conf")).catch(() => []);
  return names
    .filter((name) => !name.startsWith(".") && !CONF_FILES.includes(name))
    .map((name) => ({
      message: `conf/${name} is not read from a project; it may hold ${CONF_FILES.join(", ")}, everything else is the installation's (SOMA_CONF_DIR)`,
      file: `conf/${name}`,
      line: null,
    }));
}

/** What was read, and of each file that is still there and could not be, what it held before. */
export function keepGood(before: ProjectParts, read: ProjectParts, files: ReadonlyMap<string, unknown>): ProjectParts {
  const merge = <T extends { name: string }>(old: ReadonlyMap<string, T>, fresh: ReadonlyMap<string, T>) => {
    const taken = new Set([...fresh.values()].map(({ name }) => name));
    const kept = [...old].filter(([file, { name }]) => files.has(file) && !fresh.has(file) && !taken.has(name));
    return new Map([...kept, ...fresh].sort(([one], [other]) => (one < other ? -1 : 1)));
  };
  return {
    graphs: merge(before.graphs, read.graphs),
    tools: merge(before.tools, read.tools),
    scenario: read.scenario ?? (files.has("scenario.yaml") ? before.scenario : undefined),
  };
}
