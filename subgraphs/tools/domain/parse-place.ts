import { SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";

const STEP_NUMBER = /^[1-9]\d{0,9}$/;

/** The run and step a call names. Throws BAD_INPUT unless the run is a UUID and the step is one of the run's. */
export function parsePlace(
  runId: string | null,
  stepId: string | null,
): { runId: string | null; stepId: string | null } {
  if (runId !== null && !isId(runId)) throw new SomaError("BAD_INPUT", `run id "${runId.slice(0, 60)}" is not a UUID`);
  if (stepId === null) return { runId, stepId };
  if (runId === null) throw new SomaError("BAD_INPUT", `step "${stepId.slice(0, 60)}" is named without its run`);
  const ofRun = stepId.startsWith(`${runId}.`) && STEP_NUMBER.test(stepId.slice(runId.length + 1));
  if (!ofRun)
    throw new SomaError(
      "BAD_INPUT",
      `step "${stepId.slice(0, 60)}" is not a step of run ${runId}; a step id is the run id, a dot and a number`,
    );
  return { runId, stepId };
}
