import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeData } from "../remove-data.ts";
import { ready, runUp, stop } from "./run-up.ts";

describe("the data folder", () => {
  let closed: string;
  let dataDir: string;

  beforeAll(async () => {
    closed = await mkdtemp(join(tmpdir(), "soma closed-"));
    await chmod(closed, 0o700);
    dataDir = join(closed, ".soma");
  });
  afterAll(async () => {
    await removeData(dataDir);
    await rm(closed, { recursive: true, force: true });
  });

  it("may stand where others may not enter, and stays as closed as it is", async () => {
    const up = runUp("--data", dataDir, "--port", "0");
    await ready(up);
    expect(up.said()).toContain(`Try    npx soma --data '${dataDir}' ask`);
    expect(await stop(up)).toBe(0);
    const modes = [".", "log/soma.log", "secrets.json", "credentials.json", "pg"].map(async (name) => {
      return ((await stat(join(dataDir, name))).mode & 0o777).toString(8);
    });
    expect(await Promise.all(modes)).toEqual(["700", "600", "600", "600", "700"]);
  });

  it("is not kept from a start by a stranger that has the number of the last one", async () => {
    await writeFile(join(dataDir, "pid"), `${process.pid}\n`);
    const up = runUp("--data", dataDir, "--port", "0");
    await ready(up);
    expect(await stop(up)).toBe(0);
  });

  it("is refused with a sentence when its secrets are lost, and taken again when they are back", async () => {
    const path = join(dataDir, "secrets.json");
    const secrets = await readFile(path, "utf8");
    await writeFile(path, "");
    const refused = runUp("--data", dataDir, "--port", "0");
    expect(await refused.ended).toBe(1);
    expect(refused.said()).toContain(
      `${path} is empty, and the database beside it opens with the passwords in it alone`,
    );
    await writeFile(path, secrets);
    const up = runUp("--data", dataDir, "--port", "0");
    await ready(up);
    expect(await stop(up)).toBe(0);
  });

  it("is left alone by a start whose port is held by somebody, who is named", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const up = runUp("--data", dataDir, "--port", String(port));
    expect(await up.ended).toBe(1);
    const holder = process.platform === "linux" ? `process ${process.pid} \\(` : "another program";
    expect(up.said()).toMatch(new RegExp(`port ${port} is held by ${holder}.*choose another port with --port N`));
    other.close();
  });

  it("is said by its help, and a wrong option leads there", async () => {
    const wrong = runUp("--nonsense");
    expect(await wrong.ended).toBe(1);
    expect(wrong.said()).toMatch(/Unknown option '--nonsense'[\s\S]*npm start -- --help shows the options/);
  });
});
