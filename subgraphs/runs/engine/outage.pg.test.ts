import { loadBudgets } from "@soma/conf/budgets";
import { SHIPPED_CONF } from "@soma/conf/read-conf";
import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import assistant from "../agents/assistant/graph.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { isFinished, RUN_STATUS } from "../domain/run-status.ts";
import { createModelSource } from "../models/model-source.ts";
import { type OpenAiServer, scriptedAnswer, startOpenAiServer } from "../models/testing/openai-server.ts";
import { connectServices } from "../peers/connect-services.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { faultsOfEvidence } from "../testing/evidence.ts";
import { type Away, type Front, startFront } from "../testing/front.ts";
import { readEvidence } from "../testing/read-evidence.ts";
import { startStandInPeers } from "../testing/stand-in-peers.ts";
import type { ConnectedServices } from "./execute/run-context.ts";

const MINUTE_MS = 60_000;
const MINUTES = 12;
/** The minute in which the worker dies. */
const DIES_IN = 7;
const FIRST_TOKEN_MS = 1_500;

type Service = "model" | "policy" | "tools" | "memory";
const SERVICES: readonly Service[] = ["model", "policy", "tools", "memory"];
const OUTAGES: readonly [Service, Away][] = [
  ["model", "closed"],
  ["model", 503],
  ["model", 500],
  ["policy", "closed"],
  ["tools", "closed"],
  ["tools", 503],
  ["memory", "closed"],
];

describe(`a service that is away for ${MINUTES} minutes`, () => {
  let fronts: Record<Service, Front>;
  let model: OpenAiServer;
  let peers: Awaited<ReturnType<typeof startStandInPeers>>;
  let onDecision = async (): Promise<void> => {};
  let harness: EngineHarness;
  let services: ConnectedServices;

  beforeAll(async () => {
    model = await startOpenAiServer({ answer: scriptedAnswer });
    peers = await startStandInPeers(async ({ operation }) => {
      if (operation === "PeerDecide") await onDecision();
    });
    const made = SERVICES.map((name) => startFront(name === "model" ? model.origin : peers.origin));
    fronts = Object.fromEntries((await Promise.all(made)).map((front, at) => [SERVICES[at], front])) as typeof fronts;
    harness = await createEngineHarness([assistant], { services: (binding) => services(binding) });
  });
  afterEach(() => Promise.all(Object.values(fronts).map((front) => front.back())));
  afterAll(async () => {
    await harness.close();
    await Promise.all([...Object.values(fronts), model, peers].map((each) => each.close()));
  });

  /** A worker as a process has it that knows nothing of servers before it asks them. */
  async function startWorker() {
    const models = await createModelSource({
      confDir: SHIPPED_CONF,
      env: { SOMA_MODEL_BASE_URL: `${fronts.model.origin}/v1`, SOMA_MODEL_NAME: "test-model", SOMA_MODEL_API_KEY: "k" },
      now: () => harness.now().getTime(),
      settings: { modelProfile: "", firstTokenMs: FIRST_TOKEN_MS, silenceMs: 0, totalMs: 0 },
    });
    const { memory, policy, tools } = fronts;
    services = connectServices({
      urls: { memory: memory.origin, policy: policy.origin, tools: tools.origin },
      sign: async () => "",
      sql: harness.database.worker,
      models: { ...models, open: models.open, hopsFrom: () => models.hopsFrom(models.chosen.profile) },
      contextTokens: 8_000,
      budgets: loadBudgets(),
    });
    return harness.startWorker();
  }

  /** When it is known which tools there are, and before one is called. */
  function goAwayOnDecision(how: Away): void {
    onDecision = async () => {
      onDecision = async () => {};
      await fronts.tools.away(how);
    };
  }

  async function passMinute(runId: string): Promise<void> {
    await harness.skipWait(runId, MINUTE_MS);
    harness.wakeUp.changed(WORK_WAITS);
  }

  it.each(OUTAGES)(
    "%s %s: its run waits, also when its worker dies, and answers once",
    async (service, how) => {
      const [asked, done] = [model.requests.length, peers.asked.length];
      if (service === "tools") goAwayOnDecision(how);
      else await fronts[service].away(how);
      let worker = await startWorker();
      const { runId } = await harness.start({ graph: "assistant", input: { text: "What is 37*12?" } });
      const retries = async () => (await harness.history(runId)).filter(({ kind }) => kind === "STEP_RETRIED").length;
      const waits = async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code;
      for (let minute = 1; minute <= MINUTES; minute += 1) {
        const before = await retries();
        if (minute > 1) await passMinute(runId);
        if (minute === DIES_IN) {
          await worker.kill();
          worker = await startWorker();
        }
        const triedAgain = async () => (await waits()) && (minute === DIES_IN || (await retries()) > before);
        await until(`it was tried in minute ${minute}`, triedAgain, 20_000);
      }
      const early = await harness.history(runId);
      await fronts[service].back();
      await until("the run has ended", async () => {
        if (isFinished((await harness.find(runId))?.status ?? 0)) return true;
        if (await waits()) await passMinute(runId);
        return false;
      });
      const history = await harness.history(runId);
      expect(history.at(-1)).toMatchObject({ kind: "RUN_SUCCEEDED", payload: { answer: "37*12 = 444." } });
      const evidence = await transaction(harness.database.owner, {}, (tx) => readEvidence(tx, { runId, read: early }));
      expect(faultsOfEvidence(evidence)).toEqual([]);
      expect(await retries()).toBeGreaterThanOrEqual(MINUTES - 1);
      // Each turn of the model, the call, and what is remembered: once, whatever was away.
      const keys = peers.asked.slice(done).map(({ operation, input }) => `${operation} ${input.idempotencyKey ?? ""}`);
      expect(keys.filter((key) => key.startsWith("PeerInvokeTool"))).toHaveLength(1);
      expect(keys.filter((key) => key.startsWith("PeerRemember"))).toHaveLength(2);
      expect(model.requests.length - asked).toBe(2);
      await worker.life.close();
    },
    60_000,
  );
});
