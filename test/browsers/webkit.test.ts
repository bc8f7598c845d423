import { findWebKit } from "./find.ts";
import { flows } from "./flows.ts";
import { playIn } from "./play.ts";
import { startWebKit } from "./webkit.ts";

playIn("WebKitGTK", findWebKit(), startWebKit, flows);
