import { type Principal, requireRole } from "@soma/shared/identity/principal";

/** Role of who sees how the product is set up. */
export const OPERATOR = "operator";

/** Throws FORBIDDEN unless this is somebody who may see which models there are, and test them. */
export function requireOperator(principal: Principal): void {
  requireRole(principal, OPERATOR);
}
