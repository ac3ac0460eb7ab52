import { hears, parking } from "../graphs/parking.ts";

/** Its run is paused while it waits. */
export default parking("pause", hears);
