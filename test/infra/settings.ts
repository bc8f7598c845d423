import { resourceOf, type Prediction } from "./template.ts";

/** Known only once it is deployed; any value of the right form will do. */
const known: readonly (readonly [RegExp, string])[] = [
  [
    /^\[reference\('[^']*\/userAssignedIdentities\/[^']*', '[^']*'\)\.clientId\]$/,
    "44444444-4444-4444-8444-444444444444",
  ],
  [/^\[reference\('[^']*\/databaseAccounts\/[^']*', '[^']*'\)\.documentEndpoint\]$/, "https://account.example:443/"],
  [
    /^\[format\('https:\/\/\{0\}', reference\('[^']*\/sites\/[^']*', '[^']*'\)\.defaultHostName\)\]$/,
    "https://app.example",
  ],
  [/^\[environment\(\)\.authentication\.loginEndpoint\]$/, "https://login.microsoftonline.com/"],
];

/** The app settings as the template has them. */
export function settingsOf(prediction: Prediction): Readonly<Record<string, string>> {
  const { properties = {} } = resourceOf(prediction, "Microsoft.Web/sites/config", "/appsettings");
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, String(value)]));
}

/** The environment that the app would find itself in. */
export function environmentOf(prediction: Prediction): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settingsOf(prediction)).map(([name, value]) => [name, resolve(value)]));
}

function resolve(value: string): string {
  return known.find(([pattern]) => pattern.test(value))?.[1] ?? value;
}
