import { defineTool } from "@soma/sdk/define-tool";
import { Type } from "typebox";
import { evaluateExpression, formatNumber, MAX_LENGTH } from "./calculate/expression.ts";

/** Arithmetic with a parser of our own; nothing is evaluated as code. */
export default defineTool({
  name: "calculate",
  version: "1",
  description:
    "Computes an arithmetic expression: + - * / % ^, parentheses, decimals, sqrt abs round floor ceil min max, pi and e. Whole numbers up to 2^53 are exact.",
  input: Type.Object(
    { expression: Type.String({ minLength: 1, maxLength: MAX_LENGTH, description: "such as (17 + 3) * sqrt(16)" }) },
    { additionalProperties: false },
  ),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 1_024,
  run: ({ expression }) => formatNumber(evaluateExpression(expression)),
});
