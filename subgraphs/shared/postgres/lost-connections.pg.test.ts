import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DRIVER_STORIES } from "./testing/driver-stories.ts";
import { PRODUCT_STORIES } from "./testing/product-stories.ts";

const run = promisify(execFile);
const tell = fileURLToPath(new URL("testing/tell.ts", import.meta.url));
const patches = fileURLToPath(new URL("../../../infra/patches/apply.js", import.meta.url));
const installed = dirname(dirname(dirname(createRequire(import.meta.url).resolve("postgres"))));

/** The write that was left for the next tick and found its socket gone: where time is short, any story may end so. */
const LEFT_WRITE = /reading 'write'/;

/** How else each story ends with the driver as it is published. A story that ends well there needs no patch. */
const PUBLISHED: Readonly<Record<string, RegExp>> = {
  "a reserved connection that was lost refuses, and its slot serves again": LEFT_WRITE,
  "a reserved connection lost with a statement in flight and others behind it": /statement \d: nothing within/,
  "a lost transaction writes nothing into the one that has its connection now":
    /an insert of the lost one: it was done/,
  "whoever waits for a connection gets one after the loss": /waiting \d: nothing within/,
  "connections that end together, with callers that try again at once": /round \d: nothing within/,
  "a statement between the error of a socket and its close": /nothing within/,
  "a connection that ends while the driver asks for array types": /terminating connection due to administrator command/,
  "a server that takes connections and closes them is told to the caller": /a statement: nothing within/,
  "a listener hears again, and can be taken away afterwards": /heard after the end/,
  "a pool that is ended while it connects again stays ended": /connections after the end/,
  "the end of a pool does not wait for a connection that was lost": /end: nothing within/,
  "a list of hosts is gone through once": /two hosts that refuse: nothing within/,
  "a cursor fails with the connection": /terminating connection due to administrator command|read ECONNRESET/,
  "a server that talks nonsense while one signs in is told to the caller": /TypeError/,
  "a copy into a table fails with the connection": /terminating connection due to administrator command/,
  "connections cut after each few bytes from the server": /nothing within/,
};

interface Ending {
  code: number;
  stdout: string;
  stderr: string;
}

/** Tells a story in a process of its own, so that the death of that process is its ending. */
async function toldBy(driver: string, title: string, limitMs: number): Promise<Ending> {
  const url = process.env.SOMA_TEST_DATABASE_URL;
  if (url === undefined) throw new Error("SOMA_TEST_DATABASE_URL is not set; run these tests with `npm test`");
  const module = pathToFileURL(join(driver, "src/index.js")).href;
  const options = { env: { ...process.env, LIMIT_MS: String(limitMs) }, timeout: 60_000 };
  return run(process.execPath, [tell, title, module, url], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ending) => ({ code: error.code ?? 1, stdout: error.stdout, stderr: error.stderr }),
  );
}

describe.concurrent("a lost connection never ends the process, hangs, or reaches into another's transaction", () => {
  it.each([...Object.keys(DRIVER_STORIES), ...Object.keys(PRODUCT_STORIES)])(
    "%s",
    async (title) => {
      const { code, stdout, stderr } = await toldBy(installed, title, 10_000);
      expect({ code, told: stdout.trim().split("\n").at(-1), stderr }).toEqual({ code: 0, told: "told", stderr: "" });
    },
    60_000,
  );
});

describe.concurrent("the driver as it is published needs its patch", () => {
  let folder: string;
  let published: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-driver-"));
    published = join(folder, "postgres");
    await cp(installed, published, { recursive: true });
    await run(process.execPath, [patches, "--undo", published]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("connect() refuses it and says what to run", async () => {
    const module = JSON.stringify(pathToFileURL(join(published, "src/index.js")).href);
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ resolve: (name, context, next) =>
        name === "postgres" ? { url: ${module}, shortCircuit: true } : next(name, context) });`;
    const connect = JSON.stringify(new URL("connect.ts", import.meta.url).href);
    const program = `import { connect } from ${connect};
      connect({ url: "postgres://a:b@127.0.0.1:1/c", schema: "a", applicationName: "a" });`;
    const hooked = `data:text/javascript,${encodeURIComponent(hook)}`;
    await expect(
      run(process.execPath, ["--import", hooked, "--input-type=module", "-e", program]),
    ).rejects.toMatchObject({ stderr: expect.stringContaining("run: node infra/patches/apply.js") });
  });

  it.each(Object.keys(DRIVER_STORIES))(
    "%s",
    async (title) => {
      const { code, stderr } = await toldBy(published, title, 3_000);
      expect(code).not.toBe(0);
      if (!LEFT_WRITE.test(stderr)) expect(stderr).toMatch(PUBLISHED[title] ?? /^$/);
    },
    60_000,
  );
});
