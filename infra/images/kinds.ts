import { readFileSync } from "node:fs";

/** What images there are: soma-server and so on, each of a Dockerfile of its own. */
export const KINDS = ["server", "gateway", "gateway-deno", "tools"] as const;

/** The workspaces in an image of a kind, as its Dockerfile names them. */
export function workspacesOf(kind: string): string[] {
  const text = readFileSync(new URL(`${kind}.Dockerfile`, import.meta.url), "utf8");
  const [, named = ""] = /stage\.sh \S+ \S+((?:(?: | \\\n +)[\w/-]+)+)/.exec(text) ?? [];
  return named.split(/[\s\\]+/).filter((word) => word !== "");
}
