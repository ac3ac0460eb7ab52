/**
 * MEMORY: of October 2025, with `/memory/...` as it was meant. UNWIRED: the same as it is shipped, where that answers 503 for
 * ever. UNREADABLE: of November 2025, which also looks for the question of a recall in the address. DJANGO: of 2026, below `/api`.
 */
export type Build = "MEMORY" | "UNWIRED" | "UNREADABLE" | "DJANGO";

/** A memory as the fake has it. */
interface Kept {
  universe: string;
  key: string;
  text: string;
  value: Record<string, unknown>;
}

interface Faults {
  /** The store is dead: what is written is acknowledged, and lost. */
  storeDown: boolean;
  /** Its breaker is open, and it says so. */
  breakerOpen: boolean;
  /** Nothing is answered, not even how it is. */
  hangs: boolean;
  /** Every write and every recall is answered with this. */
  status: number | undefined;
  retryAfter: string | undefined;
  /** It gives memories of others too, as the real one does. */
  leaks: boolean;
  /** Texts of memories that it will not have. */
  refuses: RegExp | undefined;
}

interface Seen {
  path: string;
  tenant: string | undefined;
  requestId: string | undefined;
  authorization: string | undefined;
  memories: number;
  /** Writes under way when it came, itself too. */
  writing: number;
}

/** What a real build does, over HTTP, with what it does wrong. */
export interface FakeSomaBrain {
  url: string;
  build: Build;
  faults: Faults;
  /** What is in its store. */
  stored: Kept[];
  /** What its process has in mind: there also when the store lost it. */
  inMind: Kept[];
  seen: Seen[];
  close(): Promise<void>;
}

type Body = Record<string, unknown>;
interface Given {
  status: number;
  answer: unknown;
}

const given = (answer: unknown, status = 200): Given => ({ status, answer });

/** How it says that it is; `ok` is the wrong way round in the older ones. */
export function healthOf(
  { build, faults: { storeDown, breakerOpen } }: FakeSomaBrain,
  path: string,
): object | undefined {
  if (build !== "DJANGO") return path === "/health" ? { ok: storeDown, memory_ok: !storeDown, ready: true } : undefined;
  const memory = { ok: !storeDown, healthy: !storeDown, circuit_open: breakerOpen };
  return path === "/api/health/health" ? { status: "healthy", components: { memory } } : undefined;
}

export function answerAs(fake: FakeSomaBrain, path: string, body: Body): Given | undefined {
  const { build } = fake;
  const place = build === "DJANGO" ? path.replace(/^\/api(?=\/memory\/)/, "!") : path.replace(/^(?=\/memory\/)/, "!");
  const isWired = build === "MEMORY" || build === "DJANGO";
  if (place === "!/memory/remember/batch")
    return isWired ? writeBatch(fake, body) : given({ detail: "memory pool unavailable" }, 503);
  if (place === "!/memory/recall") {
    if (build === "UNREADABLE") return given({ detail: [{ type: "missing", loc: ["query", "payload"] }] }, 422);
    return isWired ? recall(fake, body) : given({ detail: "memory pool unavailable" }, 503);
  }
  if (build === "DJANGO") return undefined;
  if (path === "/remember") return writeLegacy(fake, body);
  return path === "/recall" ? recallLegacy(fake, body) : undefined;
}

const REFUSED_BY_BREAKER = {
  detail: { message: "memory backend unavailable; write queued", breaker_open: true, queued: true },
};

function keep({ faults, stored, inMind }: FakeSomaBrain, memory: Kept): void {
  for (const place of faults.storeDown ? [inMind] : [inMind, stored]) {
    const at = place.findIndex(({ universe, key }) => universe === memory.universe && key === memory.key);
    if (at === -1) place.push(memory);
    else place[at] = memory;
  }
}

function writeBatch(fake: FakeSomaBrain, { items, universe }: Body): Given {
  if (fake.faults.breakerOpen) return given(REFUSED_BY_BREAKER, 503);
  const all = items as { key: string; value: Body }[];
  const { refuses } = fake.faults;
  if (refuses !== undefined && all.some(({ value }) => refuses.test(String(value.task))))
    return given({ detail: [{ type: "value_error", loc: ["body", "items"] }], hint: {}, client: "127.0.0.1" }, 422);
  for (const { key, value } of all)
    keep(fake, { universe: String(universe), key, text: String(value.task ?? key), value });
  const results = all.map(({ key }) => ({ key, persisted_to_ltm: true, deduplicated: false, warnings: [] }));
  return given({ ok: true, results, breaker_open: false, queued: 0 });
}

function writeLegacy(fake: FakeSomaBrain, { coord, payload }: Body): Given {
  if (fake.faults.breakerOpen) return given(REFUSED_BY_BREAKER, 503);
  const { task, content, universe } = payload as Body;
  if (!/^[A-Za-z0-9\s.,!?'"():/_@-]{1,10000}$/.test(String(task ?? "")))
    return given({ detail: "Invalid input: task contains unsafe characters" }, 400);
  if (fake.faults.refuses?.test(String(task)) === true) return given({ detail: "Invalid input" }, 400);
  keep(fake, { universe: String(universe), key: String(coord), text: String(task), value: { task, content } });
  return given({ ok: true, success: true, breaker_open: null, queued: null });
}

/** Those that have a word of the question, most words first. */
function search(fake: FakeSomaBrain, from: readonly Kept[], { query, universe, top_k }: Body): Kept[] {
  const words = String(query).toLowerCase().split(/\W+/);
  const worth = ({ text }: Kept): number =>
    words.filter((word) => word !== "" && text.toLowerCase().includes(word)).length;
  return from
    .filter((each) => (fake.faults.leaks || each.universe === universe) && worth(each) > 0)
    .toSorted((a, b) => worth(b) - worth(a))
    .slice(0, Number(top_k));
}

/** The same memory is given twice: as what it has in mind, and as what is stored. */
function recall(fake: FakeSomaBrain, body: Body): Given {
  const field = fake.build === "DJANGO" ? "content" : "payload";
  const toResult =
    (layer: string) =>
    (kept: Kept): object => ({ layer, score: 0.5, [field]: { ...kept.value, key: kept.key } });
  const stored = fake.faults.storeDown ? [] : search(fake, fake.stored, body);
  return given({ results: [...search(fake, fake.inMind, body).map(toResult("wm")), ...stored.map(toResult("ltm"))] });
}

function recallLegacy(fake: FakeSomaBrain, body: Body): Given {
  const wm = search(fake, fake.inMind, body).map(({ key, value }) => ({ score: 0.5, payload: { ...value, id: key } }));
  const stored = fake.faults.storeDown ? [] : search(fake, fake.stored, body);
  const memory = stored.map(({ key, value }) => ({ ...value, id: key, namespace: "somabrain_ns:public", _score: 0.5 }));
  return given({ wm, memory, results: memory });
}
