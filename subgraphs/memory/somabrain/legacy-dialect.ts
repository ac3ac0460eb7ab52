import type { Answer, Ask } from "./ask.ts";
import { fieldsOf, listOf } from "./fields.ts";
import { toRefusal, unavailable } from "./refusal.ts";
import { type BrainHit, type BrainItem, type Dialect, universeOf, type Written } from "./somabrain.ts";

const WRITE_MS = 5_000;
const MAX_TASK = 10_000;
/** Everything else is refused as unsafe. */
const UNSAFE = /[^A-Za-z0-9\s.,!?'"():/_@-]+/g;

/**
 * `/remember` and `/recall`, for builds whose `/memory/...` does not work. Of what is written all but some fields are dropped;
 * the key comes back as the id, since it is the coordinate.
 */
export function createLegacyDialect(ask: Ask): Dialect {
  async function writeOne(item: BrainItem): Promise<Written> {
    const { tenant, key, content } = item;
    const payload = { task: toTask(item), content, universe: universeOf(item), memory_type: "episodic" };
    const answer = await ask({
      method: "POST",
      path: "/remember",
      tenant,
      body: { coord: key, payload },
      timeoutMs: WRITE_MS,
    });
    return answer.status === 200 && isTaken(answer) ? { acknowledged: true } : toRefusal(answer);
  }

  return {
    name: "LEGACY",
    async write(items) {
      const written: Written[] = [];
      for (const item of items) written.push(await writeOne(item));
      return written;
    },
    async recall({ tenant, namespace, query, limit, timeoutMs }) {
      const body = { query, top_k: limit, universe: universeOf({ tenant, namespace }) };
      const answer = await ask({ method: "POST", path: "/recall", tenant, body, timeoutMs });
      if (answer.status !== 200) throw unavailable(answer);
      const { memory, wm } = fieldsOf(answer.body);
      return [
        ...listOf(memory).flatMap((payload) => toHit(payload, true)),
        ...listOf(wm).flatMap((hit) => toHit(fieldsOf(hit).payload, false)),
      ];
    },
  };
}

function isTaken({ body }: Answer): boolean {
  const { ok, breaker_open, queued } = fieldsOf(body);
  return ok === true && breaker_open !== true && queued !== true;
}

/** What is embedded. Of a text in other letters nothing is left: then it is embedded by its key alone, and found by us. */
function toTask({ content, key }: BrainItem): string {
  const task = content.replaceAll(UNSAFE, " ").replaceAll(/\s+/g, " ").trim().slice(0, MAX_TASK);
  return task === "" ? `memory ${key.slice(-16).replaceAll(UNSAFE, " ")}` : task;
}

function toHit(payload: unknown, isStored: boolean): BrainHit[] {
  const { id } = fieldsOf(payload);
  return typeof id === "string" ? [{ key: id, isStored }] : [];
}
