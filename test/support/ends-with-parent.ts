/* Preloaded into a program that a test starts: however the test's process ends, the program ends, too. */
import process from "node:process";

process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
// The channel alone keeps nothing running.
process.channel?.unref();
