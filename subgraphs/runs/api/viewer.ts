import { DEFAULT_TIMEOUT_MS } from "@soma/sdk/graph";
import type { Principal } from "@soma/shared/identity/principal";
import { MAX_INPUT_BYTES, MAX_TEXT_BYTES } from "../domain/run-input.ts";
import type { Viewer } from "./generated.ts";
import { RUNS_PAGE } from "./run-connection.ts";

/** Who asks, and what one request of theirs may hold. */
export function toViewer({ subject, tenant, roles }: Principal): Viewer {
  const limits = {
    messageBytes: MAX_TEXT_BYTES,
    inputBytes: MAX_INPUT_BYTES,
    pageSize: RUNS_PAGE.max,
    runSeconds: DEFAULT_TIMEOUT_MS / 1_000,
  };
  return { subject, tenant, roles: [...roles], limits };
}
