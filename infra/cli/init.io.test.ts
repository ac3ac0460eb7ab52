import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readlink, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-init-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(args: string[], cwd: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    ),
  );
}
const soma = (...args: string[]) => run([join(root, "infra/cli/soma.js"), ...args], folder);

it("soma init writes a project whose types are right at once, and soma link links it again", async () => {
  expect(await soma("init", "mine")).toMatchObject({ code: 0, said: expect.stringContaining("npm start") });
  const project = join(folder, "mine");
  await rm(join(project, "node_modules"), { recursive: true });
  expect(await soma("link", "mine")).toMatchObject({ code: 0 });
  expect(await run([join(project, "node_modules/.bin/tsc")], project)).toEqual({ code: 0, said: "" });
  expect(JSON.parse(await readFile(join(project, "package.json"), "utf8")).scripts.start).toBe("soma dev .");
});

it("soma init refuses a folder that is not empty and names what is in it; soma link and soma dev refuse what is no project", async () => {
  await writeFile(join(folder, "mine.txt"), "");
  const { code, said } = await soma("init", ".");
  expect([code, said]).toEqual([2, expect.stringContaining("is not empty (it holds mine.txt); name an empty folder")]);
  expect((await soma("link", ".")).said).toContain("is no project: it has no package.json");
  expect((await soma("dev", ".")).said).toContain("is no project: it has neither agents nor tools");
});

it("soma link leaves alone what npm installed in a project, and says where its SDK is", async () => {
  const project = join(folder, "mine");
  await mkdir(join(project, "node_modules/@soma/sdk"), { recursive: true });
  await mkdir(join(project, "node_modules/.bin"));
  await symlink("../typescript/bin/tsc", join(project, "node_modules/.bin/tsc"));
  await writeFile(join(project, "package.json"), "{}");
  expect((await soma("link", "mine")).said).toContain(`has its SDK from ${await realpath(project)}/node_modules`);
  expect(await readlink(join(project, "node_modules/.bin/tsc"))).toBe("../typescript/bin/tsc");
  expect(await readlink(join(project, "node_modules/.bin/soma"))).toBe(join(root, "infra/cli/soma.js"));
});
