import { before as build, hears } from "../graphs/parking.ts";

/** A deploy takes it away, and puts another one in its place that takes nothing over. */
export default build("unknown", hears);
