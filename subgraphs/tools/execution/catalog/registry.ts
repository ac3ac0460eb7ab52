import { describeFaults } from "@soma/schemas/describe-fault";
import type { Isolation, Tool } from "@soma/sdk/define-tool";
import { rememberTool } from "@soma/sdk/remember-tool";
import { SomaError } from "@soma/shared/errors";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** A tool as people see it; "agent" is one that an agent's own run carries out. */
export type ListedTool = Omit<Tool, "isolation" | "run" | "timeoutOf" | "child"> & {
  readonly isolation: Isolation | "agent";
};

const AGENT_TOOLS: readonly ListedTool[] = [rememberTool];

export interface Registry {
  /** Every tool that runs here, by name. */
  list(): readonly Tool[];
  /** Everything that an agent may call, by name. */
  catalog(): readonly ListedTool[];
  /** One of the catalogue. */
  describe(name: string): ListedTool | undefined;
  find(name: string): Tool | undefined;
  /** Throws BAD_INPUT with the names there are. */
  get(name: string): Tool;
  /** Throws BAD_INPUT with the place of each fault unless the arguments fit the tool's schema. */
  checkArgs(name: string, args: unknown): void;
}

/** A table of tools with their compiled validators; a schema that is not one, or a name that stands twice, throws. */
export function createRegistry(tools: readonly Tool[]): Registry {
  // Schemas are strangers to each other: the $id of one is no name for the next.
  const ajv = new Ajv2020({ allErrors: false, strict: true, addUsedSchema: false });
  const table = new Map<string, { tool: Tool; validate: ValidateFunction }>();
  for (const tool of tools) {
    if (table.has(tool.name) || AGENT_TOOLS.some(({ name }) => name === tool.name))
      throw new Error(`two tools are called ${tool.name}`);
    table.set(tool.name, { tool, validate: ajv.compile(tool.inputSchema) });
  }
  const sorted = byName(tools);
  const catalog = byName<ListedTool>([...tools, ...AGENT_TOOLS]);

  function entry(name: string): { tool: Tool; validate: ValidateFunction } {
    const found = table.get(name);
    if (found !== undefined) return found;
    if (AGENT_TOOLS.some((tool) => tool.name === name))
      throw new SomaError("BAD_INPUT", `${name} cannot be invoked: an agent's own run carries it out`);
    throw new SomaError(
      "BAD_INPUT",
      `there is no tool "${name.slice(0, 64)}"; tools: ${sorted.map((tool) => tool.name).join(", ")}`,
    );
  }

  return {
    list: () => sorted,
    catalog: () => catalog,
    describe: (name) => catalog.find((tool) => tool.name === name),
    find: (name) => table.get(name)?.tool,
    get: (name) => entry(name).tool,
    checkArgs(name, args) {
      const { validate } = entry(name);
      if (validate(args)) return;
      throw new SomaError(
        "BAD_INPUT",
        `the arguments of ${name} do not fit its schema: ${describeFaults(validate.errors, "the arguments").join("; ")}`,
      );
    },
  };
}

function byName<T extends { name: string }>(tools: readonly T[]): T[] {
  return tools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
