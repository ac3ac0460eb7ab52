import { join } from "node:path";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeData } from "../remove-data.ts";
import { commandsOfReadme, createReader, type Reader } from "./readme.ts";
import type { Up } from "./run-up.ts";

const SLOW = `npx soma ask "run code: await sleep(20000); console.log('done')"`;

/** Where the others are run that stand in the README: each takes minutes, or a project or brokers of its own. */
const ELSEWHERE = {
  "npm run check": "tests/load/first-commands.ts",
  "npm test": "first-command.test.ts",
  "npm start -- --data DIR": "first-command.test.ts",
  "node infra/local/bootstrap.js start": "../survives-stop",
  "npm start -- --kafka HOST:PORT": "../on-kafka",
  "npx soma init DIR": "../own-agents",
  "npx soma dev DIR": "../own-agents",
  "npx soma torture --runs 100": "../torture",
  "git pull": "by nobody: it is git's",
};

/** What somebody does who has the README alone, and a terminal. */
describe("the README", () => {
  let reader: Reader;
  let slow: Up;
  let slowRun = "";
  beforeAll(async () => {
    reader = await createReader();
  });
  afterAll(async () => {
    reader.leave();
    await removeData(join(reader.folder, ".soma"));
    await removeData(reader.folder);
  });

  async function start(): Promise<Up> {
    const up = reader.type("npm start");
    await until("it is ready", () => up.said().includes("one user, loopback") || gone(up), 60_000);
    return up;
  }
  async function stop(up: Up): Promise<void> {
    expect(await reader.run("kill $(cat .soma/pid)")).toMatchObject({ code: 0 });
    expect(await up.ended).toBe(0);
  }
  let up: Up;

  it("shows a run that survived the death of its worker within a minute of the first start", async () => {
    const begun = performance.now();
    up = await start();
    const look = /^ {2}Look +npx soma --data \S+ (runs show) (\S+) +\(.*worker/m;
    const [, , run = ""] = await until("there is one", () => look.exec(up.said()) ?? gone(up), 60_000);
    const shown = await reader.run("npx soma runs show RUN", { RUN: run });
    expect(performance.now() - begun).toBeLessThan(60_000);
    expect(shown).toMatchObject({ code: 0, said: expect.stringContaining("recovered 1 time from a lost worker") });
  });

  it("kills the process in the middle, and the run goes on at the next start, and who asked with it", async () => {
    slow = reader.type(SLOW);
    await until("the code runs", () => slow.said().includes("code_run"), 20_000);
    slowRun = /^run +(\S+)$/m.exec(slow.said())?.[1] ?? "";
    expect(await reader.run("kill -9 $(cat .soma/pid)")).toMatchObject({ code: 0 });
    up = await start();
    const shown = await until(
      "it goes on",
      async () => {
        const { said } = await reader.run("npx soma runs show RUN", { RUN: slowRun });
        return said.includes("recovered 1 time from a lost worker") && said;
      },
      30_000,
    );
    expect(shown).toContain("its worker was lost; another one took the run over");
    expect(slow.child.exitCode).toBeNull();
  });

  it("asks, remembers, is denied, and finds why", async () => {
    const first = await reader.run('npx soma ask "What is 37*12? Remember that my favourite number is 37."');
    expect(first).toMatchObject({ code: 0, said: expect.stringContaining("444") });
    const second = await reader.run('npx soma ask "What is my favourite number?"');
    expect(second).toMatchObject({ code: 0, said: expect.stringContaining("Your favourite number is 37.") });
    const recalled = await reader.run('npx soma memory recall "favourite number"');
    expect(recalled).toMatchObject({ code: 0, said: expect.stringContaining("37") });
    const denied = await reader.run('npx soma ask --role restricted "run code: console.log(1)"');
    expect(denied).toMatchObject({ code: 1, said: expect.stringContaining("1 call denied (code_run)") });
    const [, run = ""] = /^run +(\S+)$/m.exec(denied.said) ?? [];
    expect((await reader.run("npx soma runs list")).said).toContain(run);
    const steps = (await reader.run("npx soma runs show RUN", { RUN: run })).said;
    const [, step = ""] = /^ *(\d+) +policy /m.exec(steps) ?? expect.unreachable(steps);
    const why = await reader.run("npx soma runs show RUN --step STEP", { RUN: run, STEP: step });
    expect(why.said).toMatch(/denied: .*/);
    expect(why.said).toMatch(/restricted/);
    expect(why.said).toMatch(/policy/);
  });

  it("says which model answers, and what a start can be asked", async () => {
    const doctor = await reader.run("npx soma doctor");
    expect(doctor).toMatchObject({ code: 0, said: expect.stringContaining("a set of rules and not an AI") });
    const help = await reader.run("npm start -- --help");
    expect(help).toMatchObject({ code: 0, said: expect.stringContaining("--data DIR") });
  });

  it("lets a run go another way, and says beforehand what had reached outside", async () => {
    const asked = await reader.run('npx soma ask "What is my favourite number?"');
    const [, run = ""] = /^run +(\S+)$/m.exec(asked.said) ?? [];
    const fork = `npx soma runs fork RUN SEQ --input '{"text": "…"}'`;
    const forked = await reader.run(fork, { RUN: run, SEQ: "1", "…": "What is 6*7?" });
    expect(forked).toMatchObject({ code: 0 });
    const plan = await reader.run("npx soma runs rollback RUN SEQ --dry-run", { RUN: run, SEQ: "1" });
    expect(plan).toMatchObject({ code: 0 });
    const [, other = ""] = /([\da-f]{8}-[\da-f-]{27})/.exec(forked.said.replaceAll(run, "")) ?? [];
    await until(
      "it has another answer",
      async () => (await reader.run("npx soma runs show RUN", { RUN: other })).said.includes("6*7 = 42."),
      30_000,
    );
  });

  it("ends what was asked before the kill, for who asked it too", async () => {
    expect(await slow.ended).toBe(0);
    expect(slow.said()).toContain("done");
    expect((await reader.run("npx soma runs show RUN", { RUN: slowRun })).said).toMatch(/SUCCEEDED/);
  });

  it("stops, is copied, loses its data, and has it again from the copy", async () => {
    await stop(up);
    expect(await reader.run("cp -a .soma BACKUP", { BACKUP: "kept" })).toMatchObject({ code: 0 });
    await removeData(join(reader.folder, ".soma"));
    expect(await reader.run("cp -a .soma BACKUP", { ".soma": "kept", BACKUP: ".soma" })).toMatchObject({ code: 0 });
    up = await start();
    expect((await reader.run("npx soma runs show RUN", { RUN: slowRun })).said).toMatch(/SUCCEEDED/);
    await stop(up);
  });

  it("has no command that no test runs", async () => {
    const known = [...reader.typed(), ...Object.keys(ELSEWHERE)];
    expect((await commandsOfReadme()).toSorted()).toEqual(known.toSorted());
  });
});

/** Fails at once where what was started has ended. */
function gone({ child, said }: Up): undefined {
  if (child.exitCode !== null) throw new Error(`it ended: ${said()}`);
  return undefined;
}
