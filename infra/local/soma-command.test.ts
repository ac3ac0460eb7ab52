import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { somaCommand } from "./soma-command.ts";

it("somaCommand() names the data folder unless the command line finds it by itself", () => {
  const project = fileURLToPath(new URL("../../", import.meta.url));
  expect(somaCommand(join(project, ".soma"))).toBe("npx soma");
  expect(somaCommand("/data/soma")).toBe("npx soma --data /data/soma");
  expect(somaCommand("/my data")).toBe("npx soma --data '/my data'");
});
