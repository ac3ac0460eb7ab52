import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packPackages } from "./pack-packages.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const NAMES = ["@soma/client", "@soma/sdk"];
const TSCONFIG = {
  compilerOptions: {
    strict: true,
    // Ours were checked when they were compiled, and packing fails when one names what is not there; those of typebox take 7 s.
    skipLibCheck: true,
    target: "es2024",
    module: "nodenext",
    lib: ["esnext", "dom", "dom.iterable"],
    types: ["node"],
    declaration: true,
    rewriteRelativeImportExtensions: true,
    outDir: "out",
    rootDir: ".",
  },
  exclude: ["node_modules", "out"],
};
const SAMPLE_TESTS = ["--test", "--test-isolation=none", "{samples,template}/**/*.test.ts"];

interface Manifest {
  exports: Record<string, string | { types: string; default?: string }>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** An empty project of somebody who has none of our sources. */
let project: string;
const installed = (name: string, path = ""): string => join(project, "node_modules", name, path);
const manifestIn = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "soma-packed-"));
  const files = await packPackages(join(project, "packed"));
  await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  const { devDependencies } = await manifestIn(root);
  const others = ["typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await run("npm", ["install", ...options, ...files, ...others]);
}, 120_000);
afterAll(() => rm(project, { recursive: true, force: true }));

/** What a program says in the project; throws with all of it when the program fails. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(program, args, { cwd: project }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${program} ${args[0]} failed\n${stdout}${stderr}`)),
    ),
  );
}

async function filesOf(name: string): Promise<string[]> {
  const entries = await readdir(installed(name), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(installed(name), join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Everything that may be imported with code behind it, and the source it was compiled of. */
async function doorsOf(name: string, folder: string): Promise<[door: string, source: string][]> {
  const { exports } = await manifestIn(join(root, folder));
  const names = Object.keys(exports).includes("./*")
    ? (await filesOf(name)).filter((file) => /^(?!schemas\/).*\.js$/.test(file)).map((file) => file.slice(0, -3))
    : Object.keys(exports).map((door) => door.slice(2));
  return names.map((door) => {
    const source = exports[`./${door}`] ?? `./${door}.ts`;
    return [door === "client" ? name : `${name}/${door}`, join(root, folder, String(source))];
  });
}

it("a packed file holds compiled modules and their types, and nothing of where it was made", async () => {
  for (const name of NAMES) {
    const files = await filesOf(name);
    expect(files.filter((file) => !/(?<!\.test)\.(?:js|d\.ts)$/.test(file))).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    expect(files.filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, ".d.ts"))).toEqual(
      files.filter((file) => file.endsWith(".d.ts")),
    );
    const texts = await Promise.all(files.map(async (file) => readFile(installed(name, file), "utf8")));
    const ours = [root, "/soma-pack-", "subgraphs/", "sourceMappingURL", "@soma/schemas", "@soma/shared", '.ts";'];
    expect(ours.filter((each) => texts.some((text) => text.includes(each)))).toEqual([]);
  }
});

it("a packed file names exact versions of packages of others, and has nothing that runs when it is installed", async () => {
  for (const name of NAMES) {
    const { dependencies, ...manifest } = await manifestIn(installed(name));
    expect(Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(Object.keys(dependencies).filter((each) => each.startsWith("@soma/"))).toEqual([]);
    const said = ["name", "version", "private", "description", "license", "type", "engines", "exports"];
    expect(Object.keys(manifest)).toEqual(said);
  }
});

it("everything that is exported compiles in an empty project and has the names of its source; the pages' examples are true", async () => {
  const doors = [...(await doorsOf("@soma/client", "graphql")), ...(await doorsOf("@soma/sdk", "subgraphs/sdk"))];
  expect(doors.length).toBeGreaterThan(30);
  const imports = doors.map(([door], index) => `import * as door${index} from "${door}";`);
  // Its declaration names a type of schemas that no page speaks of.
  const inferred = 'export const inputOf = (run: import("@soma/sdk/node").RunInfo) => run.input;';
  const names = doors.map(([door], index) => `"${door}": Object.keys(door${index})`);
  await writeFile(
    join(project, "doors.ts"),
    `${imports.join("\n")}\n${inferred}\nconsole.log(JSON.stringify({ ${names.join(", ")} }));\n`,
  );
  for (const name of NAMES) await writeFile(join(project, `${name.slice(6)}.ts`), await exampleOf(name));
  for (const each of ["samples", "template"])
    await cp(join(root, "subgraphs/sdk", each), join(project, each), { recursive: true });
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(TSCONFIG));
  await run(process.execPath, ["node_modules/.bin/tsc", "--checkers", "1"]);
  const said = JSON.parse(await run(process.execPath, ["out/doors.js"])) as Record<string, string[]>;
  for (const [door, source] of doors) {
    const module = (await import(pathToFileURL(source).href)) as object;
    expect([door, said[door]?.toSorted()]).toEqual([door, Object.keys(module).toSorted()]);
  }
  await run(process.execPath, ["out/sdk.js"]);
  expect(await run(process.execPath, SAMPLE_TESTS)).toMatch(/pass [1-9]\d*\n.*fail 0\n/);
}, 60_000);

/** The example of the page that comes with a package. */
async function exampleOf(name: string): Promise<string> {
  const page = await readFile(installed(name, "README.md"), "utf8");
  return /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
}
