import { findWebKit, untilInstalled } from "./find.ts";
import { flows } from "./flows.ts";
import { playIn } from "./play.ts";
import { startWebKit } from "./webkit.ts";

await untilInstalled();
playIn("WebKitGTK", findWebKit(), startWebKit, flows);
