import { hears, parking } from "../graphs/parking.ts";

/** What the agent `child` starts. */
export default parking("errand", hears);
