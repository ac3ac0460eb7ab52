import { readFileSync } from "node:fs";
import { parseQuietly, reasonOf } from "@soma/shared/config";
import { parseKeys } from "@soma/shared/identity/key-ring";
import { KEYS } from "@soma/shared/identity/key-settings";
import type { Listed } from "./list-settings.ts";

/** What is wrong with files that settings name: one is not here, or it is one of keys and holds none that would do. */
export function faultsOfFiles(
  env: Readonly<Record<string, string | undefined>>,
  settings: readonly Listed[],
): string[] {
  return settings.flatMap(({ env: name }) => {
    const path = env[name] ?? "";
    return name.endsWith("_FILE") && path !== "" ? faultsOfFile(name, path) : [];
  });
}

function faultsOfFile(name: string, path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return [`${name}: "${path}" cannot be read: ${reasonOf(error)}`];
  }
  const keys = Object.values(KEYS).find(({ inFile }) => inFile === name);
  try {
    if (keys !== undefined) parseKeys(parseQuietly(text), keys.use);
    return [];
  } catch (error) {
    return [`${name}: "${path}" cannot be taken: its text ${reasonOf(error)}`];
  }
}
