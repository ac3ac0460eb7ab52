import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectModules } from "./collect-modules.ts";
import { PACKAGES, type PackageSpec } from "./packages.ts";
import { type OwnManifest, type RootManifest, toManifest } from "./to-manifest.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = join(root, "infra/pack");

/** Compiles what others install from files, and writes a file of each into the folder; their paths. */
export async function packPackages(into: string): Promise<string[]> {
  const work = await mkdtemp(join(tmpdir(), "soma-pack-"));
  try {
    const compiled = join(work, "compiled");
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", here, "--outDir", compiled]);
    const folders: string[] = [];
    for (const spec of PACKAGES) folders.push(await layOut(spec, compiled, join(work, spec.name)));
    await mkdir(into, { recursive: true });
    // npm's own words: the name of each file it wrote, a line each.
    const said = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", into, ...folders]);
    return said
      .trim()
      .split("\n")
      .map((name) => join(into, name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Writes a folder as it will be installed. */
async function layOut(spec: PackageSpec, compiled: string, folder: string): Promise<string> {
  const names = await readdir(join(compiled, spec.folder), { recursive: true });
  const own = names.filter((name) => /\.(?:js|d\.ts)$/.test(name)).map((name) => toSlashes(join(spec.folder, name)));
  const added = Object.values(spec.added ?? {}).flatMap((module) => [`${module}.js`, `${module}.d.ts`]);
  const read = (path: string): string => readFileSync(join(compiled, path), "utf8");
  const { files, packages } = collectModules(spec.folder, [...own, ...added], read);
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const { license } = await readManifest<RootManifest>(root);
  const dependencies = await findVersions(packages);
  const manifest = toManifest(spec, await readManifest<OwnManifest>(join(root, spec.folder)), {
    license,
    dependencies,
  });
  await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await cp(join(here, spec.readme), join(folder, "README.md"));
  await cp(join(root, "LICENSE"), join(folder, "LICENSE"));
  return folder;
}

/** The versions that are installed and tested here, also of what the packages want to have beside them. */
async function findVersions(packages: ReadonlySet<string>): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  const wanted = new Set(packages);
  for (const name of wanted) {
    const found = await readManifest<Installed>(join(root, "node_modules", name));
    versions[name] = found.version;
    for (const peer of Object.keys(found.peerDependencies ?? {}))
      if (found.peerDependenciesMeta?.[peer]?.optional !== true) wanted.add(peer);
  }
  return Object.fromEntries(Object.entries(versions).toSorted());
}

interface Installed {
  version: string;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

async function readManifest<T>(folder: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as T;
}

function toSlashes(path: string): string {
  return path.replaceAll("\\", "/");
}

/** What a program said; throws with it when the program failed. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { shell: program === "npm" && process.platform === "win32" }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the packages cannot be made: ${program} failed\n${stdout}${stderr}`, { cause: error }));
    });
  });
}
