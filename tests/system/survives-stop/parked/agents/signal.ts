import { hears, parking } from "../graphs/parking.ts";

export default parking("signal", hears);
