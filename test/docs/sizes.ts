import { readFile } from "node:fs/promises";
import { format } from "prettier";
import { table } from "../../bench/table.ts";

/** The page with the project's one sizing table. */
export const sizesPage = "docs/operations.md";
const [begin, end] = ["<!-- sizes: begin -->", "<!-- sizes: end -->"];

/** What an operation costs with Strong consistency, where reads cost twice as much, and how that is computed. */
const operations = {
  "read accounts": { units: 4, what: "read an account", arithmetic: "2 × (1 + 9 × 11/99)" },
  "create accounts": { units: 10, what: "create, replace or delete an account", arithmetic: "5 + 45 × 11/99" },
  "replace accounts": { units: 10 },
  "delete accounts": { units: 10 },
  "read sids": { units: 2, what: "read an index entry, or find nothing", arithmetic: "2 × 1" },
  "create sids": { units: 5, what: "create or replace an index entry", arithmetic: "5" },
  "replace sids": { units: 5 },
} as const satisfies Record<string, { units: number; what?: string; arithmetic?: string }>;

type OperationName = keyof typeof operations;

/** The operations of each action, by its name in `bench/figures/store-operations.ts`, which counts them at the store. */
export const actions = {
  "sign-in, the account's first": ["create accounts", "read sids", "create sids"],
  "API call": ["read accounts"],
  "API call with an expired access token": ["read accounts", "replace accounts"],
  "sign-out at the identity provider": ["read sids", "replace sids", "read accounts", "delete accounts"],
  "sign-out in the app": ["read accounts", "delete accounts"],
} as const satisfies Record<string, readonly OperationName[]>;

/** How a person uses the app in a day. An extension costs what a renewal does: one more write of the account. */
const day = { signIns: 1, calls: 60, renewals: 4, extensions: 8, signOuts: 0.5 };
const month = { days: 22, hours: 730 };
const busiestHour = 1 / 5;
const documentKilobytes = 12.5;
/** CPU of a call as docs/performance.md has it: measured, and with Microsoft's host beside the worker. Full at 60 %. */
const instance = { callCpuMs: 2.2 / 0.56, utilisation: 0.6, gigabytes: 2 };
const dollars = {
  millionUnits: 0.25,
  autoscaleHundredUnitsHour: 0.012,
  gigabyteMonth: 0.25,
  gigabyteSecond: 0.000026,
  millionExecutions: 0.4,
};
const serverlessUnitsPerSecond = 5_000;

/** The page as it has to be. @throws {Error} if it lacks the marks */
export async function pageOfSizes(): Promise<string> {
  const page = await readFile(sizesPage, "utf8");
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${sizesPage} lacks the marks of the sizing tables`);
  const all = `${page.slice(0, before + begin.length)}\n\n${section()}\n\n${page.slice(after)}`;
  return format(all, { parser: "markdown", printWidth: 120 });
}

function section(): string {
  const perOperation = Object.values(operations).flatMap((each) =>
    "what" in each ? [[each.what, each.arithmetic, String(each.units)]] : [],
  );
  const perAction = Object.entries(actions).map(([action, names]) => [
    action,
    names.join(", "),
    String(unitsOf(action as keyof typeof actions)),
  ]);
  const head = ["People a day", "API calls/s", "RU/s", "RU a month, million", "Data, GB", "Instances"];
  const rows = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7].map(rowOf);
  return [
    table(["Operation", "Arithmetic", "RU"], perOperation),
    table(["Action", "Operations", "RU"], perAction),
    dayText(),
    "### Sizes",
    sizesText(),
    table([...head, "Capacity of the store", "Store, $ a month", "Functions, $ a month"], rows),
  ].join("\n\n");
}

function unitsOf(action: keyof typeof actions): number {
  return actions[action].reduce((sum, name) => sum + operations[name].units, 0);
}

/** Request units of a person's day. */
function unitsOfDay(): number {
  const writes = (day.renewals + day.extensions) * operations["replace accounts"].units;
  const ends = unitsOf("sign-in, the account's first") + day.signOuts * unitsOf("sign-out at the identity provider");
  return ends + day.calls * unitsOf("API call") + writes;
}

function dayText(): string {
  const share = Math.round((100 * day.calls * unitsOf("API call")) / unitsOfDay());
  return `A person's day with the app (estimate) is ${day.signIns} sign-in, ${day.calls} API calls, ${day.renewals} renewals,
${day.extensions} extensions of the idle time, which cost a write each, and every other day a sign-out at the identity provider:
${unitsOf("sign-in, the account's first")} + ${day.calls} × ${unitsOf("API call")} + ${day.renewals + day.extensions} × 10 + ½ × ${unitsOf("sign-out at the identity provider")} ≈ **${Math.round(unitsOfDay())} RU**. API calls are ${share} % of this, so a page
with fewer calls costs less.`;
}

function sizesText(): string {
  return `Per second is in the busiest hour, which has a fifth of a day's load; a month has ${month.days} such days (estimates). The data are
one document of ${documentKilobytes} KB, index entry included, for each person of the day. An instance has ${instance.gigabytes} GB and one CPU, used to ${100 * instance.utilisation} %; a call
takes ${instance.callCpuMs.toFixed(1)} ms of it ([measured](performance.md#what-this-means-in-azure)). Prices are **assumptions** near list prices of 2025, not those of your region or
contract: $${dollars.millionUnits} for a million serverless RU, $${dollars.autoscaleHundredUnitsHour} for 100 RU/s during an hour of autoscale, of which a tenth of the maximum is
always paid, $${dollars.gigabyteMonth} for a GB stored, $${dollars.gigabyteSecond} for a GB-second and $${dollars.millionExecutions.toFixed(2)} for a million executions on Flex Consumption.`;
}

function rowOf(people: number): string[] {
  const perSecond = (aDay: number) => (people * aDay * busiestHour) / 3600;
  const [calls, units] = [perSecond(day.calls), perSecond(unitsOfDay())];
  const [monthlyUnits, gigabytes] = [people * unitsOfDay() * month.days, (people * documentKilobytes) / 1e6];
  const monthlyCalls = people * day.calls * month.days;
  const busySeconds = (monthlyCalls * instance.callCpuMs) / 1000 / instance.utilisation;
  const functions =
    busySeconds * instance.gigabytes * dollars.gigabyteSecond + (monthlyCalls / 1e6) * dollars.millionExecutions;
  return [
    people.toLocaleString("en"),
    rounded(calls),
    rounded(units),
    rounded(monthlyUnits / 1e6),
    rounded(gigabytes),
    String(Math.max(1, Math.ceil((calls * instance.callCpuMs) / 1000 / instance.utilisation))),
    ...storeOf(units, monthlyUnits, gigabytes),
    rounded(functions),
  ];
}

/** What it needs, and what that costs. Where both have the throughput, prices of both, unless serverless is the cheapest. */
function storeOf(units: number, monthlyUnits: number, gigabytes: number): [string, string] {
  const data = gigabytes * dollars.gigabyteMonth;
  const maximum = Math.max(1_000, Math.ceil(units / 1_000) * 1_000);
  const all = (maximum / 100) * dollars.autoscaleHundredUnitsHour * month.hours;
  const serverless = (monthlyUnits / 1e6) * dollars.millionUnits;
  const ofServerless = rounded(serverless + data);
  if (serverless < all / 10) return ["serverless", ofServerless];
  const autoscale = `autoscale, ${maximum.toLocaleString("en")} RU/s at most`;
  const ofAutoscale = `${rounded(all / 10 + data)} to ${rounded(all + data)}`;
  if (units > serverlessUnitsPerSecond) return [autoscale, ofAutoscale];
  return [`serverless, or ${autoscale}`, `${ofServerless}, or ${ofAutoscale}`];
}

/** Two digits: these are estimates. */
function rounded(value: number): string {
  if (value < 0.1) return "< 0.1";
  return Number(value.toPrecision(2)).toLocaleString("en");
}
