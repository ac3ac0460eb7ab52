import { graph } from "@soma/sdk/graph";
import { memoryPorts } from "./memory-ports.ts";
import { MemoryStore } from "./memory-store.ts";
import { type StoreLife, storeContract } from "./store.contract.ts";

const only = graph("only", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => "");

const NOW = Date.UTC(2026, 0, 1);

storeContract("memory", async () => {
  const store = new MemoryStore({ now: () => NOW });
  return {
    start: async () => store.start(only, { deadline: new Date(NOW + 3_600_000) }).runId,
    async live(): Promise<StoreLife> {
      const owner = store.register();
      return {
        ports: memoryPorts(store, owner, async (act) => act()),
        claim: async () => store.claim(owner),
        release: async (run) => store.release(owner, [run]),
        isTakenOver: async () => store.takeOver(owner),
      };
    },
    async startChild(_life, run, call) {
      const started = store.startChild(run, { call: `1.${call}`, graph: only, input: {} });
      return "runId" in started ? started.runId : "";
    },
    signal: async (runId, name) => void store.signal({ runId, name, payload: null, sentBy: "bob" }),
    decide: async (runId, name) => void store.decide({ runId, name, payload: { approved: true }, sentBy: "bob" }),
    cancel: async (runId, reason) => store.cancel(runId, reason),
    pause: async (runId, pause) => store.pause(runId, pause),
    status: async (runId) => store.get(runId).status,
    close: async () => {},
  };
});
