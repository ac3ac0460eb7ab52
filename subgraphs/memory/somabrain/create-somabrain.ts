import { SomaError } from "@soma/shared/errors";
import { type Answer, type Ask, createAsk } from "./ask.ts";
import { fieldsOf, isFields } from "./fields.ts";
import { createLegacyDialect } from "./legacy-dialect.ts";
import { createMemoryDialect, toRecall } from "./memory-dialect.ts";
import { parseHealth } from "./parse-health.ts";
import { isUnwired, unavailable } from "./refusal.ts";
import type { Dialect, SomaBrain } from "./somabrain.ts";

/** Its own question after its store may take ten seconds; whoever takes so long is of no use. */
const PROBE_MS = 1_200;
const CHOOSE_MS = 5_000;
const HEALTH = ["/health", "/api/health/health"];
/** Whom the questions are from that no tenant asks. */
const NOBODY = "soma-probe";

interface SomaBrainOptions {
  somaBrainUrl: string;
  /** Empty where none is asked for. */
  somaBrainKey: string;
}

/** A client that finds out by itself which API the build at that address has, and again when that is gone. */
export function createSomaBrain(options: SomaBrainOptions): SomaBrain {
  const ask = createAsk({ baseUrl: options.somaBrainUrl, apiKey: options.somaBrainKey });
  let chosen: Promise<Dialect> | undefined;
  let name: Dialect["name"] | undefined;

  const watched: Ask = async (question) => {
    const answer = await ask(question);
    if (answer.status === 404 || isUnwired(answer)) chosen = undefined;
    return answer;
  };

  async function dialect(): Promise<Dialect> {
    chosen ??= chooseDialect(ask, watched).catch((error: unknown) => {
      chosen = undefined;
      throw error;
    });
    const found = await chosen;
    name = found.name;
    return found;
  }

  return {
    dialect: () => name,
    async probe() {
      const beganAt = performance.now();
      try {
        let answer: Answer | undefined;
        for (const path of HEALTH) {
          answer = await ask({ method: "GET", path, tenant: NOBODY, timeoutMs: PROBE_MS });
          if (answer.status !== 404) break;
        }
        return answer === undefined ? { fault: "nobody was asked" } : parseHealth(answer, performance.now() - beganAt);
      } catch (error) {
        return { fault: error instanceof Error ? error.message : String(error) };
      }
    },
    write: async (items) => (await dialect()).write(items),
    recall: async (query) => (await dialect()).recall(query),
  };
}

/** Asks a harmless question everywhere. `/memory/...` may be there and answer nothing: then the older one is used. */
async function chooseDialect(ask: Ask, used: Ask): Promise<Dialect> {
  const probe = { tenant: NOBODY, namespace: "probe", query: "probe", limit: 1, timeoutMs: CHOOSE_MS };
  for (const prefix of ["", "/api"] as const) {
    const answer = await ask(toRecall(prefix, probe));
    if (answer.status === 200 && isFields(answer.body)) return createMemoryDialect(used, prefix);
    if (isUnwired(answer) || isUnreadable(answer)) break;
    if (answer.status !== 404) throw unavailable(answer);
  }
  const legacy = createLegacyDialect(used);
  await legacy.recall(probe).catch((cause: unknown) => {
    throw new SomaError("UNAVAILABLE", "there is no API of SomaBrain that answers; see SOMA_BASE_URL", { cause });
  });
  return legacy;
}

/** A build that looks for the question in the address, where it is not, whatever the body is. */
function isUnreadable({ status, body }: Answer): boolean {
  return status === 422 && JSON.stringify(fieldsOf(body).detail ?? null).includes('"query","payload"');
}
