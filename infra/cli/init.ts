import { cp, mkdir, readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError, EXIT } from "./cli-error.ts";
import { checkPackages, linkPackages } from "./link.ts";
import { print, printJson } from "./print.ts";

/** What a new project holds; it is an example that is tested like everything else here. */
const TEMPLATE = fileURLToPath(new URL("../../subgraphs/sdk/template/", import.meta.url));

/** Writes a project into a folder that is empty or not there yet, with links to the SDK of this installation. */
export async function initProject(dir: string, json: boolean): Promise<void> {
  const folder = resolve(dir);
  await mkdir(folder, { recursive: true });
  const [first] = await readdir(folder);
  if (first !== undefined)
    throw new CliError(
      `${folder} is not empty (it holds ${first}); name an empty folder, or one that is not there yet`,
      {
        code: "BAD_INPUT",
        exitCode: EXIT.USAGE,
      },
    );
  checkPackages();
  await cp(TEMPLATE, folder, { recursive: true });
  await linkPackages(folder);
  const files = (await readdir(folder, { recursive: true })).filter((name) => !name.startsWith("node_modules"));
  if (json) printJson({ folder, files });
  else
    print(
      `a project stands in ${folder}\n\n  cd ${dir}\n  npm test     runs its agents in memory\n  npm start    runs the product with it`,
    );
}
