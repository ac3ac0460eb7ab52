import { isRecord } from "@soma/schemas/json";
import { isErrorCode, RetryLater, SomaError } from "@soma/shared/errors";
import type { SubgraphAnswer } from "./send.ts";

/** What a subgraph answered to an operation, as far as it is GraphQL. */
export interface SubgraphResult {
  data?: Record<string, unknown> | null;
  errors?: SubgraphError[];
  extensions?: Record<string, unknown>;
}

interface SubgraphError {
  message: string;
  path?: (string | number)[];
  extensions?: Record<string, unknown>;
}

/** A subgraph that refuses us does so for a reason that its operator has to see, and its caller has not. */
export class GatewayRefused extends SomaError {}

/** What a caller is told to wait for a subgraph that does not say. */
const RETRY_MS = 1_000;
/** Longer than this nobody waits in front of a screen. */
const MAX_RETRY_MS = 60_000;

/**
 * An answer as a result of GraphQL; throws what it means otherwise. Whatever is not one is the service's fault and may be
 * over when it is asked again: a proxy's page, half an answer, one of another shape.
 */
export function readAnswer(name: string, answer: SubgraphAnswer): SubgraphResult {
  const { status } = answer;
  if (status === 401 || status === 403) throw new GatewayRefused("UNAVAILABLE", `the ${name} service refuses us`);
  if (status === 429)
    throw new RetryLater(`the ${name} service has too much to do; try again in a moment`, retryMs(answer));
  if (!/^application\/([a-z.-]+\+)?json\b/i.test(answer.header("content-type") ?? ""))
    throw new SomaError("UNAVAILABLE", `the ${name} service answered ${status} with something that is not JSON`);
  const result = parse(name, answer);
  if (!isResult(result))
    throw new SomaError("UNAVAILABLE", `the ${name} service answered ${status} with something that is not GraphQL`);
  if (status >= 500 && !(result.errors ?? []).some(({ extensions }) => isErrorCode(extensions?.code)))
    throw new SomaError("UNAVAILABLE", `the ${name} service answered ${status}`);
  return result;
}

function parse(name: string, { status, body }: SubgraphAnswer): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new SomaError("UNAVAILABLE", `the ${name} service answered ${status} with something that is not JSON`, {
      cause,
    });
  }
}

function isResult(value: unknown): value is SubgraphResult {
  if (!isRecord(value)) return false;
  const { data, errors } = value;
  if (errors !== undefined && !(Array.isArray(errors) && errors.every(isError))) return false;
  return isRecord(data) || (Array.isArray(errors) && errors.length > 0 && (data === null || data === undefined));
}

function isError(value: unknown): boolean {
  if (!isRecord(value) || typeof value.message !== "string") return false;
  const { path, extensions } = value;
  const isPath = path === undefined || path === null || Array.isArray(path);
  return isPath && (extensions === undefined || extensions === null || isRecord(extensions));
}

/** Seconds or a date, as HTTP has it. */
function retryMs({ header }: SubgraphAnswer): number {
  const given = header("retry-after") ?? "";
  const ms = /^\d+$/.test(given) ? Number(given) * 1_000 : Date.parse(given) - Date.now();
  return Number.isNaN(ms) ? RETRY_MS : Math.min(Math.max(ms, 0), MAX_RETRY_MS);
}
