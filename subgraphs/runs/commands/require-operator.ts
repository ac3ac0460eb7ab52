import { OPERATOR, type Principal, requireRole } from "@soma/shared/identity/principal";

/** Throws FORBIDDEN unless this is somebody who may see which models there are, and test them. */
export function requireOperator(principal: Principal): void {
  requireRole(principal, OPERATOR);
}
