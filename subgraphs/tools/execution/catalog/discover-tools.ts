import { readdir } from "node:fs/promises";
import type { Tool } from "@soma/sdk/define-tool";
import type { ToolSettings } from "./tool-settings.ts";

/** The folder of the tools that ship. */
export const SHIPPED_TOOLS = new URL("../tools/", import.meta.url);

/**
 * The tool of every file in a folder, in the order of their names; tests and folders are passed over. A file's default
 * export is the tool, or a function that makes it from the settings; a file without one is a fault that stops the start.
 */
export async function discoverTools(folder: URL, settings: ToolSettings): Promise<Tool[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && isToolFile(entry.name)).map((entry) => entry.name);
  return Promise.all(files.toSorted().map((file) => load(new URL(file, folder), settings)));
}

function isToolFile(name: string): boolean {
  return name.endsWith(".ts") && !name.endsWith(".test.ts");
}

async function load(file: URL, settings: ToolSettings): Promise<Tool> {
  const { default: exported } = (await import(file.href)) as { default?: unknown };
  return toTool(typeof exported === "function" ? exported(settings) : exported, file.pathname);
}

/** What a file exports, as a tool; throws, with what to do, when it is none. */
export function toTool(exported: unknown, file: string): Tool {
  if (isTool(exported)) return exported;
  throw new Error(
    `${file} has no tool as its default export; export one made with defineTool, or a function of the settings that makes one, or move what is no tool to a folder below`,
  );
}

function isTool(value: unknown): value is Tool {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "inputSchema" in value &&
    "run" in value &&
    typeof value.run === "function"
  );
}
