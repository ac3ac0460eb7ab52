import { readdir, readFile } from "node:fs/promises";

/** The schema of a subgraph: every `.graphql` file of its `api/` folder, in the order of their names. */
export async function readTypeDefs(api: URL): Promise<string> {
  const names = (await readdir(api)).filter((name) => name.endsWith(".graphql")).sort();
  return (await Promise.all(names.map((name) => readFile(new URL(name, api), "utf8")))).join("\n");
}
