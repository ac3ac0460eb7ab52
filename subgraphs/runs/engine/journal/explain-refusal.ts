import { SomaError } from "@soma/shared/errors";
import { whyUnavailable } from "@soma/shared/postgres/why-unavailable";

/** Failures that another attempt may not have, though the database is not away. */
const MAY_PASS: ReadonlySet<unknown> = new Set(["40001", "40P01", "55P03", "57014"]);

/** What a failed statement, or commit, of a step means to it; a database that is away is waited for like any other service. */
export function explainRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "PostgresError" || !("code" in error)) return error;
  const mayPass = MAY_PASS.has(error.code);
  if (!mayPass && whyUnavailable(error) !== undefined) return error;
  const hint = error.code === "42P01" ? "; tables of a project are made by its files tables/0001-<what>.sql" : "";
  const message = `the database refused a statement of the step: ${error.message}${hint}`;
  return new SomaError(mayPass ? "STEP_FAILED" : "STEP_REFUSED", message, { cause: error });
}
