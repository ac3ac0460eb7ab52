import { describe, expect, it } from "vitest";
import { collectModules } from "./collect-modules.ts";

const COMPILED: Record<string, string> = {
  "graphql/client.js": `import { a } from "./deep/a.js";\nimport {\n  b,\n} from '@soma/schemas/b';\nimport "@soma/shared/c";`,
  "graphql/client.d.ts": `export type B = import("@soma/schemas/b").B;\nexport * from "./deep/a.ts";`,
  "graphql/deep/a.js": `import { hash } from "node:crypto";\nimport { b } from "@soma/schemas/b";\nexport { x } from "@scope/x/y";`,
  "graphql/deep/a.d.ts": "export {};",
  "schemas/b.js": `/** import { z } from "nowhere"; */\nimport { d } from "./d.js";\nconst words = 'it came from "there"';`,
  "schemas/b.d.ts": `export { D } from "./d.ts";`,
  "schemas/d.js": `import d from "d";`,
  "schemas/d.d.ts": "",
  "subgraphs/shared/c.js": "",
  "subgraphs/shared/c.d.ts": "",
};

function read(path: string): string {
  const text = COMPILED[path];
  if (text === undefined) throw new Error(`${path} is not there`);
  return text;
}

describe("collectModules()", () => {
  const { files, packages } = collectModules("graphql", ["graphql/client.js", "graphql/client.d.ts"], read);

  it("takes along every module of ours that is reached, in a folder with the name of its package", () => {
    const places = ["client", "deep/a", "schemas/b", "schemas/d", "shared/c"];
    expect([...files.keys()].toSorted()).toEqual(places.flatMap((place) => [`${place}.d.ts`, `${place}.js`]));
  });

  it("lets each import the others where they stand now, by their compiled names", () => {
    expect(files.get("client.js")).toBe(
      `import { a } from "./deep/a.js";\nimport {\n  b,\n} from './schemas/b.js';\nimport "./shared/c.js";`,
    );
    expect(files.get("client.d.ts")).toBe(`export type B = import("./schemas/b.js").B;\nexport * from "./deep/a.js";`);
    expect(files.get("deep/a.js")).toContain(`import { b } from "../schemas/b.js";`);
  });

  it("names the packages of others, by what is imported and by no comment or text", () => {
    expect([...packages].toSorted()).toEqual(["@scope/x", "d"]);
  });

  it("refuses a module that is not there, and a package of ours that goes along with nothing", () => {
    const importing = (specifier: string) => () =>
      collectModules("graphql", ["graphql/x.js"], (path) =>
        path === "graphql/x.js" ? `import "${specifier}";` : read(path),
      );
    expect(importing("./y.js")).toThrow("graphql/y.js is not there");
    expect(importing("@soma/tools/z")).toThrow(
      "graphql/x.js imports @soma/tools/z, which is not packed; of our packages schemas and shared are",
    );
    expect(importing("../webui/w.js")).toThrow("webui/w.js is neither in graphql nor in a package that comes along");
  });
});
