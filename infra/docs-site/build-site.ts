import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installPythonTool } from "@soma/local/install-python-tool";

const CONFIG = fileURLToPath(new URL("../../mkdocs.yml", import.meta.url));
const LIST = new URL("./requirements.txt", import.meta.url);
const BUILD_MS = 120_000;

/**
 * Makes the site of the documentation, in the folder that its `mkdocs.yml` names. A link, an anchor or a place in the
 * navigation that leads nowhere fails it. Gives what mkdocs said.
 */
export async function buildSite(config: string = CONFIG): Promise<string> {
  const python = join(await installPythonTool("docs-site", LIST), "python");
  // Never --quiet: warnings that are not told are not counted either, and the strictest build passes.
  const args = ["-m", "mkdocs", "build", "--strict", "--config-file", config];
  const env = { ...process.env, NO_MKDOCS_2_WARNING: "1", PYTHONUTF8: "1", PYTHONPATH: "" };
  try {
    return (await promisify(execFile)(python, args, { env, timeout: BUILD_MS })).stderr;
  } catch (cause) {
    const { stdout = "", stderr = "", message } = cause as { stdout?: string; stderr?: string; message: string };
    const why = `${stderr}${stdout}`.trim() || message;
    throw new Error(`the site of the documentation cannot be built: ${why}`, { cause });
  }
}
