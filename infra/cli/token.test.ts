import { afterEach, expect, it } from "vitest";
import { written } from "./testing/stub-product.ts";
import { showToken } from "./token.ts";

const url = "http://127.0.0.1:4700";
const claims = Buffer.from('{"exp":1796601600}').toString("base64url");
const token = `head.${claims}.sign`;
const isTTY = process.stdout.isTTY;
afterEach(() => {
  process.stdout.isTTY = isTTY;
});

/** What is written where a terminal shows it, or where a program reads it. */
function shown(to: "terminal" | "pipe", given = token, json = false) {
  process.stdout.isTTY = to === "terminal";
  return written(async () => showToken({ token: given, url }, json));
}

it("showToken() gives a program the token alone, and as JSON says when it expires", async () => {
  expect(await shown("pipe")).toEqual({ stdout: `${token}\n`, stderr: "" });
  const { stdout } = await shown("pipe", token, true);
  expect(JSON.parse(stdout)).toEqual({ token, expiresAt: "2026-12-07T00:00:00.000Z" });
});

it("showToken() says on a terminal what the token is worth, and how long where the token tells", async () => {
  const warning = `soma: whoever has this token may do at ${url} what you may do`;
  expect(await shown("terminal")).toEqual({
    stdout: `${token}\n`,
    stderr: `${warning} until 2026-12-07T00:00:00.000Z; keep it out of chats, files and screenshots\n`,
  });
  for (const opaque of ["secret", "a.!.c", `a.${Buffer.from('{"exp":"no"}').toString("base64url")}.c`])
    expect((await shown("terminal", opaque)).stderr).toContain(`${warning}; keep it`);
});
