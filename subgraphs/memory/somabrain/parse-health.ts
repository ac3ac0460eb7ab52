import type { Probe } from "../domain/brain-health.ts";
import type { Answer } from "./ask.ts";
import { fieldsOf, isFields, reasonOf } from "./fields.ts";

/** How each build says that its store answers: by a field of its own, or by one of the part `memory`. */
const OF_MEMORY = ["ok", "healthy", "http"];

/** What an answer to the question after its health says of its memory; a fault when it says nothing of that. */
export function parseHealth(answer: Answer, latencyMs: number): Probe {
  if (answer.status !== 200) return { fault: reasonOf(answer) };
  if (!isFields(answer.body)) return { fault: "SomaBrain answered with no JSON when it was asked how it is" };
  const memory = fieldsOf(fieldsOf(answer.body.components).memory);
  const said = [answer.body.memory_ok, ...OF_MEMORY.map((name) => memory[name])].find(
    (each) => typeof each === "boolean",
  );
  if (said === undefined) return { fault: "SomaBrain does not say how its memory is" };
  const circuitOpen = answer.body.memory_circuit_open === true || memory.circuit_open === true;
  return { memoryOk: said === true, circuitOpen, latencyMs };
}
