/*
 * Preloaded into an instance: its clock is off by CLOCK_SHIFT_MS, as a machine's may be. Timers and the monotonic clock are
 * not; nor are those of a machine.
 */
import process from "node:process";

const shiftMs = Number(process.env["CLOCK_SHIFT_MS"]);
const MachineDate = Date;
const now = () => MachineDate.now() + shiftMs;

globalThis.Date = new Proxy(MachineDate, {
  construct: (target, args: unknown[], newTarget: typeof Date) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  apply: () => new MachineDate(now()).toString(),
  get: (target, name, receiver) => (name === "now" ? now : (Reflect.get(target, name, receiver) as unknown)),
});
