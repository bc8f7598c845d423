import { findFirefox } from "./find.ts";
import { startFirefox } from "./firefox.ts";
import { flows, flowsOfFirefox } from "./flows.ts";
import { playIn } from "./play.ts";

playIn("Firefox", findFirefox(), startFirefox, [...flows, ...flowsOfFirefox]);
