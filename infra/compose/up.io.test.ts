import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PARTS } from "../config/list-settings.ts";

const UP = fileURLToPath(new URL("up.sh", import.meta.url));
/** Writes down how it was called; says the names and codes that up.sh reads. */
const TELL = `#!/bin/sh
echo "$(basename "$0") $*" >> "$SAID"
all="$*"
case "$all" in
  "wait "*) echo 0 ;;
  "ps "*) echo "\${all##*=}" ;;
  "image inspect "*) echo new ;;
  "inspect --format {{.Image}} "*) case " $OLD " in *" \${all##* } "*) echo old ;; *) echo new ;; esac ;;
esac
`;

let folder: string;
/** Services whose containers are of an image of before. */
let old = "";
beforeEach(async () => {
  old = "";
  folder = await mkdtemp(join(tmpdir(), "soma-up-"));
  await cp(UP, join(folder, "infra/compose/up.sh"), { recursive: true });
  await mkdir(join(folder, "infra/compose/secrets"));
  await writeFile(join(folder, "infra/compose/secrets/secrets.json"), "{}\n");
  await addProgram("node_modules/.bin/node");
});
afterEach(() => rm(folder, { recursive: true }));

async function addProgram(path: string, text = TELL): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
  await chmod(join(folder, path), 0o755);
}

/** What up.sh calls, in its order, on a machine that has these programs of containers. */
async function start(...programs: string[]): Promise<string[]> {
  for (const program of programs) await addProgram(`bin/${program}`);
  // In the place of one that this machine may have.
  if (!programs.includes("docker")) await addProgram("bin/docker", "#!/bin/sh\nexit 1\n");
  const SAID = join(folder, "said");
  const PATH = `${join(folder, "bin")}:${process.env.PATH}`;
  await promisify(execFile)("sh", [join(folder, "infra/compose/up.sh")], { env: { PATH, SAID, OLD: old } });
  return (await readFile(SAID, "utf8")).trimEnd().split("\n");
}

describe("up.sh", () => {
  it("writes what this version tells its parts of secrets that are there, and waits by docker for every part", async () => {
    const said = await start("docker");
    expect(said[0]).toBe("node ../config/write-secret-files.ts");
    const [, awaited = ""] = /^docker compose up --detach --no-deps --wait (.*)$/.exec(said.at(-1) ?? "") ?? [];
    expect(awaited.split(" ").toSorted()).toEqual(PARTS.toSorted());
  });

  it("starts by podman what the parts stand on, then the jobs, then the parts, and waits for each", async () => {
    const said = await start("podman", "podman-compose");
    const started = said.filter((line) => line.startsWith("podman-compose"));
    expect(started.map((line) => line.replace("podman-compose up --detach --no-deps ", ""))).toEqual([
      expect.stringMatching(/^postgres kafka redis /),
      "tables topics",
      expect.stringContaining("gateway"),
    ]);
    const asked = said.flatMap((line) => /^podman healthcheck run (\S+)$/.exec(line)?.[1] ?? []);
    expect(asked.toSorted()).toEqual(["kafka", "postgres", "redis", ...PARTS].toSorted());
    expect(said.indexOf("podman wait tables")).toBeGreaterThan(said.indexOf("podman healthcheck run postgres"));
  });

  it("replaces by podman what is of an image of before, jobs first, then parts one after the other", async () => {
    old = "tables policy gateway";
    const said = await start("podman", "podman-compose");
    const of = (service: string) => [`stop --time 60 ${service}`, `rm ${service}`].map((each) => `podman ${each}`);
    const started = (service: string) => `podman-compose up --detach --no-deps ${service}`;
    const healthy = (service: string) => `podman healthcheck run ${service}`;
    const steps = [
      ...[...of("tables"), started("tables topics"), "podman wait topics"],
      ...[...of("policy"), started("policy"), healthy("policy")],
      ...[...of("gateway"), started("gateway"), healthy("gateway")],
    ];
    expect(said.filter((line) => steps.includes(line)).slice(0, steps.length)).toEqual(steps);
    expect(said.filter((line) => line.startsWith("podman rm"))).toHaveLength(3);
  });
});
