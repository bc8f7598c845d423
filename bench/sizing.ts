import type { Figures } from "./measure.ts";
import { table } from "./table.ts";

/** Estimates of how people use the app; the same as in docs/operations.md. */
const day = { signIns: 1, apiCalls: 60, renewals: 4, extensions: 8, signOuts: 0.5 };
const busiestHour = 1 / 5;
const daysPerMonth = 22;
/** On Microsoft's host, which has a process beside the worker: calls per second relative to the local host's. */
const ofLocalHost = 0.56;
/** Instances are added well before they are full. */
const utilisation = 0.6;
/** Approximate list prices in US dollars; not those of your region. */
const price = {
  millionServerlessUnits: 0.25,
  autoscaleHundredUnitsHour: 0.012,
  instanceGigabyteSecond: 0.000026,
  millionExecutions: 0.4,
};
const instanceGigabytes = 2;
const hoursPerMonth = 730;

const dailyPeople = [1e3, 1e4, 1e5, 1e6, 1e7];

/** What the measured figures mean for an app of a given size, on paper. */
export function sizingTables(figures: Figures): string[] {
  const units = unitsOf(figures);
  const perPerson =
    day.signIns * units.signIn +
    day.apiCalls * units.apiCall +
    (day.renewals + day.extensions) * units.write +
    day.signOuts * units.signOut;
  const workerMs = figures.apiCalls.byConnections.get(16)?.get("app")?.cpuMs.median ?? NaN;
  const cpuMs = workerMs / ofLocalHost;
  const rows = dailyPeople.map((people) => row(people, perPerson, cpuMs));
  const head = [
    "People a day",
    "API calls/s, busiest hour",
    "RU/s, busiest hour",
    "Instances, busiest hour",
    "Store, $/month",
    "Functions, $/month",
  ];
  return [
    `A person's day costs ${perPerson.toFixed(0)} RU: ${day.apiCalls} API calls at ${units.apiCall.toFixed(1)}, ` +
      `${day.signIns} sign-in at ${units.signIn.toFixed(1)}, ${day.renewals + day.extensions} writes for renewals and ` +
      `extensions at ${units.write.toFixed(1)}, and every other day a sign-out at ${units.signOut.toFixed(1)} (the ` +
      `measured charges, reads doubled for Strong consistency). An API call takes ${workerMs.toFixed(2)} ms of CPU ` +
      `here, and ${cpuMs.toFixed(2)} ms with Microsoft's host beside the worker.`,
    table(head, rows),
  ];
}

/** Request units with Strong consistency, where a read costs twice as much. The local endpoint charges it once. */
function unitsOf({ costs }: Figures): { apiCall: number; write: number; signIn: number; signOut: number } {
  const of = (action: string) => {
    const cost = costs.find((each) => each.action === action);
    if (!cost) throw new Error(`No figure for ${action}`);
    return cost;
  };
  const call = of("API call");
  const strong = (action: string) => of(action).requestUnits + of(action).readUnits;
  return {
    apiCall: strong("API call"),
    write: strong("API call with an expired access token") - 2 * call.requestUnits,
    signIn: strong("sign-in, the account's first"),
    signOut: strong("sign-out at the identity provider"),
  };
}

function row(people: number, unitsPerPerson: number, cpuMs: number): string[] {
  const perSecond = (aDay: number) => (people * aDay * busiestHour) / 3600;
  const callsPerSecond = perSecond(day.apiCalls);
  const unitsPerSecond = perSecond(unitsPerPerson);
  const instances = Math.max(1, Math.ceil((callsPerSecond * cpuMs) / 1000 / utilisation));
  const monthlyUnits = people * unitsPerPerson * daysPerMonth;
  const serverless = (monthlyUnits / 1e6) * price.millionServerlessUnits;
  // At least a tenth of the maximum; about a quarter of it on average.
  const autoscale = Math.max(1_000, unitsPerSecond * 1.5);
  const autoscaled = ((autoscale * 0.25) / 100) * price.autoscaleHundredUnitsHour * hoursPerMonth;
  const store = unitsPerSecond > 5_000 ? autoscaled : Math.min(serverless, autoscaled);
  const busySeconds = (people * day.apiCalls * daysPerMonth * cpuMs) / 1000 / utilisation;
  const functions =
    busySeconds * instanceGigabytes * price.instanceGigabyteSecond +
    ((people * day.apiCalls * daysPerMonth) / 1e6) * price.millionExecutions;
  return [
    people.toLocaleString("en"),
    rounded(callsPerSecond),
    rounded(unitsPerSecond),
    String(instances),
    rounded(store),
    rounded(functions),
  ];
}

/** Two digits: these are estimates. */
function rounded(value: number): string {
  return value < 1 ? "< 1" : Number(value.toPrecision(2)).toLocaleString("en");
}
