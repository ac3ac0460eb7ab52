import type { Answer, Ask, AskOptions } from "./ask.ts";
import { fieldsOf, listOf } from "./fields.ts";
import { type Refusal, toRefusal, unavailable } from "./refusal.ts";
import { type BrainHit, type BrainItem, type BrainQuery, type Dialect, universeOf, type Written } from "./somabrain.ts";

const WRITE_MS = 10_000;
/** In a warning of a write that was taken and put aside. */
const PUT_ASIDE = /unavailable|queued/;

/** `/memory/...`, which most builds have, and newer ones below `/api` too. */
export function createMemoryDialect(ask: Ask, prefix: "" | "/api"): Dialect {
  async function write(items: readonly BrainItem[]): Promise<Written[]> {
    const [first] = items;
    if (first === undefined) return [];
    const { tenant, namespace } = first;
    const body = { tenant, namespace, universe: universeOf(first), items: items.map(toItem) };
    // Of a single one some builds say that it is stored when it is lost; what comes in a batch they write down first.
    const path = `${prefix}/memory/remember/batch`;
    const answer = await ask({ method: "POST", path, tenant, body, timeoutMs: WRITE_MS });
    if (answer.status === 200) return readBatch(answer, items);
    const refusal = toRefusal(answer);
    if (!refusal.refused || items.length === 1) return items.map(() => refusal);
    // One of them is what it will not have: which, is found out one by one.
    const written: Written[] = [];
    for (const item of items) written.push(...(await write([item])));
    return written;
  }

  return {
    name: prefix === "" ? "MEMORY" : "MEMORY_API",
    write,
    async recall(query) {
      const answer = await ask(toRecall(prefix, query));
      if (answer.status !== 200) throw unavailable(answer);
      return listOf(fieldsOf(answer.body).results).flatMap(toHit);
    },
  };
}

/** The question; also the one by which is found out whether anybody answers it. */
export function toRecall(prefix: "" | "/api", { tenant, namespace, query, limit, timeoutMs }: BrainQuery): AskOptions {
  const body = { tenant, namespace, universe: universeOf({ tenant, namespace }), query, top_k: limit };
  return { method: "POST", path: `${prefix}/memory/recall`, tenant, body, timeoutMs };
}

/** What it embeds is `task`; without one it embeds the key. */
function toItem({ key, content, about, ...place }: BrainItem): object {
  return { key, universe: universeOf(place), value: { ...about, id: key, task: content, text: content } };
}

function readBatch(answer: Answer, items: readonly BrainItem[]): Written[] {
  const { ok, breaker_open, queued, results } = fieldsOf(answer.body);
  const refused = (reason: string): Refusal => ({
    ...{ acknowledged: false, reason: `SomaBrain ${reason}`, refused: false },
    ...{ breakerOpen: breaker_open === true, retryAfterMs: answer.retryAfterMs },
  });
  if (ok !== true) return items.map(() => refused("did not say that a write was done"));
  if (breaker_open === true) return items.map(() => refused("has its breaker open"));
  if (Number(queued ?? 0) > 0) return items.map(() => refused("has put a write aside"));
  const byKey = new Map(listOf(results).map((result) => [fieldsOf(result).key, fieldsOf(result)]));
  return items.map(({ key }) => {
    const result = byKey.get(key);
    if (result === undefined) return refused("did not name the memory in its answer");
    const warnings = listOf(result.warnings).map(String);
    const isAside =
      result.persisted_to_ltm !== true ||
      result.queued_for_ltm === true ||
      warnings.some((each) => PUT_ASIDE.test(each));
    return isAside
      ? refused(`did not store it: ${warnings.join(", ").slice(0, 200) || "no reason"}`)
      : { acknowledged: true };
  });
}

/** What was written stands in `payload`, in newer builds in `content`. */
function toHit(result: unknown): BrainHit[] {
  const { payload, content, layer } = fieldsOf(result);
  const { id, key } = { ...fieldsOf(content), ...fieldsOf(payload) };
  const known = [id, key].find((each) => typeof each === "string");
  return known === undefined ? [] : [{ key: String(known), isStored: layer === "ltm" }];
}
