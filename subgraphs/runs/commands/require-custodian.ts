import { SomaError } from "@soma/shared/errors";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { CUSTODIAN } from "../domain/custody.ts";

/** Throws FORBIDDEN unless this is a person who may hold and erase runs: no service does that in somebody's name. */
export function requireCustodian(principal: Principal): void {
  const { service, subject } = principal;
  if (service !== null)
    throw new SomaError("FORBIDDEN", `${service} asks in the name of ${subject}, and a person does this by themselves`);
  requireRole(principal, CUSTODIAN);
}
