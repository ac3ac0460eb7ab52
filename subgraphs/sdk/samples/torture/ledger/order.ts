import { Type } from "@soma/sdk/define-tool";
import type { Fault } from "./lose-answer.ts";

/** What the tools take: what is paid for, and how the answer is to be lost. */
export const OrderInput = Type.Object(
  { order: Type.String({ maxLength: 100 }), fault: Type.Enum(["throw", "hang", "die", "none"]) },
  { additionalProperties: false },
);

/** What a run is started with, and what its agent keeps of it. */
export interface Order {
  readonly order: string;
  readonly fault: Fault;
}

/** Makes of a run's input what its state begins with. */
export function toOrder({ order, fault }: { [name: string]: unknown }): Order {
  if (typeof order !== "string" || order === "") throw new Error("the input has no order, such as S-1");
  return { order, fault: fault === "throw" || fault === "hang" || fault === "die" ? fault : "none" };
}
