import { findFirefox, untilInstalled } from "./find.ts";
import { startFirefox } from "./firefox.ts";
import { flows, flowsOfFirefox } from "./flows.ts";
import { playIn } from "./play.ts";

await untilInstalled();
playIn("Firefox", findFirefox(), startFirefox, [...flows, ...flowsOfFirefox]);
