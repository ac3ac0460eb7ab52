export { confFolder, SHIPPED_CONF } from "./read-conf.ts";
export { loadRoles } from "./roles.ts";
