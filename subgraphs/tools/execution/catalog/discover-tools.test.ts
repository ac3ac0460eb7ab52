import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { discoverTools, SHIPPED_TOOLS } from "./discover-tools.ts";

const settings = { httpFetchAllow: new Set(["inside.example:8080"]) };

/** A tool's file as its author would write it; elsewhere than here the imports are names of packages. */
const aToolFile = (tool: string) => `
import { defineTool } from "${import.meta.resolve("@soma/sdk/define-tool")}";
import { Type } from "${import.meta.resolve("typebox")}";

export default ${tool};
`;
const GREET = `defineTool({
  name: "greet",
  version: "1",
  description: "Greets a person by name.",
  input: Type.Object({ name: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 1_000,
  maxOutputBytes: 1_024,
  run: ({ name }) => \`hello \${name}\`,
})`;

describe("discoverTools()", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-discover-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const discover = () => discoverTools(pathToFileURL(`${folder}/`), settings);

  it("finds the tools that ship", async () => {
    const tools = await discoverTools(SHIPPED_TOOLS, settings);
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["calculate", "clock", "code_run", "http_fetch", "note_append"]));
    expect(new Set(names).size).toBe(names.length);
  });

  it("finds a tool that is one new file, and passes over tests, folders and what is no source", async () => {
    await write("greet.ts", aToolFile(GREET));
    await write("greet.test.ts", "throw new Error('a test is not imported')");
    await write("greet.io.test.ts", "throw new Error('a test is not imported')");
    await write("README.md", "# Tools");
    await mkdir(join(folder, "greet"));
    await writeFile(join(folder, "greet/helper.ts"), "throw new Error('a helper is not imported from here')");
    const [greet, ...others] = await discover();
    expect(others).toEqual([]);
    expect(greet).toMatchObject({ name: "greet", inputSchema: { type: "object", required: ["name"] } });
    expect(await greet?.run({ name: "Ada" }, {} as never)).toBe("hello Ada");
  });

  it("gives the settings to a file that makes its tool from them", async () => {
    const described = GREET.replace('"Greets a person by name."', "[...httpFetchAllow].join()");
    await write("greet.ts", aToolFile(`({ httpFetchAllow }) => ${described}`));
    expect(await discover()).toMatchObject([{ name: "greet", description: "inside.example:8080" }]);
  });

  it("names the file that exports no tool", async () => {
    await write("helper.ts", "export const helper = 1;");
    await expect(discover()).rejects.toThrow(/\/helper\.ts has no tool as its default export/);
    await rm(join(folder, "helper.ts"));
    await write("empty-maker.ts", "export default () => undefined;");
    await expect(discover()).rejects.toThrow(/\/empty-maker\.ts has no tool/);
  });
});
