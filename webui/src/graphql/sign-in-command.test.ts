import { expect, test } from "vitest";
import { askSignInCommand } from "./sign-in-command.ts";

const json = (body: object, status = 200) => Promise.resolve(Response.json(body, { status }));

test.each<[string, () => Promise<Response>, string]>([
  ["names its data folder", () => json({ command: "npx soma --data /d signin" }), "npx soma --data /d signin"],
  ["is older", () => json({}, 404), "npx soma signin"],
  ["says something else", () => json({ command: 7 }), "npx soma signin"],
  ["says no JSON", () => Promise.resolve(new Response("no")), "npx soma signin"],
  ["does not answer", () => Promise.reject(new TypeError("fetch failed")), "npx soma signin"],
])("askSignInCommand() of a server that %s", async (_, answer, command) => {
  expect(await askSignInCommand(answer)).toBe(command);
});
