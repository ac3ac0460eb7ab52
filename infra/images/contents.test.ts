import { existsSync, globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { readYaml } from "@soma/conf/read-conf";
import { describe, expect, it } from "vitest";
import { KINDS, workspacesOf } from "./kinds.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, "utf8");
const dockerfile = (kind: string): string => read(`infra/images/${kind}.Dockerfile`);

interface Manifest {
  name: string;
  version: string;
  exports?: Record<string, string>;
  dependencies?: Record<string, string>;
}
const manifestOf = (folder: string): Manifest => JSON.parse(read(`${folder}/package.json`)) as Manifest;

/** Programs that a container of a kind is started with: its own, those of compose.yaml, and modules that are looked for. */
function entriesOf(kind: string): string[] {
  const { services } = readYaml(new URL("../compose/compose.yaml", import.meta.url)) as {
    services: Record<string, { image: string; command?: string[] }>;
  };
  const named = Object.values(services)
    .filter(({ image }) => image.startsWith(`localhost/soma-${kind}:`))
    .flatMap(({ command = [] }) => command.filter((word) => /\.[jt]s$/.test(word)));
  // The command of the topics asks a program.
  const asked = kind === "server" ? ["infra/local/topics.ts"] : [];
  const own = [...dockerfile(kind).matchAll(/"([\w/.-]+\.[jt]s)"/g)].map(([, path = ""]) => path);
  const found = ["subgraphs/runs/{agents/*/graph,models/*/provider}.ts", "subgraphs/tools/execution/tools/*.ts"];
  const folders = workspacesOf(kind);
  const looked = globSync(found, { cwd: root }).filter(
    (path) => !path.endsWith(".test.ts") && folders.some((folder) => path.startsWith(`${folder}/`)),
  );
  // The first Deno starts the gateway.
  const gateway = kind === "gateway-deno" ? ["gateway/main.deno.ts"] : [];
  return [...new Set([...named, ...own, ...gateway, ...asked, ...looked])];
}

/** What a file imports when it runs, and programs that it starts by their place; not what is for types alone. */
const SPECIFIER = /^(?:import|export)\s(?!type\b)[^;"']*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;
const PROGRAM = /new URL\(\s*"(\.[^"]+\.[jt]s)"/g;

function importsOf(path: string): string[] {
  const text = read(path);
  // The command line looks whether a program is there before it asks one.
  const pattern = path.startsWith("infra/cli/") ? [SPECIFIER] : [SPECIFIER, PROGRAM];
  return pattern
    .flatMap((each) => [...text.matchAll(each)])
    .map(([, ...names]) => names.find((name) => name !== undefined) ?? "");
}

/** The path of a module of ours; undefined for one of others. */
function placeOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(importer), specifier);
  const [, name, module] = /^@soma\/([^/]+)\/(.+)$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const folder = ["", "infra/", "subgraphs/"]
    .map((above) => `${above}${name}`)
    .find((each) => existsSync(`${root}${each}`));
  const { exports = {} } = manifestOf(folder ?? "");
  const target = exports[`./${module}`] ?? exports["./*"]?.replace("*", module ?? "");
  return posix.join(folder ?? "", target ?? "");
}

function walk(kind: string): { files: Set<string>; packages: Map<string, string> } {
  const files = new Set(entriesOf(kind));
  const packages = new Map<string, string>();
  for (const path of files)
    for (const specifier of importsOf(path)) {
      const place = placeOf(specifier, path);
      if (place !== undefined) files.add(place);
      else if (!specifier.startsWith("node:"))
        packages.set(specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"), path);
    }
  return { files, packages };
}

/** Whether .dockerignore leaves a path out: the last line that matches it, or a folder above it, decides. */
function isIgnored(path: string): boolean {
  const lines = read(".dockerignore").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .reduce((ignored, line) => {
      const keeps = line.startsWith("!");
      const glob = line
        .replace("!", "")
        .replaceAll(".", "\\.")
        .replace("**/", "(?:.*/)?")
        .replaceAll(/(?<!\.)\*/g, "[^/]*");
      return new RegExp(`^${glob}(?:/|$)`).test(path) ? !keeps : ignored;
    }, false);
}

describe.each(KINDS)("the image soma-%s", (kind) => {
  const { files, packages } = walk(kind);
  const folders = workspacesOf(kind);

  it("has every module that its programs import", () => {
    expect(files.size).toBeGreaterThan(50);
    const missing = [...files].filter(
      (path) => isIgnored(path) || !folders.some((folder) => path.startsWith(`${folder}/`)),
    );
    expect(missing.filter((path) => path !== "infra/images/healthy.js")).toEqual([]);
  });

  it("has every package that they import, by what its workspaces depend on", () => {
    const wanted = new Set(folders.flatMap((folder) => Object.keys(manifestOf(folder).dependencies ?? {})));
    expect([...packages].filter(([name]) => !wanted.has(name))).toEqual([]);
  });

  it("has every workspace that one of its own depends on", () => {
    const names = folders.map((folder) => manifestOf(folder).name);
    const needed = folders.flatMap((folder) => Object.keys(manifestOf(folder).dependencies ?? {}));
    const missing = needed.filter((name) => name.startsWith("@soma/") && !names.includes(name));
    expect([...new Set(missing)].toSorted()).toEqual(MISSED[kind] ?? []);
  });

  it("is nobody's, of nothing but what was built, and of the Node that the project runs on", () => {
    const text = dockerfile(kind);
    const { dependencies } = JSON.parse(read("package.json")) as Manifest;
    expect(text).toContain(`ARG NODE_IMAGE=docker.io/library/node:${dependencies?.node}-bookworm-slim\n`);
    const stages = [...text.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from);
    expect(stages.at(-1)).toBe("scratch");
    expect(stages.slice(0, -1).every((from) => from === "${" + "NODE_IMAGE}")).toBe(true);
    expect(/^USER (.+)$/m.exec(text)?.[1]).toBe("65532:65532");
    expect(text).not.toMatch(/latest|^ADD|sudo|curl|wget/m);
    expect(text.slice(text.lastIndexOf("FROM scratch"))).not.toMatch(/^RUN/m);
  });
});

describe("stage.sh", () => {
  it("says in an image which system its libraries are of: without that a scanner looks at none of them", () => {
    expect(read("infra/images/stage.sh")).toMatch(/^cp --parents -L \/etc\/os-release \/etc\/debian_version \/image$/m);
  });
});

/** Workspaces that infra/local depends on for `npm start`, and that no program of the kind imports. */
const MISSED: Record<string, string[]> = {
  server: ["@soma/gateway"],
  "gateway-deno": [
    "@soma/conf",
    "@soma/langgraph",
    "@soma/memory",
    "@soma/policy",
    "@soma/runs",
    "@soma/sdk",
    "@soma/tools",
  ],
};
