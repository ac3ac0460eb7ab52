import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { choosePostgresUsers, type PostgresUser } from "./postgres-user.ts";

const ROOT = "root:x:0:0::/root:/bin/sh\n";
const NOBODY = "nobody:x:65534:65534:::\n";
const isRoot = process.getuid?.() === 0;

/** Whether this process may make user namespaces that see a file of their own. */
function canName(): boolean {
  try {
    execFileSync("unshare", ["--user", "--map-user=1", "--keep-caps", "--mount", "mount", "--bind", "/etc", "/etc"]);
    return true;
  } catch {
    return false;
  }
}

let folder: string;
let dataDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-users-"));
  dataDir = join(folder, "pg");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A database that is there, of this user. */
function makeDatabase(uid?: number): void {
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, "PG_VERSION"), "18\n");
  if (uid !== undefined) chownSync(dataDir, uid, uid);
}

const as = async (user: PostgresUser, ...id: string[]): Promise<string> =>
  (await user.run("id", id, folder)).stdout.trim();

describe("choosePostgresUsers() for an ordinary user", () => {
  const uid = process.getuid?.();
  const ordinary = { uid: isRoot ? 4_242 : uid, hasName: true, passwd: ROOT };

  it("is that user, in the folders as they are called", async () => {
    const { server, creator } = await choosePostgresUsers(dataDir, ordinary);
    expect(creator).toBe(server);
    expect([await as(server, "-u"), server.here(folder)]).toEqual([String(uid), folder]);
  });

  it("is refused for a database of somebody else", async () => {
    makeDatabase();
    await expect(choosePostgresUsers(dataDir, { ...ordinary, uid: 4_243 })).rejects.toThrow(
      `${dataDir} belongs to user number ${uid} and this is user number 4243; start as that user`,
    );
  });

  it("needs no name for a database that is there", async () => {
    makeDatabase(isRoot ? 4_242 : undefined);
    const { server, creator } = await choosePostgresUsers(dataDir, { ...ordinary, hasName: false });
    expect(creator).toBe(server);
  });

  it.skipIf(!canName())(
    `has a name of its own where it has none, for what creates a database${canName() ? "" : " (not run here: no user namespaces)"}`,
    async () => {
      const nameless = { ...ordinary, hasName: false };
      const { server, creator } = await choosePostgresUsers(dataDir, nameless);
      expect([await as(server, "-u"), await as(creator, "-un")]).toEqual([String(uid), "postgres"]);
      const known = await choosePostgresUsers(dataDir, { ...nameless, passwd: ROOT + NOBODY });
      expect(await as(known.creator, "-u")).toBe("65534");
    },
  );
});

const title = isRoot ? "for root" : "for root (not run here: only root becomes another user)";
describe.skipIf(!isRoot)(`choosePostgresUsers() ${title}`, () => {
  const root = (passwd: string) => choosePostgresUsers(dataDir, { uid: 0, hasName: true, passwd });

  it('is the user "postgres" where there is one', async () => {
    const { server, creator } = await root(`${ROOT}${NOBODY}postgres:x:65533:65532:::\n`);
    expect(creator).toBe(server);
    expect([server.name, await as(server, "-u"), await as(server, "-g")]).toEqual([
      'user "postgres"',
      "65533",
      "65532",
    ]);
  });

  it("is a number that nobody has, and creates as somebody with a name", async () => {
    const { server, creator } = await root(`${ROOT}${NOBODY}somebody:x:54329:7:::\n`);
    expect([server.name, await as(server, "-u")]).toEqual(["user number 54330", "54330"]);
    expect([creator.name, await as(creator, "-u")]).toEqual(['user "nobody"', "65534"]);
    const daemon = await root(`${ROOT}daemon:x:1:1:::\n`);
    expect(await as(daemon.creator, "-u")).toBe("1");
  });

  it("is the owner of a database that is there, and takes one that root copied back", async () => {
    makeDatabase(4_242);
    const { server, creator } = await root(ROOT);
    expect(creator).toBe(server);
    expect(await as(server, "-u")).toBe("4242");
    chownSync(dataDir, 0, 0);
    await root(`${ROOT}postgres:x:65533:65532:::\n`);
    expect(statSync(join(dataDir, "PG_VERSION"))).toMatchObject({ uid: 65_533, gid: 65_532 });
  });

  it.skipIf(!canName())(
    `creates under a name of its own where /etc/passwd has nobody else${canName() ? "" : " (not run here: no user namespaces)"}`,
    async () => {
      for (const passwd of [ROOT, ""]) {
        const { server, creator } = await root(passwd);
        expect(await as(server, "-u")).toBe("54329");
        expect([await as(creator, "-un"), await as(creator, "-u")]).toEqual(["postgres", "54329"]);
      }
    },
  );
});
