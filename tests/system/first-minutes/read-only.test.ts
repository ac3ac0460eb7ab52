import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRuntime } from "@soma/cli/data-folder";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canMount } from "../full-volumes/volumes.ts";
import { removeData } from "../remove-data.ts";
import { listenTo, ready, stop } from "./run-up.ts";

const project = fileURLToPath(new URL("../../../", import.meta.url));

/** As in a small container: the project cannot be written to and has no page, and there is neither "postgres" nor "nobody". */
const CONTAINER = `set -e
mount --bind "$PROJECT" "$PROJECT"
mount -t tmpfs tmpfs "$PROJECT/webui/dist"
mount -o remount,ro,bind "$PROJECT"
mount --bind "$PASSWD" /etc/passwd
cd "$PROJECT"
exec "$0" infra/local/bootstrap.js start --data "$DATA" --port 0`;

const mounts = canMount();
const title = mounts ? "a read-only checkout" : "a read-only checkout (not run here: only root can mount)";

describe.skipIf(!mounts)(title, () => {
  let place: string;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "soma-read-only-"));
  });
  afterAll(async () => {
    await removeData(join(place, "data"));
    await rm(place, { recursive: true, force: true });
  });

  it("starts in a container without users, and builds its page into the data folder", async () => {
    const [data, passwd] = [join(place, "data"), join(place, "passwd")];
    await writeFile(passwd, "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:::\n");
    const env = {
      ...process.env,
      OPENAI_API_KEY: "",
      SOMA_WEBUI_DIR: "",
      PROJECT: project,
      PASSWD: passwd,
      DATA: data,
    };
    const command = ["--mount", "/bin/sh", "-c", CONTAINER, process.execPath];
    const up = listenTo(spawn("unshare", command, { env, stdio: ["ignore", "pipe", "pipe"] }));
    await ready(up);
    expect(up.said()).toContain(`Web page    built into ${join(data, "webui")}`);
    const page = await fetch((await readRuntime(data))?.url ?? "");
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<script")]);
    expect(await stop(up)).toBe(0);
  });
});
